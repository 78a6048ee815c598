/* SPDX-License-Identifier: Apache-2.0
 *
 * bundle.c - find the files of a bundle in a directory or a tar
 */
#include "image/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/tree_at.h"

#define LINKS_MAX 8
#define READ_AHEAD 16384
/* How many names to look at before a tar counts as a root file system. */
#define LOOK_AT 8

struct member {
    char *name; /* clean */
    char *link; /* clean name of what it stands for, or NULL */
    uint64_t offset, size;
};

struct bundle {
    int dir; /* -1: a tar */
    int tar;
    struct member *members; /* sorted by name; of equal ones the last counts */
    size_t n_members;
};

struct bundle *bundle_of_dir(int dir)
{
    struct bundle *bundle = xcalloc(1, sizeof(*bundle));

    bundle->dir = dir;
    bundle->tar = -1;
    return bundle;
}

void bundle_closep(struct bundle **bundle)
{
    struct bundle *b = *bundle;

    if (!b)
        return;
    closep(&b->dir);
    closep(&b->tar);
    for (size_t i = 0; i < b->n_members; i++) {
        free(b->members[i].name);
        free(b->members[i].link);
    }
    free(b->members);
    free(b);
    *bundle = NULL;
}

/* "<id>/layer.tar" -> "../<other id>/layer.tar": older docker archives have a
 * layer that comes twice only once. NULL for what leads out. */
static char *resolve_link(const char *name, const char *target)
{
    cleanup(freep) char *parent = NULL, *joined = NULL;

    (void)tree_split(name, &parent);
    while (strncmp(target, "../", 3) == 0) {
        char *slash = strrchr(parent, '/');

        if (!*parent)
            return NULL;
        *(slash ? slash : parent) = '\0';
        target += 3;
    }
    joined = xasprintf("%s/%s", parent, target);
    return tree_clean_path(joined);
}

static char *link_of(const char *name, struct archive_entry *entry)
{
    const char *target = archive_entry_hardlink(entry);

    if (target)
        return tree_clean_path(target);
    target = archive_entry_symlink(entry);
    return target && *target != '/' ? resolve_link(name, target) : NULL;
}

/* Where the data of the entry just read begins: all before has been consumed. */
static int add_member(struct bundle *b, struct archive *a, struct archive_entry *entry)
{
    const char *raw = archive_entry_pathname(entry);
    struct member m = {.name = raw ? tree_clean_path(raw) : NULL};
    bool is_file = archive_entry_filetype(entry) == AE_IFREG &&
                   !archive_entry_hardlink(entry) && !archive_entry_sparse_count(entry);

    if (m.name)
        m.link = link_of(m.name, entry);
    if (!m.name || !*m.name || (!is_file && !m.link)) {
        free(m.name);
        free(m.link);
        return 0;
    }
    if (b->n_members == BUNDLE_FILES_MAX) {
        free(m.name);
        free(m.link);
        return -E2BIG;
    }
    if (is_file) {
        m.offset = (uint64_t)archive_filter_bytes(a, 0);
        m.size = (uint64_t)archive_entry_size(entry);
    }
    if ((b->n_members & (b->n_members + 1)) == 0)
        b->members = xrealloc(b->members, 2 * (b->n_members + 1), sizeof(*b->members));
    b->members[b->n_members++] = m;
    return 0;
}

static int read_members(struct bundle *b, struct archive *a, struct err *err)
{
    struct archive_entry *entry;
    int r;

    (void)archive_read_support_format_tar(a);
    if (lseek(b->tar, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "cannot read the archive");
    if (archive_read_open_fd(a, b->tar, READ_AHEAD) != ARCHIVE_OK)
        return err_set(err, EINVAL, "not a tar archive: %s", archive_error_string(a));
    while ((r = archive_read_next_header(a, &entry)) == ARCHIVE_OK || r == ARCHIVE_WARN)
        if (add_member(b, a, entry) < 0)
            return err_set(err, E2BIG, "the archive has more than %d files",
                           BUNDLE_FILES_MAX);
    if (r != ARCHIVE_EOF)
        return err_set(err, EINVAL, "the archive is damaged: %s",
                       archive_error_string(a));
    return 0;
}

/* Equal names keep their order, so that the last one can win. */
static int by_name(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int r = strcmp(x->name, y->name);

    return r ? r : (x->offset > y->offset) - (x->offset < y->offset);
}

int bundle_of_tar(int tar, struct bundle **ret, struct err *err)
{
    cleanup(bundle_closep) struct bundle *b = bundle_of_dir(-1);
    struct archive *a = archive_read_new();
    int r;

    b->tar = tar;
    if (!a)
        return err_set(err, ENOMEM, "out of memory");
    r = read_members(b, a, err);
    (void)archive_read_free(a);
    if (r < 0)
        return r;
    if (b->n_members)
        qsort(b->members, b->n_members, sizeof(*b->members), by_name);
    *ret = take(b);
    return 0;
}

static const struct member *find(const struct bundle *b, const char *name)
{
    size_t low = 0, high = b->n_members;

    /* The first one that is greater; the one before it is the last equal one. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(b->members[middle].name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low && strcmp(b->members[low - 1].name, name) == 0 ? &b->members[low - 1]
                                                              : NULL;
}

static const struct member *find_file(const struct bundle *b, const char *name)
{
    const struct member *m = find(b, name);

    for (int i = 0; m && m->link; i++)
        m = i < LINKS_MAX ? find(b, m->link) : NULL;
    return m;
}

bool bundle_has(const struct bundle *b, const char *name)
{
    return b->dir < 0 ? find_file(b, name) != NULL
                      : faccessat(b->dir, name, F_OK, 0) == 0;
}

static int open_member(const struct bundle *b, const char *name,
                       struct bundle_file *ret, struct err *err)
{
    const struct member *m = find_file(b, name);
    struct stat st;

    if (!m)
        return err_set(err, ENOENT, "there is no %s in the archive", name);
    if (fstat(b->tar, &st) < 0)
        return err_sys(err, errno, "cannot read the archive");
    if (m->offset > (uint64_t)st.st_size || m->size > (uint64_t)st.st_size - m->offset)
        return err_set(err, EINVAL, "the archive ends within %s", name);
    ret->fd = fcntl(b->tar, F_DUPFD_CLOEXEC, 3);
    if (ret->fd < 0 || lseek(ret->fd, (off_t)m->offset, SEEK_SET) < 0) {
        closep(&ret->fd);
        return err_sys(err, errno, "cannot read %s in the archive", name);
    }
    ret->size = m->size;
    return 0;
}

int bundle_open(const struct bundle *b, const char *name, struct bundle_file *ret,
                struct err *err)
{
    cleanup(closep) int fd = -1;
    struct stat st;

    if (b->dir < 0)
        return open_member(b, name, ret, err);
    fd = openat(b->dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", name);
    if (!S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is no regular file", name);
    ret->fd = take_fd(fd);
    ret->size = (uint64_t)st.st_size;
    return 0;
}

ssize_t bundle_file_read(void *ctx, void *bytes, size_t len, struct err *err)
{
    struct bundle_file *file = ctx;
    size_t want = len < file->size ? len : (size_t)file->size;
    ssize_t n;

    do
        n = want ? read(file->fd, bytes, want) : 0;
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_sys(err, errno, "cannot read");
    file->size -= (uint64_t)n;
    return n;
}

int bundle_read(const struct bundle *b, const char *name, size_t max, char **ret_bytes,
                size_t *ret_len, struct err *err)
{
    cleanup(freep) char *bytes = NULL;
    struct bundle_file file;
    int r = bundle_open(b, name, &file, err);

    if (r < 0)
        return r;
    if (file.size > max) {
        closep(&file.fd);
        return err_set(err, EFBIG, "%s has %" PRIu64 " bytes, more than %zu", name,
                       file.size, max);
    }
    bytes = xcalloc(1, (size_t)file.size + 1);
    r = io_read_full(file.fd, bytes, (size_t)file.size);
    closep(&file.fd);
    if (r < 0)
        return err_sys(err, -r, "cannot read %s", name);
    *ret_bytes = take(bytes);
    *ret_len = (size_t)file.size;
    return 0;
}

static bool is_bundle_name(const char *name)
{
    static const char *const names[] = {"oci-layout", "index.json", "manifest.json",
                                        "repositories", "blobs"};
    size_t len = strcspn(name, "/");

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strlen(names[i]) == len && strncmp(name, names[i], len) == 0)
            return true;
    /* Docker's: "<64 hex digits>.json", ".tar", or a directory. */
    return strspn(name, "0123456789abcdef") == 64 && strchr("./", name[64]);
}

bool bundle_is_likely(const void *bytes, size_t len, bool *ret_compressed)
{
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    bool likely = false;

    if (!a)
        return false;
    (void)archive_read_support_filter_gzip(a);
    (void)archive_read_support_filter_zstd(a);
    (void)archive_read_support_filter_xz(a);
    (void)archive_read_support_format_tar(a);
    if (archive_read_open_memory(a, bytes, len) == ARCHIVE_OK)
        for (int i = 0; i < LOOK_AT && !likely; i++) {
            cleanup(freep) char *name = NULL;
            const char *raw;

            if (archive_read_next_header(a, &entry) < ARCHIVE_WARN)
                break;
            raw = archive_entry_pathname(entry);
            name = raw ? tree_clean_path(raw) : NULL;
            likely = name && is_bundle_name(name);
            *ret_compressed = archive_filter_code(a, 0) != ARCHIVE_FILTER_NONE;
        }
    (void)archive_read_free(a);
    return likely;
}
