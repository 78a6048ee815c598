/* SPDX-License-Identifier: Apache-2.0
 *
 * archive.c - is it a tar? then take it apart
 */
#include "build/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "image/unpack.h"

#define BLOCK 65536

static struct archive *open_tar(int fd)
{
    struct archive *tar = archive_read_new();

    (void)archive_read_support_filter_gzip(tar);
    (void)archive_read_support_filter_bzip2(tar);
    (void)archive_read_support_filter_xz(tar);
    (void)archive_read_support_filter_zstd(tar);
    (void)archive_read_support_format_tar(tar);
    if (archive_read_open_fd(tar, fd, BLOCK) == ARCHIVE_OK)
        return tar;
    (void)archive_read_free(tar);
    return NULL;
}

/* Only a tar has a first entry that reads well. */
static bool is_tar(int fd)
{
    struct archive *tar = open_tar(fd);
    struct archive_entry *entry;
    bool yes = tar && archive_read_next_header(tar, &entry) >= ARCHIVE_WARN;

    yes = yes && archive_entry_pathname(entry);
    if (tar)
        (void)archive_read_free(tar);
    return yes && lseek(fd, 0, SEEK_SET) == 0;
}

int archive_unpack(int fd, const char *target, bool *ret_done, uint64_t *skipped,
                   struct err *err)
{
    struct unpack_totals totals = {0};
    struct archive *tar;
    int rc;

    *ret_done = is_tar(fd);
    if (!*ret_done)
        return lseek(fd, 0, SEEK_SET) < 0 ? err_sys(err, errno, "rewind") : 0;
    tar = open_tar(fd);
    if (!tar)
        return err_set(err, EINVAL, "cannot read the archive");
    rc = unpack_archive(tar, target, &totals, err);
    (void)archive_read_free(tar);
    *skipped += totals.skipped;
    return rc;
}

int archive_clear(const char *target, struct err *err)
{
    int rc = io_remove_tree(target, err);

    if (!rc && mkdir(target, 0700))
        rc = err_sys(err, errno, "%s", target);
    return rc;
}
