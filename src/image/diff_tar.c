/* SPDX-License-Identifier: Apache-2.0
 *
 * diff_tar.c - walk an overlay's upper directory and write it as a layer
 */
#include "image/diff_tar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "image/tar_pack.h"
#include "image/tree_at.h"
#include "image/unpack.h"
#include "image/whiteout.h"

struct diff {
    struct tar_pack *pack;
    struct strbuf path; /* of what is looked at, relative */
    int depth;
    struct err *err;
};

static int walk(struct diff *d, int dir);

static int failed(struct diff *d, int code)
{
    return err_sys(d->err, code, "cannot read '%s'", d->path.s ? d->path.s : "/");
}

/* The marks say nothing of when: they take the time of the directory. */
static int put_opaque(struct diff *d, int dir)
{
    size_t len = d->path.len;
    struct stat st;
    int r;

    if (!whiteout_is_opaque(dir))
        return 0;
    if (fstat(dir, &st) < 0)
        return failed(d, errno);
    strbuf_puts(&d->path, "/" WHITEOUT_OPAQUE);
    r = tar_pack_mark(d->pack, d->path.s, st.st_mtime, d->err);
    strbuf_cut(&d->path, len);
    return r;
}

static int put_dir(struct diff *d, int parent, const char *name)
{
    cleanup(closep) int dir =
        openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r;

    if (dir < 0)
        return failed(d, errno);
    if (++d->depth > UNPACK_DEPTH_MAX)
        return failed(d, ELOOP);
    r = put_opaque(d, dir);
    if (r == 0)
        r = walk(d, dir);
    d->depth--;
    return r;
}

static int put_hidden(struct diff *d, const char *name, const struct stat *st)
{
    size_t before = d->path.len - strlen(name);
    int r;

    strbuf_cut(&d->path, before);
    strbuf_printf(&d->path, WHITEOUT_PREFIX "%s", name);
    r = tar_pack_mark(d->pack, d->path.s, st->st_mtime, d->err);
    strbuf_cut(&d->path, before);
    strbuf_puts(&d->path, name);
    return r;
}

static int visit(struct diff *d, int dir, const char *name)
{
    struct stat st;
    int r;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return failed(d, errno);
    if (whiteout_is_made(dir, name, &st))
        return put_hidden(d, name, &st);
    if (S_ISSOCK(st.st_mode))
        return 0;
    r = tar_pack_add(d->pack, d->path.s, dir, name, &st, d->err);
    if (r == 0 && S_ISDIR(st.st_mode))
        r = put_dir(d, dir, name);
    return r;
}

static int walk(struct diff *d, int dir)
{
    struct dirent **names;
    int n = tree_list(dir, &names);
    int r = n < 0 ? failed(d, -n) : 0;
    size_t len = d->path.len;

    for (int i = 0; i < n && r == 0; i++) {
        strbuf_printf(&d->path, "%s%s", len ? "/" : "", names[i]->d_name);
        r = visit(d, dir, names[i]->d_name);
        strbuf_cut(&d->path, len);
    }
    tree_list_free(names, n);
    return r;
}

int image_diff_tar(int upper, int out, int64_t latest, struct err *err)
{
    cleanup(tar_pack_closep) struct tar_pack *pack = NULL;
    struct diff d = {.path = STRBUF_INIT, .err = err};
    int r = tar_pack_open(out, latest, &pack, err);

    if (r < 0)
        return r;
    d.pack = pack;
    r = walk(&d, upper);
    if (r == 0)
        r = tar_pack_end(pack, err);
    strbuf_fini(&d.path);
    return r;
}
