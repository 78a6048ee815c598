/* SPDX-License-Identifier: Apache-2.0
 *
 * unpack.c - make each entry of an archive, below the target only
 *
 * Owners, set-id bits and all attributes but harmless ones are dropped. What must
 * wait for the end (whiteouts, times of directories) is kept in two lists.
 */
#include "image/unpack.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/attributes.h"
#include "image/tree_at.h"
#include "image/utf8.h"
#include "image/whiteout.h"

struct dir_time {
    char *path;
    struct timespec mtime;
};

struct unpacker {
    int root;
    char *parent_path; /* of 'parent', the directory used last */
    int parent;
    struct dir_time *dirs;
    size_t n_dirs;
    char **whiteouts; /* clean paths of what is hidden */
    size_t n_whiteouts;
    uint64_t entries;
    struct unpack_totals totals;
};

static bool is_full(size_t n)
{
    return n == 0 || (n >= 16 && (n & (n - 1)) == 0);
}

static size_t next_size(size_t n)
{
    return n ? 2 * n : 16;
}

static void forget_parent(struct unpacker *u)
{
    closep(&u->parent);
    u->parent = -1;
    str_replace(&u->parent_path, NULL);
}

static void unpacker_fini(struct unpacker *u)
{
    forget_parent(u);
    closep(&u->root);
    for (size_t i = 0; i < u->n_dirs; i++)
        free(u->dirs[i].path);
    for (size_t i = 0; i < u->n_whiteouts; i++)
        free(u->whiteouts[i]);
    free(u->dirs);
    free(u->whiteouts);
}

static int failed(const char *path, int r, struct err *err)
{
    return err_sys(err, -r, "cannot unpack '%s'", path);
}

/* Entries come directory by directory, so the last one is mostly right. */
static int open_parent(struct unpacker *u, const char *path, const char **ret_name,
                       struct err *err)
{
    cleanup(freep) char *parent = NULL;
    int fd;

    *ret_name = tree_split(path, &parent);
    if (u->parent_path && strcmp(u->parent_path, parent) == 0)
        return 0;
    fd = tree_make_dirs(u->root, parent);
    if (fd < 0)
        return failed(path, fd, err);
    forget_parent(u);
    u->parent = fd;
    u->parent_path = take(parent);
    return 0;
}

static struct timespec mtime_of(struct archive_entry *entry)
{
    struct timespec t = {.tv_nsec = UTIME_OMIT};

    if (archive_entry_mtime_is_set(entry)) {
        t.tv_sec = archive_entry_mtime(entry);
        t.tv_nsec = archive_entry_mtime_nsec(entry);
    }
    return t;
}

/* Readable by its owner at least, so that it can be read and copied up. */
static mode_t file_mode(struct archive_entry *entry)
{
    return (archive_entry_perm(entry) & 0777) | 0400;
}

static void keep_dir_time(struct unpacker *u, const char *path,
                          struct archive_entry *entry)
{
    if (is_full(u->n_dirs))
        u->dirs = xrealloc(u->dirs, next_size(u->n_dirs), sizeof(*u->dirs));
    u->dirs[u->n_dirs++] =
        (struct dir_time){.path = xstrdup(path), .mtime = mtime_of(entry)};
}

static int set_dir_attributes(struct unpacker *u, const char *path, const char *name,
                              struct archive_entry *entry, struct err *err)
{
    cleanup(closep) int fd = -1;

    if (!archive_entry_xattr_count(entry))
        return 0;
    fd = openat(u->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return failed(path, -errno, err);
    u->totals.attributes += attributes_set(fd, entry);
    return 0;
}

/* An existing directory stays; anything else in its place goes. */
static int make_dir(struct unpacker *u, const char *path, const char *name,
                    struct archive_entry *entry, struct err *err)
{
    mode_t mode = (archive_entry_perm(entry) & 01777) | 0700;
    struct stat st;
    int r;

    if (fstatat(u->parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISDIR(st.st_mode)) {
        r = tree_remove(u->parent, name);
        if (r < 0)
            return failed(path, r, err);
    }
    if (mkdirat(u->parent, name, 0700) < 0 && errno != EEXIST)
        return failed(path, -errno, err);
    if (fchmodat(u->parent, name, mode, 0) < 0)
        return failed(path, -errno, err);
    keep_dir_time(u, path, entry);
    return set_dir_attributes(u, path, name, entry, err);
}

/* The root is the container's "/": everybody must pass it. */
static int set_root(struct unpacker *u, struct archive_entry *entry, struct err *err)
{
    mode_t mode = (archive_entry_perm(entry) & 01777) | 0755;

    if (fchmod(u->root, mode) < 0)
        return failed("/", -errno, err);
    keep_dir_time(u, "", entry);
    u->totals.attributes += attributes_set(u->root, entry);
    return 0;
}

/* Blocks of zeros stay holes: not every format can say where they are. */
static bool is_zero(const char *bytes, size_t len)
{
    return len && !bytes[0] && memcmp(bytes, bytes + 1, len - 1) == 0;
}

static int not_readable(struct archive *from, const char *path, struct err *err)
{
    const char *why = archive_error_string(from);

    return err_set(err, EINVAL, "the archive is damaged at '%s': %s", path,
                   why ? why : "it ends too early");
}

static int copy_data(struct unpacker *u, struct archive *from, int fd, const char *path,
                     struct err *err)
{
    const void *bytes;
    size_t len;
    la_int64_t at;
    int r;

    while ((r = archive_read_data_block(from, &bytes, &len, &at)) == ARCHIVE_OK) {
        u->totals.bytes += len;
        if (u->totals.bytes > UNPACK_BYTES_MAX || at < 0)
            return err_set(err, EFBIG, "the layer unpacks to more than %" PRIu64 " GiB",
                           UNPACK_BYTES_MAX >> 30);
        r = is_zero(bytes, len) ? 0 : io_write_full_at(fd, bytes, len, (off_t)at);
        if (r < 0)
            return failed(path, r, err);
    }
    return r == ARCHIVE_EOF ? 0 : not_readable(from, path, err);
}

static int make_file(struct unpacker *u, struct archive *from, const char *path,
                     const char *name, struct archive_entry *entry, struct err *err)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime_of(entry)};
    cleanup(closep) int fd = -1;
    int r;

    fd = openat(u->parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                0600);
    if (fd < 0)
        return failed(path, -errno, err);
    r = copy_data(u, from, fd, path, err);
    if (r < 0)
        return r;
    u->totals.attributes += attributes_set(fd, entry);
    u->totals.set_ids += (archive_entry_perm(entry) & 06000) != 0;
    /* A sparse file's last hole has no data block. */
    if (archive_entry_size(entry) > 0 && ftruncate(fd, archive_entry_size(entry)) < 0)
        return failed(path, -errno, err);
    if (fchmod(fd, file_mode(entry)) < 0 || futimens(fd, times) < 0)
        return failed(path, -errno, err);
    return 0;
}

static int make_symlink(struct unpacker *u, const char *path, const char *name,
                        struct archive_entry *entry, struct err *err)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime_of(entry)};
    const char *target = archive_entry_symlink_utf8(entry);

    if (!target)
        target = archive_entry_symlink(entry);
    if (!target || !*target)
        return err_set(err, EINVAL, "the link '%s' leads to nothing", path);
    if (symlinkat(target, u->parent, name) < 0)
        return failed(path, -errno, err);
    (void)utimensat(u->parent, name, times, AT_SYMLINK_NOFOLLOW);
    return 0;
}

static int make_hardlink(struct unpacker *u, const char *path, const char *name,
                         const char *other, struct err *err)
{
    cleanup(freep) char *clean = tree_clean_path(other);
    cleanup(freep) char *parent = NULL;
    cleanup(closep) int dir = -1;
    const char *other_name;

    if (!clean || !*clean)
        return err_set(err, EINVAL, "hard link '%s' tries to leave the root: '%.200s'",
                       path, other);
    other_name = tree_split(clean, &parent);
    dir = tree_open_dir(u->root, parent);
    if (dir < 0 || linkat(dir, other_name, u->parent, name, 0) < 0)
        return err_sys(err, dir < 0 ? -dir : errno,
                       "hard link '%s' names '%s', which this layer does not have",
                       path, clean);
    return 0;
}

/* What the entry becomes, in place of whatever had its name before. */
static int make_other(struct unpacker *u, struct archive *from, const char *path,
                      const char *name, struct archive_entry *entry, struct err *err)
{
    const char *other = archive_entry_hardlink_utf8(entry);
    mode_t type = archive_entry_filetype(entry);
    int r;

    if (!other)
        other = archive_entry_hardlink(entry);
    if (!other && type != AE_IFREG && type != AE_IFLNK) {
        u->totals.skipped++;
        return 0;
    }
    r = tree_remove(u->parent, name);
    if (r < 0)
        return failed(path, r, err);
    if (other)
        return make_hardlink(u, path, name, other, err);
    if (type == AE_IFLNK)
        return make_symlink(u, path, name, entry, err);
    return make_file(u, from, path, name, entry, err);
}

/* Hiding is about the layers below only: it waits until this one is whole. */
static int note_whiteout(struct unpacker *u, const char *path, const char *name,
                         struct err *err)
{
    const char *target = whiteout_target(name);
    int r;

    if (whiteout_is_opaque_mark(name)) {
        r = whiteout_make_opaque(u->parent);
        return r < 0 ? failed(path, r, err) : 0;
    }
    if (!target)
        return 0;
    if (is_full(u->n_whiteouts))
        u->whiteouts =
            xrealloc(u->whiteouts, next_size(u->n_whiteouts), sizeof(*u->whiteouts));
    u->whiteouts[u->n_whiteouts++] =
        xasprintf("%.*s%s", (int)(name - path), path, target);
    return 0;
}

static int unpack_entry(struct unpacker *u, struct archive *from,
                        struct archive_entry *entry, struct err *err)
{
    const char *raw = archive_entry_pathname_utf8(entry);
    cleanup(freep) char *path = NULL;
    const char *name;
    int r;

    if (!raw)
        raw = archive_entry_pathname(entry);
    if (!raw)
        return err_set(err, EINVAL, "an entry of the archive has no readable name");
    if (++u->entries > UNPACK_ENTRIES_MAX)
        return err_set(err, E2BIG, "the layer has more than %d entries",
                       UNPACK_ENTRIES_MAX);
    path = tree_clean_path(raw);
    if (!path)
        return err_set(err, EINVAL, "'%.200s' tries to leave the root, or is too long",
                       raw);
    if (!*path)
        return archive_entry_filetype(entry) == AE_IFDIR ? set_root(u, entry, err) : 0;
    r = open_parent(u, path, &name, err);
    if (r < 0)
        return r;
    if (whiteout_is_one(name))
        return note_whiteout(u, path, name, err);
    if (archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry))
        return make_dir(u, path, name, entry, err);
    return make_other(u, from, path, name, entry, err);
}

static int apply_whiteouts(struct unpacker *u, struct err *err)
{
    for (size_t i = 0; i < u->n_whiteouts; i++) {
        const char *name;
        int r = open_parent(u, u->whiteouts[i], &name, err);

        if (r < 0)
            return r;
        r = whiteout_make(u->parent, name);
        if (r < 0)
            return failed(u->whiteouts[i], r, err);
    }
    return 0;
}

/* A directory may have become something else since; then it has no time. */
static void apply_dir_times(struct unpacker *u)
{
    for (size_t i = u->n_dirs; i-- > 0;) {
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, u->dirs[i].mtime};
        cleanup(closep) int fd = tree_open_dir(u->root, u->dirs[i].path);

        if (fd >= 0)
            (void)futimens(fd, times);
    }
}

static int unpack_all(struct unpacker *u, struct archive *from, struct err *err)
{
    struct archive_entry *entry;
    int r;

    while ((r = archive_read_next_header(from, &entry)) == ARCHIVE_OK ||
           r == ARCHIVE_WARN) {
        r = unpack_entry(u, from, entry, err);
        if (r < 0)
            return r;
    }
    if (r != ARCHIVE_EOF)
        return err_set(err, EINVAL, "not a tar archive, or a damaged one: %s",
                       archive_error_string(from));
    r = apply_whiteouts(u, err);
    if (r == 0)
        apply_dir_times(u);
    return r;
}

int unpack_archive(struct archive *from, const char *target, struct unpack_totals *ret,
                   struct err *err)
{
    cleanup(utf8_end) struct utf8 utf8 = utf8_begin();
    struct unpacker u = {.parent = -1};
    int r;

    u.root = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (u.root < 0)
        return err_sys(err, errno, "%s", target);
    r = fchmod(u.root, 0755) < 0 ? failed("/", -errno, err) : unpack_all(&u, from, err);
    if (r == 0)
        *ret = u.totals;
    unpacker_fini(&u);
    return r;
}
