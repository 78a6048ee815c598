/* SPDX-License-Identifier: Apache-2.0
 *
 * tree_at.c - resolve and change names inside of one tree only
 */
#include "image/tree_at.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "image/unpack.h"

char *tree_clean_path(const char *name)
{
    struct strbuf sb = STRBUF_INIT;
    int depth = 0;

    if (strlen(name) >= PATH_MAX)
        return NULL;
    while (*name) {
        size_t len = strcspn(name, "/");

        if ((len == 2 && memcmp(name, "..", 2) == 0) || len > NAME_MAX) {
            strbuf_fini(&sb);
            return NULL;
        }
        if (len && !(len == 1 && *name == '.')) {
            if (depth++)
                strbuf_putc(&sb, '/');
            strbuf_add(&sb, name, len);
        }
        name += len + (name[len] == '/');
    }
    if (depth > UNPACK_DEPTH_MAX) {
        strbuf_fini(&sb);
        return NULL;
    }
    return strbuf_take(&sb);
}

int tree_open_dir(int root, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));

    return fd < 0 ? -errno : (int)fd;
}

const char *tree_split(const char *path, char **ret_parent)
{
    const char *slash = strrchr(path, '/');

    *ret_parent = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
    return slash ? slash + 1 : path;
}

/* Each missing directory is made in its parent's descriptor, so a link that
 * leads nowhere is in the way (EEXIST) rather than followed. */
int tree_make_dirs(int root, const char *path)
{
    cleanup(freep) char *parent = NULL;
    cleanup(closep) int dir = -1;
    const char *name;
    int fd = tree_open_dir(root, path);

    if (fd != -ENOENT || !*path)
        return fd;
    name = tree_split(path, &parent);
    dir = tree_make_dirs(root, parent);
    if (dir < 0)
        return dir;
    if (mkdirat(dir, name, 0755) < 0)
        return -errno;
    return tree_open_dir(root, path);
}

static int remove_children(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const struct dirent *entry;
    DIR *list;
    int r = 0;

    if (fd < 0)
        return -errno;
    list = fdopendir(fd);
    if (!list) {
        (void)close(fd);
        return -ENOMEM;
    }
    while (r == 0 && (entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = tree_remove(fd, entry->d_name);
    (void)closedir(list);
    return r;
}

/* The depth is bounded by that of paths, as only clean ones are ever made. */
int tree_remove(int dir, const char *name)
{
    int r;

    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return -errno;
    r = remove_children(dir, name);
    if (r == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0)
        r = -errno;
    return r;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int no_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

int tree_list(int dir, struct dirent ***ret_names)
{
    int n = scandirat(dir, ".", ret_names, no_dots, by_bytes);

    if (n >= 0)
        return n;
    *ret_names = NULL;
    return -errno;
}

void tree_list_free(struct dirent **names, int n)
{
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}
