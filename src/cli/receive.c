/* SPDX-License-Identifier: Apache-2.0
 *
 * receive.c - a file that comes in whole, or not at all
 */
#include "cli/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define CHUNK (64u << 10)

uint64_t receive_sum(uint64_t sum, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ p[i]) * 0x100000001b3u;
    return sum;
}

/* Copy 'from' to 'to' (-1: nowhere); what came is *ret_size bytes of this sum. */
static int copy(int from, int to, int64_t *ret_size, uint64_t *ret_sum, struct err *err)
{
    cleanup(freep) char *bytes = xmalloc(CHUNK);
    uint64_t sum = RECEIVE_SUM;
    int64_t size = 0;
    ssize_t n;

    while ((n = read(from, bytes, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "cannot read");
        if (to >= 0 && io_write_full(to, bytes, (size_t)n) < 0)
            return err_sys(err, errno, "cannot write");
        sum = receive_sum(sum, bytes, (size_t)n);
        size += n;
    }
    *ret_size = size;
    *ret_sum = sum;
    return 0;
}

static int check(const struct receive_order *order, int64_t size, uint64_t sum,
                 struct err *err)
{
    if (size != order->size)
        return err_set(err, EIO, "%" PRId64 " bytes came, not %" PRId64, size,
                       order->size);
    if (sum != order->sum)
        return err_set(err, EIO, "what came is not what was sent: the sum differs");
    return 0;
}

/* Whether what has the name is what was sent. */
static bool is_there(const struct receive_order *order)
{
    cleanup(closep) int fd = open(order->path, O_RDONLY | O_CLOEXEC);
    int64_t size;
    uint64_t sum;

    return fd >= 0 && copy(fd, -1, &size, &sum, NULL) == 0 &&
           check(order, size, sum, NULL) == 0;
}

static int finish(int fd, const char *temporary, const struct receive_order *order,
                  struct err *err)
{
    const struct timespec times[2] = {{.tv_sec = order->mtime},
                                      {.tv_sec = order->mtime}};

    if (fchmod(fd, (mode_t)(order->mode & 07777)) < 0)
        return err_sys(err, errno, "cannot set the permissions");
    if (order->mtime && futimens(fd, times) < 0)
        return err_sys(err, errno, "cannot set the times");
    if (order->is_forced)
        return rename(temporary, order->path) < 0 ? err_sys(err, errno, "cannot rename")
                                                  : 0;
    if (link(temporary, order->path) == 0 || (errno == EEXIST && is_there(order))) {
        (void)unlink(temporary);
        return 0;
    }
    return errno == EEXIST ? err_set(err, EEXIST, "it is there already: use --force")
                           : err_sys(err, errno, "cannot give it its name");
}

/* A name beside the file's own, which a scan of the folder does not take for it. */
static char *temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

    return xasprintf("%.*s.%s.XXXXXX", (int)(base - path), path, base);
}

int receive_file(int fd, const struct receive_order *order, struct err *err)
{
    cleanup(freep) char *temporary = temporary_name(order->path);
    cleanup(closep) int out = mkostemp(temporary, O_CLOEXEC);
    int64_t size;
    uint64_t sum;
    int rc;

    if (out < 0)
        return err_sys(err, errno, "%s: cannot create", order->path);
    rc = copy(fd, out, &size, &sum, err);
    if (rc == 0)
        rc = check(order, size, sum, err);
    if (rc == 0)
        rc = finish(out, temporary, order, err);
    if (rc < 0) {
        (void)unlink(temporary);
        return err_wrap(err, "%s", order->path);
    }
    return 0;
}
