/* SPDX-License-Identifier: Apache-2.0
 *
 * fetch_lock.c - one fetches an image, the others wait
 *
 * The file stays: whoever waits at it would otherwise wait at a file that the next
 * one does not see.
 */
#include "image/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "image/digest.h"
#include "image/paths.h"

#define DIR_NAME "fetching"

char *fetch_lock_name(const char *digest)
{
    return xasprintf(DIR_NAME "/%s", digest_hex(digest));
}

int fetch_lock(const struct image_store *store, const char *digest, int *ret_fd,
               struct err *err)
{
    cleanup(freep) char *dir = store_dir(store, DIR_NAME);
    cleanup(freep) char *name = fetch_lock_name(digest);
    cleanup(freep) char *path = store_dir(store, name);
    cleanup(closep) int fd = -1;
    int rc = io_mkdir_p(dir, 0755, err);

    if (rc < 0)
        return rc;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return err_sys(err, errno, "%s", path);
    do
        rc = flock(fd, LOCK_EX);
    while (rc < 0 && errno == EINTR);
    if (rc < 0)
        return err_sys(err, errno, "%s", path);
    *ret_fd = take_fd(fd);
    return 0;
}
