/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.c - one hierarchy: its directories, and the processes in them
 */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static void add_pid(struct pids *pids, pid_t pid)
{
    pid_t *more = reallocarray(pids->v, pids->n + 1, sizeof(*more));

    if (!more)
        abort();
    pids->v = more;
    pids->v[pids->n++] = pid;
}

static char *below(const char *dir, const char *name)
{
    char *path;

    if (asprintf(&path, "%s%s%s", dir, dir[0] ? "/" : "", name) < 0)
        abort();
    return path;
}

void tree_processes(int at, const char *dir, struct pids *pids)
{
    int fd = file_open(at, dir, "cgroup.procs", O_RDONLY);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
    char **names = dir_children(at, dir);
    int pid;

    if (!file && fd >= 0)
        (void)close(fd);
    while (file && fscanf(file, "%d", &pid) == 1)
        add_pid(pids, pid);
    if (file)
        (void)fclose(file);
    for (size_t i = 0; names && names[i]; i++) {
        char *path = below(dir, names[i]);

        tree_processes(at, path, pids);
        free(path);
    }
    names_free(names);
}

size_t tree_kill(int at, const char *dir)
{
    struct pids pids = {NULL, 0};

    tree_processes(at, dir, &pids);
    /* 0: of another PID namespace, out of our reach. */
    for (size_t i = 0; i < pids.n; i++)
        if (pids.v[i] > 0)
            (void)kill(pids.v[i], SIGKILL);
    free(pids.v);
    return pids.n;
}

int tree_remove(int at, const char *dir)
{
    char **names = dir_children(at, dir);
    int rc = 0;

    for (size_t i = 0; names && names[i]; i++) {
        char *path = below(dir, names[i]);
        int one = tree_remove(at, path);

        rc = rc ? rc : one;
        free(path);
    }
    names_free(names);
    if (rc || !dir[0])
        return rc;
    return unlinkat(at, dir, AT_REMOVEDIR) && errno != ENOENT ? -errno : 0;
}

/* ---------------------------------------------------------------- where it is */

static FILE *open_text(const char *machine, const char *path)
{
    char *full;
    FILE *file;

    if (asprintf(&full, "%s%s", machine, path) < 0)
        abort();
    file = fopen(full, "re");
    free(full);
    return file;
}

static int find_mount(const char *machine, const char *controller, char **ret_point,
                      char **ret_root)
{
    FILE *file = open_text(machine, "/proc/self/mountinfo");
    char *line = NULL;
    size_t size = 0;
    int found = 0;

    while (file && !found && getline(&line, &size, file) > 0) {
        struct text_mount mount;

        if (!text_mount(line, &mount))
            continue;
        if (controller ? strcmp(mount.type, "cgroup") != 0 ||
                             !text_has_word(mount.options, controller)
                       : strcmp(mount.type, "cgroup2") != 0)
            continue;
        found = 1;
        *ret_root = strdup(mount.root);
        if (!*ret_root || asprintf(ret_point, "%s%s", machine, mount.point) < 0)
            abort();
    }
    free(line);
    if (file)
        (void)fclose(file);
    return found ? 0 : -ENOTSUP;
}

/* What of 'path' is seen when the mount shows 'root'. */
static const char *seen(const char *path, const char *root)
{
    size_t len = strlen(root);

    if (strcmp(root, "/") == 0 || strncmp(path, root, len) != 0)
        return path;
    return path[len] ? path + len : "/";
}

static char *find_own(const char *machine, const char *controller, const char *root)
{
    FILE *file = open_text(machine, "/proc/self/cgroup");
    char *line = NULL, *own = NULL;
    size_t size = 0;

    while (file && !own && getline(&line, &size, file) > 0) {
        const char *controllers, *path;

        if (text_membership(line, &controllers, &path) &&
            (controller ? text_has_word(controllers, controller) : !controllers[0]))
            own = strdup(seen(path, root));
    }
    free(line);
    if (file)
        (void)fclose(file);
    return own;
}

int tree_find(const char *machine, const char *controller, char **ret_mount,
              char **ret_own)
{
    char *point = NULL, *root = NULL;
    int rc = find_mount(machine, controller, &point, &root);

    if (rc)
        return rc;
    *ret_own = find_own(machine, controller, root);
    free(root);
    if (!*ret_own) {
        free(point);
        return -ENOTSUP;
    }
    *ret_mount = point;
    return 0;
}
