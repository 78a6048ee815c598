/* SPDX-License-Identifier: Apache-2.0
 *
 * tar_unpack.c - a tar stream to files, beneath one directory
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/say.h"
#include "cli/tar.h"
#include "cli/tar_tree.h"

#define CHUNK 65536

/* A directory's mode and time are set when all in it is there. */
struct later {
    char *name;
    uint32_t mode;
    int64_t mtime;
};

struct unpack {
    int in, root;
    const char *rename; /* the first name becomes this one; NULL: stays */
    struct later *later;
    size_t n_later;
};

/* ------------------------------------------------------------------- names */

/* Open what 'name' is beneath the root, and follow no link on the way. */
static int open_beneath(int root, const char *name, uint64_t flags, uint64_t mode)
{
    struct open_how how = {.flags = flags | O_CLOEXEC | O_NOFOLLOW,
                           .mode = mode,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, root, name, &how, sizeof(how));

    return fd < 0 ? -errno : (int)fd;
}

/* The name beneath the root, without "." and doubled slashes; "" is the root itself. */
static int clean_name(const struct unpack *u, const char *name, char **ret,
                      struct err *err)
{
    cleanup(strv_freep) char **parts = strv_split(name, "/");
    cleanup(strv_freep) char **kept = NULL;

    if (name[0] == '/')
        return err_set(err, EBADMSG, "'%s' is an absolute name", name);
    strv_foreach (part, parts) {
        if (strcmp(*part, "..") == 0)
            return err_set(err, EBADMSG, "'%s' leads out of its directory", name);
        if (strcmp(*part, ".") != 0)
            strv_add(&kept, *part);
    }
    /* "." stands for the one thing that comes; otherwise its name is the first. */
    if (u->rename && parts && strcmp(parts[0], ".") == 0) {
        cleanup(freep) char *rest = strv_join(kept, "/");

        *ret = kept ? xasprintf("%s/%s", u->rename, rest) : xstrdup(u->rename);
        return 0;
    }
    if (kept && u->rename)
        str_replace(&kept[0], u->rename);
    *ret = kept ? strv_join(kept, "/") : xstrdup("");
    return 0;
}

/* The directory that 'name' is in, made where it is missing; *ret_base is in 'name'. */
static int open_parent(const struct unpack *u, const char *name, const char **ret_base,
                       struct err *err)
{
    const char *slash = strrchr(name, '/');
    cleanup(freep) char *dir = slash ? xstrndup(name, (size_t)(slash - name)) : NULL;
    int fd = dir ? open_beneath(u->root, dir, O_RDONLY | O_DIRECTORY, 0)
                 : fcntl(u->root, F_DUPFD_CLOEXEC, 0);

    *ret_base = slash ? slash + 1 : name;
    if (fd == -ENOENT && dir) {
        const char *base;
        cleanup(closep) int above = open_parent(u, dir, &base, err);

        if (above < 0)
            return above;
        if (mkdirat(above, base, 0755) && errno != EEXIST)
            return err_sys(err, errno, "%s", dir);
        fd = open_beneath(u->root, dir, O_RDONLY | O_DIRECTORY, 0);
    }
    if (fd == -ELOOP || fd == -ENOTDIR)
        return err_set(err, ELOOP, "%s: is, or is behind, a link or a file", dir);
    return fd < 0 ? err_sys(err, -fd, "%s", dir ? dir : name) : fd;
}

/* -------------------------------------------------------------------- bytes */

static int copy_bytes(int in, int out, uint64_t size, struct err *err)
{
    static char bytes[CHUNK];
    uint64_t left = size + (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK, kept = size;

    while (left) {
        size_t n = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
        size_t own = kept < n ? (size_t)kept : n;
        int rc = io_read_full(in, bytes, n);

        if (rc < 0)
            return err_set(err, EBADMSG, "the stream ends early");
        rc = out >= 0 && own ? io_write_full(out, bytes, own) : 0;
        if (rc < 0)
            return err_sys(err, -rc, "write");
        left -= n;
        kept -= own;
    }
    return 0;
}

static void set_times(int dir, const char *base, int64_t mtime)
{
    struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};

    (void)utimensat(dir, base, times, AT_SYMLINK_NOFOLLOW);
}

/* ----------------------------------------------------------------- entries */

static int make_file(struct unpack *u, const struct tar_entry *entry, int dir,
                     const char *base, struct err *err)
{
    cleanup(closep) int fd = -1;
    int rc;

    /* A file that is there may be linked from elsewhere: it is replaced. */
    if (unlinkat(dir, base, 0) && errno != ENOENT)
        return err_sys(err, errno, "%s", base);
    fd = openat(dir, base, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_sys(err, errno, "%s", base);
    rc = copy_bytes(u->in, fd, entry->size, err);
    if (!rc && fchmod(fd, entry->mode & 0777))
        rc = err_sys(err, errno, "%s", base);
    set_times(dir, base, entry->mtime);
    return rc;
}

static int make_dir(struct unpack *u, const struct tar_entry *entry, const char *name,
                    int dir, const char *base, struct err *err)
{
    cleanup(closep) int fd = -1;

    if (mkdirat(dir, base, 0700) == 0) {
        u->later = xrealloc(u->later, u->n_later + 1, sizeof(*u->later));
        u->later[u->n_later++] = (struct later){
            .name = xstrdup(name), .mode = entry->mode & 0777, .mtime = entry->mtime};
        return 0;
    }
    if (errno != EEXIST)
        return err_sys(err, errno, "%s", name);
    fd = openat(dir, base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_sys(err, ENOTDIR, "%s", name) : 0;
}

static int make_symlink(const struct tar_entry *entry, int dir, const char *base,
                        struct err *err)
{
    if (unlinkat(dir, base, 0) && errno != ENOENT)
        return err_sys(err, errno, "%s", base);
    if (symlinkat(entry->link, dir, base))
        return err_sys(err, errno, "%s", base);
    set_times(dir, base, entry->mtime);
    return 0;
}

/* To a file that came in the same stream; never through a link. */
static int make_hardlink(struct unpack *u, const struct tar_entry *entry, int dir,
                         const char *base, struct err *err)
{
    cleanup(freep) char *target = NULL;
    cleanup(closep) int from_dir = -1;
    const char *from;
    struct stat st;
    int rc = clean_name(u, entry->link, &target, err);

    if (rc)
        return rc;
    from_dir = open_parent(u, target, &from, err);
    if (from_dir < 0)
        return from_dir;
    if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
        return err_set(err, EBADMSG, "'%s' is a link to what is no file", entry->name);
    if (unlinkat(dir, base, 0) && errno != ENOENT)
        return err_sys(err, errno, "%s", base);
    return linkat(from_dir, from, dir, base, 0) ? err_sys(err, errno, "%s", base) : 0;
}

static int make(struct unpack *u, const struct tar_entry *entry, struct err *err)
{
    cleanup(freep) char *name = NULL;
    cleanup(closep) int dir = -1;
    const char *base;
    int rc = clean_name(u, entry->name, &name, err);

    if (rc)
        return rc;
    if (name[0] == '\0')
        return entry->type == TAR_DIR
                   ? 0
                   : err_set(err, EBADMSG, "'%s' is no name", entry->name);
    dir = open_parent(u, name, &base, err);
    if (dir < 0)
        return dir;
    if (entry->type == TAR_FILE)
        return make_file(u, entry, dir, base, err);
    if (entry->type == TAR_DIR)
        return make_dir(u, entry, name, dir, base, err);
    if (entry->type == TAR_SYMLINK)
        return make_symlink(entry, dir, base, err);
    if (entry->type == TAR_HARDLINK)
        return make_hardlink(u, entry, dir, base, err);
    say_warning("%s is no file, directory or link: left out", entry->name);
    return copy_bytes(u->in, -1, entry->size, err);
}

/* ------------------------------------------------------------------ stream */

static int take_record(struct unpack *u, struct tar_entry *entry, struct err *err)
{
    size_t len = (size_t)entry->size;
    size_t whole = (len + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    cleanup(freep) char *bytes = xmalloc(whole + 1);

    if (io_read_full(u->in, bytes, whole))
        return err_set(err, EBADMSG, "the stream ends early");
    return tar_record(entry->type, bytes, len, entry, err);
}

static int take_all(struct unpack *u, struct err *err)
{
    cleanup(tar_entry_fini) struct tar_entry entry = {0};
    uint8_t block[TAR_BLOCK];

    for (bool is_first = true;; is_first = false) {
        int rc = io_read_full(u->in, block, sizeof(block));

        if (rc < 0 && is_first)
            return -EPIPE; /* who packs has said why */
        if (rc < 0)
            return err_set(err, EBADMSG, "the stream ends early");
        rc = tar_get(block, &entry, err);
        if (rc <= 0)
            return rc;
        rc = rc == 2 ? take_record(u, &entry, err) : make(u, &entry, err);
        if (rc)
            return rc;
        if (entry.type != 'x' && entry.type != 'L' && entry.type != 'K')
            tar_entry_fini(&entry);
    }
}

static void finish(struct unpack *u)
{
    for (size_t i = u->n_later; i > 0; i--) {
        struct later *later = &u->later[i - 1];
        int fd = open_beneath(u->root, later->name, O_RDONLY | O_DIRECTORY, 0);
        struct timespec times[2] = {{.tv_sec = later->mtime}, {.tv_sec = later->mtime}};

        if (fd >= 0) {
            (void)fchmod(fd, later->mode);
            (void)futimens(fd, times);
            (void)close(fd);
        }
        free(later->name);
    }
    free(u->later);
}

/* What comes after the end is read, so that who writes does not fail. */
static void read_out(int in)
{
    char bytes[4096];

    while (read(in, bytes, sizeof(bytes)) > 0)
        ;
}

/* Into the target when it is a directory, else beside it under its name. */
static int open_root(struct unpack *u, const char *target, char **ret_owned,
                     struct err *err)
{
    char *slash;

    u->root = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (u->root >= 0)
        return 0;
    if (errno != ENOENT && errno != ENOTDIR)
        return err_sys(err, errno, "%s", target);
    *ret_owned = xstrdup(target);
    slash = strrchr(*ret_owned, '/');
    if (slash && slash[1] == '\0')
        return err_set(err, ENOENT, "%s is no directory", target);
    if (slash)
        *slash = '\0';
    u->rename = slash ? slash + 1 : *ret_owned;
    u->root = open(slash ? slash == *ret_owned ? "/" : *ret_owned : ".",
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return u->root < 0 ? err_sys(err, errno, "%s", target) : 0;
}

int tar_unpack(int in, const char *target, struct err *err)
{
    struct unpack u = {.in = in, .root = -1};
    cleanup(freep) char *owned = NULL;
    int rc = open_root(&u, target, &owned, err);

    if (!rc)
        rc = take_all(&u, err);
    if (!rc)
        read_out(in);
    if (u.root >= 0)
        finish(&u);
    closep(&u.root);
    return rc;
}
