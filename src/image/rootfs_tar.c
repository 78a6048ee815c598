/* SPDX-License-Identifier: Apache-2.0
 *
 * rootfs_tar.c - walk a stack of directories in sorted order and write it as a tar
 *
 * A directory is looked at in all layers that show through it at once: each name
 * comes from the topmost layer that has it, as overlayfs would do it, but without
 * a mount.
 */
#include "image/rootfs_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "image/oci.h"
#include "image/tar_pack.h"
#include "image/tree_at.h"
#include "image/unpack.h"
#include "image/whiteout.h"

/* One directory of the result: where it is, topmost first. */
struct stack {
    int fds[OCI_LAYERS_MAX];
    size_t n;
};

struct rootfs_tar {
    pthread_t thread;
    struct stack roots;
    dev_t device;
    int out;
    struct tar_pack *pack;
    struct strbuf path; /* relative to the root */
    int depth;
    int result;
    struct err err;
};

static int walk(struct rootfs_tar *t, const struct stack *dirs);

static int refuse(struct rootfs_tar *t, int code)
{
    return err_sys(&t->err, code, "cannot read '%s'", t->path.len ? t->path.s : "/");
}

static void stack_fini(struct stack *stack)
{
    for (size_t i = 0; i < stack->n; i++)
        closep(&stack->fds[i]);
}

/* Add 'name' of the layer 'fd' when it is a directory there. 1: look further
 * down; 0: nothing below shows. */
static int push_dir(struct stack *stack, int parent, const char *name)
{
    struct stat st;
    int fd;

    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 1 : -errno;
    if (!S_ISDIR(st.st_mode))
        return 0;
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    stack->fds[stack->n++] = fd;
    return !whiteout_is_opaque(fd);
}

/* Go into 'name', which the layer 'top' of 'dirs' shows as a directory. */
static int enter(struct rootfs_tar *t, const struct stack *dirs, size_t top,
                 const char *name)
{
    cleanup(stack_fini) struct stack inner = {.n = 0};
    int r = 1;

    for (size_t i = top; i < dirs->n && r == 1; i++)
        r = push_dir(&inner, dirs->fds[i], name);
    if (r < 0)
        return refuse(t, -r);
    if (++t->depth > UNPACK_DEPTH_MAX)
        return refuse(t, ELOOP);
    r = walk(t, &inner);
    t->depth--;
    return r;
}

static int visit(struct rootfs_tar *t, const struct stack *dirs, const char *name)
{
    struct stat st;
    size_t top = 0;
    int r;

    while (top < dirs->n && fstatat(dirs->fds[top], name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        if (errno != ENOENT || ++top == dirs->n)
            return refuse(t, errno);
    if (whiteout_is_made(dirs->fds[top], name, &st) || S_ISSOCK(st.st_mode))
        return 0;
    r = tar_pack_add(t->pack, t->path.s, dirs->fds[top], name, &st, &t->err);
    if (r == 0 && S_ISDIR(st.st_mode) && st.st_dev == t->device)
        r = enter(t, dirs, top, name);
    return r;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What any of the layers has, sorted; a name may come twice. */
static int list_names(struct rootfs_tar *t, const struct stack *dirs, char ***ret)
{
    size_t n_all = 0;

    for (size_t i = 0; i < dirs->n; i++) {
        struct dirent **names;
        int n = tree_list(dirs->fds[i], &names);

        if (n < 0)
            return refuse(t, -n);
        *ret = xrealloc(*ret, n_all + (size_t)n + 1, sizeof(char *));
        for (int k = 0; k < n; k++)
            (*ret)[n_all++] = xstrdup(names[k]->d_name);
        (*ret)[n_all] = NULL;
        tree_list_free(names, n);
    }
    if (dirs->n > 1)
        qsort(*ret, n_all, sizeof(char *), by_bytes);
    return 0;
}

static int walk(struct rootfs_tar *t, const struct stack *dirs)
{
    cleanup(strv_freep) char **names = NULL;
    size_t len = t->path.len;
    int r = list_names(t, dirs, &names);

    for (char **name = names; name && *name && r == 0; name++) {
        if (name > names && strcmp(name[-1], name[0]) == 0)
            continue;
        strbuf_printf(&t->path, "%s%s", len ? "/" : "", *name);
        r = visit(t, dirs, *name);
        strbuf_cut(&t->path, len);
    }
    return r;
}

static int write_tar(struct rootfs_tar *t)
{
    struct stat st;
    int r = tar_pack_open(t->out, -1, &t->pack, &t->err);

    if (r < 0)
        return r;
    if (fstat(t->roots.fds[0], &st) < 0)
        return refuse(t, errno);
    t->device = st.st_dev;
    r = tar_pack_add(t->pack, ".", t->roots.fds[0], ".", &st, &t->err);
    if (r == 0)
        r = walk(t, &t->roots);
    return r < 0 ? r : tar_pack_end(t->pack, &t->err);
}

static void *run(void *arg)
{
    struct rootfs_tar *t = arg;

    t->result = write_tar(t);
    closep(&t->out);
    return NULL;
}

static void destroy(struct rootfs_tar *t)
{
    tar_pack_closep(&t->pack);
    stack_fini(&t->roots);
    closep(&t->out);
    strbuf_fini(&t->path);
    free(t);
}

static int open_roots(struct rootfs_tar *t, const char *const *dirs, size_t n,
                      struct err *err)
{
    if (n > OCI_LAYERS_MAX)
        return err_set(err, E2BIG, "more than %d layers", OCI_LAYERS_MAX);
    for (size_t i = 0; i < n; i++) {
        int fd = open(dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
            return err_sys(err, errno, "%s", dirs[i]);
        t->roots.fds[t->roots.n++] = fd;
    }
    return 0;
}

static int start(struct rootfs_tar *t, int *ret_fd, struct err *err)
{
    int fds[2], r;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return err_sys(err, errno, "socketpair");
    t->out = fds[1];
    r = pthread_create(&t->thread, NULL, run, t);
    if (r) {
        (void)close(fds[0]);
        return err_sys(err, r, "cannot start a thread");
    }
    *ret_fd = fds[0];
    return 0;
}

int rootfs_tar_start(const char *const *dirs, size_t n, struct rootfs_tar **ret,
                     int *ret_fd, struct err *err)
{
    struct rootfs_tar *t = xcalloc(1, sizeof(*t));
    int r;

    t->out = -1;
    r = open_roots(t, dirs, n, err);
    if (r == 0)
        r = start(t, ret_fd, err);
    if (r < 0) {
        destroy(t);
        return r;
    }
    *ret = t;
    return 0;
}

int rootfs_tar_finish(struct rootfs_tar *t, struct err *err)
{
    int r;

    (void)pthread_join(t->thread, NULL);
    r = t->result;
    if (r < 0)
        err_set(err, t->err.code, "%s", t->err.text);
    destroy(t);
    return r;
}
