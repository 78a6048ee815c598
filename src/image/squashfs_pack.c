/* SPDX-License-Identifier: Apache-2.0
 *
 * squashfs_pack.c - walk a squashfs with libsquashfuse and write it as a tar
 */
#include "image/squashfs.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

#include <squashfuse/squashfuse.h>

#include "base/mem.h"
#include "image/attributes.h"
#include "image/tar_pack.h"
#include "image/unpack.h"

/* A file that has more than one name, by its number: the first name. */
struct first_name {
    sqfs_inode_num number;
    char *path;
    UT_hash_handle hh;
};

struct walk {
    sqfs fs;
    sqfs_traverse at;
    sqfs_inode inode;  /* of the entry being written */
    sqfs_off_t offset; /* in its content */
    struct tar_pack *pack;
    struct first_name *names;
    uint64_t entries;
    struct err *err;
};

static int damaged(const struct walk *w, const char *path)
{
    return err_set(w->err, EINVAL, "the squashfs is damaged at '%s'", path);
}

static const char *why(sqfs_err code)
{
    switch (code) {
    case SQFS_BADFORMAT:
        return "it is no squashfs";
    case SQFS_BADVERSION:
        return "it is a squashfs of a version that is not known";
    case SQFS_BADCOMP:
        return "libsquashfuse lacks its compression";
    case SQFS_UNSUP:
        return "it has a feature that libsquashfuse lacks";
    case SQFS_OK:
    case SQFS_ERR:
        break;
    }
    return "it is damaged";
}

static int read_content(void *ctx, void *bytes, size_t len)
{
    struct walk *w = ctx;
    char *to = bytes;

    while (len) {
        sqfs_off_t n = (sqfs_off_t)len;

        if (sqfs_read_range(&w->fs, &w->inode, w->offset, &n, to) != SQFS_OK || n <= 0)
            return -EINVAL;
        w->offset += n;
        to += n;
        len -= (size_t)n;
    }
    return 0;
}

static int read_attribute(sqfs_xattr *x, struct attribute *ret)
{
    size_t name = sqfs_xattr_name_size(x), len = 0;
    cleanup(freep) char *text = NULL, *value = NULL;

    if (name > XATTR_NAME_MAX || sqfs_xattr_value_size(x, &len) != SQFS_OK ||
        len > XATTR_SIZE_MAX)
        return -EINVAL;
    text = xcalloc(1, name + 1);
    value = xcalloc(1, len + 1);
    if (sqfs_xattr_name(x, text, true) != SQFS_OK ||
        sqfs_xattr_value(x, value) != SQFS_OK)
        return -EINVAL;
    *ret = (struct attribute){.name = take(text), .value = take(value), .len = len};
    return 0;
}

static int read_attributes(struct walk *w, struct attribute **list, size_t *n)
{
    sqfs_xattr x;

    if (sqfs_xattr_open(&w->fs, &w->inode, &x) != SQFS_OK)
        return -EINVAL;
    while (x.remain > 0) {
        if (*n > XATTR_LIST_MAX || sqfs_xattr_read(&x) != SQFS_OK)
            return -EINVAL;
        *list = xrealloc(*list, *n + 1, sizeof(**list));
        if (read_attribute(&x, &(*list)[*n]) < 0)
            return -EINVAL;
        ++*n;
    }
    return 0;
}

/* The name that the file's content was written under, or NULL: this one. */
static const char *first_name(struct walk *w, const char *path)
{
    sqfs_inode_num number = w->inode.base.inode_number;
    struct first_name *name;

    if (w->inode.nlink < 2)
        return NULL;
    HASH_FIND(hh, w->names, &number, sizeof(number), name);
    if (name)
        return name->path;
    name = xcalloc(1, sizeof(*name));
    name->number = number;
    name->path = xstrdup(path);
    HASH_ADD(hh, w->names, number, sizeof(name->number), name);
    return NULL;
}

static int put(struct walk *w, struct tar_entry *e)
{
    struct attribute *attributes = NULL;
    int r = read_attributes(w, &attributes, &e->n_attributes);

    e->attributes = attributes;
    r = r < 0 ? damaged(w, e->path) : tar_pack_put(w->pack, e, w->err);
    attributes_free(attributes, e->n_attributes);
    return r;
}

static int put_inode(struct walk *w, const char *path)
{
    char target[PATH_MAX];
    size_t len = sizeof(target);
    struct tar_entry e = {.path = path,
                          .mode = w->inode.base.mode,
                          .mtime = w->inode.base.mtime,
                          .read = read_content,
                          .ctx = w};

    w->offset = 0;
    if (S_ISSOCK(e.mode))
        return 0;
    if (S_ISLNK(e.mode)) {
        if (w->inode.xtra.symlink_size >= sizeof(target) ||
            sqfs_readlink(&w->fs, &w->inode, target, &len) != SQFS_OK)
            return damaged(w, path);
        e.symlink = target;
    }
    if (S_ISREG(e.mode)) {
        e.hardlink = first_name(w, path);
        if (w->inode.xtra.reg.file_size > UNPACK_BYTES_MAX)
            return damaged(w, path);
        e.size = e.hardlink ? 0 : (int64_t)w->inode.xtra.reg.file_size;
    }
    return put(w, &e);
}

static int depth_of(const char *path)
{
    int depth = 1;

    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

static int put_next(struct walk *w)
{
    const char *path = w->at.path;

    if (w->at.dir_end)
        return 0;
    if (++w->entries > UNPACK_ENTRIES_MAX)
        return err_set(w->err, E2BIG, "the squashfs has more than %d entries",
                       UNPACK_ENTRIES_MAX);
    /* A directory that contains itself has no end either. */
    if (strlen(path) >= PATH_MAX || depth_of(path) > UNPACK_DEPTH_MAX)
        return damaged(w, "/");
    if (sqfs_inode_get(&w->fs, &w->inode, sqfs_dentry_inode(&w->at.entry)) != SQFS_OK)
        return damaged(w, path);
    return put_inode(w, path);
}

static int put_tree(struct walk *w)
{
    sqfs_err code = SQFS_OK;
    int r = 0;

    if (sqfs_inode_get(&w->fs, &w->inode, sqfs_inode_root(&w->fs)) != SQFS_OK ||
        !S_ISDIR(w->inode.base.mode))
        return damaged(w, "/");
    r = put_inode(w, ".");
    if (r < 0)
        return r;
    if (sqfs_traverse_open(&w->at, &w->fs, sqfs_inode_root(&w->fs)) != SQFS_OK)
        return damaged(w, "/");
    while (r == 0 && sqfs_traverse_next(&w->at, &code))
        r = put_next(w);
    sqfs_traverse_close(&w->at);
    if (r == 0 && code != SQFS_OK)
        r = damaged(w, "/");
    return r < 0 ? r : tar_pack_end(w->pack, w->err);
}

static void forget_names(struct walk *w)
{
    struct first_name *name, *next;

    HASH_ITER(hh, w->names, name, next)
    {
        HASH_DEL(w->names, name);
        free(name->path);
        free(name);
    }
}

int squashfs_pack(int fd, uint64_t offset, int out, struct err *err)
{
    struct walk *w = xcalloc(1, sizeof(*w));
    sqfs_err code = sqfs_init(&w->fs, fd, (size_t)offset);
    int r;

    if (code != SQFS_OK) {
        free(w);
        return err_set(err, EINVAL, "cannot read the squashfs: %s", why(code));
    }
    w->err = err;
    r = tar_pack_open(out, -1, &w->pack, err);
    if (r == 0)
        r = put_tree(w);
    tar_pack_closep(&w->pack);
    forget_names(w);
    sqfs_destroy(&w->fs);
    free(w);
    return r;
}
