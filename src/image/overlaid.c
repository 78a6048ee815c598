/* SPDX-License-Identifier: Apache-2.0
 *
 * overlaid.c - files of an image before it is mounted, by their paths inside
 */
#include "image/overlaid.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "image/whiteout.h"

#define LINKS_MAX 40 /* as the kernel's */

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* What one layer says about a path. COVERED: neither has it one below. */
enum answer { ABSENT, COVERED, FOUND };

/* Go from '*dir' to its directory 'name'; 'is_opaque' becomes true on the way. */
static bool enter(int *dir, const char *name, bool *is_opaque)
{
    int next = openat(*dir, name, OPEN_DIR);

    if (next < 0)
        return false;
    closep(dir);
    *dir = next;
    *is_opaque |= whiteout_is_opaque(next);
    return true;
}

/* 'path' begins with "/" and has no links, "." and "..". FOUND: '*ret_dir' is open,
 * and '*ret_name' (in 'path') is in it; "." for the root. */
static enum answer look_in(const char *layer, const char *path, int *ret_dir,
                           const char **ret_name, struct stat *st)
{
    cleanup(closep) int dir = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_opaque = false;

    while (dir >= 0) {
        const char *name = path + 1, *slash = strchr(name, '/');
        cleanup(freep) char *part = slash ? xstrndup(name, (size_t)(slash - name))
                                          : xstrdup(*name ? name : ".");

        if (fstatat(dir, part, st, AT_SYMLINK_NOFOLLOW))
            return errno == ENOENT && !is_opaque ? ABSENT : COVERED;
        if (whiteout_is_made(dir, part, st))
            return COVERED;
        if (!slash) {
            *ret_name = *name ? name : ".";
            *ret_dir = dir;
            dir = -1;
            return FOUND;
        }
        if (!S_ISDIR(st->st_mode) || !enter(&dir, part, &is_opaque))
            return COVERED;
        path = slash;
    }
    return ABSENT;
}

static bool look(const struct overlaid *overlaid, const char *path, int *ret_dir,
                 const char **ret_name, struct stat *st)
{
    enum answer answer = ABSENT;

    for (size_t i = 0; i < overlaid->n_layers && answer == ABSENT; i++)
        answer = look_in(overlaid->layers[i], path, ret_dir, ret_name, st);
    return answer == FOUND;
}

/* The path that follows when the link 'name' of 'dir' stands before 'rest'. */
static char *follow(int dir, const char *name, const char *rest)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(dir, name, target, sizeof(target) - 1);

    if (len <= 0)
        return NULL;
    target[len] = '\0';
    return xasprintf("%s/%s", target, rest);
}

/* One part more: 'at' grows by 'part', or a link changes '*at' and '*todo'. */
static bool step(const struct overlaid *overlaid, char **at, const char *part,
                 char **todo, size_t *links, struct stat *st)
{
    cleanup(freep) char *next = xasprintf("%s/%s", *at, part);
    cleanup(closep) int dir = -1;
    const char *name;
    char *more;

    if (!look(overlaid, next, &dir, &name, st))
        return false;
    if (!S_ISLNK(st->st_mode)) {
        free(*at);
        *at = take(next);
        return true;
    }
    more = ++*links > LINKS_MAX ? NULL : follow(dir, name, *todo);
    if (!more)
        return false;
    if (more[0] == '/')
        (*at)[0] = '\0';
    free(*todo);
    *todo = more;
    return true;
}

/* Cut the first part of '*todo' off; NULL: nothing is left. The caller frees it. */
static char *next_part(char *todo)
{
    const char *start = todo + strspn(todo, "/");
    size_t len = strcspn(start, "/");
    char *part = len ? xstrndup(start, len) : NULL;

    memmove(todo, start + len, strlen(start + len) + 1);
    return part;
}

char *overlaid_resolve(const struct overlaid *overlaid, const char *path,
                       mode_t *ret_mode)
{
    cleanup(freep) char *at = xstrdup(""), *todo = xstrdup(path);
    struct stat st = {.st_mode = S_IFDIR};
    size_t links = 0;

    for (;;) {
        cleanup(freep) char *part = next_part(todo);

        if (!part)
            break;
        if (strcmp(part, ".") == 0)
            continue;
        if (strcmp(part, "..") == 0) {
            char *slash = strrchr(at, '/');

            if (slash)
                *slash = '\0';
            st.st_mode = S_IFDIR;
        } else if (strlen(at) + strlen(todo) > 2 * PATH_MAX ||
                   !step(overlaid, &at, part, &todo, &links, &st)) {
            return NULL;
        }
    }
    *ret_mode = st.st_mode;
    return at[0] ? take(at) : xstrdup("/");
}

int overlaid_open(const struct overlaid *overlaid, const char *path)
{
    cleanup(closep) int dir = -1;
    const char *name;
    struct stat st;
    int fd;

    if (!look(overlaid, path, &dir, &name, &st))
        return -ENOENT;
    if (!S_ISREG(st.st_mode))
        return -EINVAL;
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static void add_names(int fd, const char *prefix, char ***names)
{
    DIR *dir = fdopendir(fd);
    const struct dirent *entry;

    if (!dir) {
        (void)close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            strv_add(names, entry->d_name);
    (void)closedir(dir);
}

char **overlaid_names(const struct overlaid *overlaid, const char *path,
                      const char *prefix)
{
    char **names = NULL;

    for (size_t i = 0; i < overlaid->n_layers; i++) {
        cleanup(closep) int dir = -1;
        const char *name;
        struct stat st;
        enum answer answer = look_in(overlaid->layers[i], path, &dir, &name, &st);
        int fd = answer == FOUND ? openat(dir, name, OPEN_DIR) : -1;

        if (fd >= 0)
            add_names(fd, prefix, &names);
        if (answer == COVERED)
            break;
    }
    return names;
}
