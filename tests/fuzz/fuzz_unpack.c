/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_unpack.c - any bytes as a layer's tar; nothing may appear beside the target
 */
#include "fuzz.h"

#include <archive.h>
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/unpack.h"

static size_t count(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;

    BUG_ON(!dir);
    while (readdir(dir))
        n++;
    (void)closedir(dir);
    return n;
}

static void unpack(const uint8_t *data, size_t size, const char *target)
{
    struct unpack_totals totals;
    struct archive *tar = archive_read_new();

    BUG_ON(!tar);
    (void)archive_read_support_format_tar(tar);
    if (archive_read_open_memory(tar, data, size) == ARCHIVE_OK)
        (void)unpack_archive(tar, target, &totals, NULL);
    (void)archive_read_free(tar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char dir[] = "/tmp/berth-fuzz-XXXXXX";
    cleanup(freep) char *target = NULL;

    BUG_ON(!mkdtemp(dir));
    target = xasprintf("%s/root", dir);
    BUG_ON(mkdir(target, 0700) < 0);
    unpack(data, size, target);
    BUG_ON(count(dir) != 3); /* ".", ".." and the target */
    BUG_ON(io_remove_tree(dir, NULL) < 0);
    return 0;
}
