/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_squashfs.c - any bytes as a squashfs: whatever the library does with them,
 * this process goes on and the reader's ends in words
 */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/squashfs.h"

static void drain(int fd)
{
    char chunk[65536];

    while (read(fd, chunk, sizeof(chunk)) > 0)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(closep) int fd = memfd_create("squashfs", MFD_CLOEXEC);
    cleanup(closep) int out = -1;
    struct squashfs_tar *tar;
    struct err err = {0};

    BUG_ON(fd < 0 || io_write_full(fd, data, size) < 0);
    BUG_ON(squashfs_tar_start(fd, 0, &tar, &out, &err) < 0);
    drain(out);
    if (squashfs_tar_finish(tar, &err) < 0)
        BUG_ON(!err.code || !err.text[0]);
    return 0;
}
