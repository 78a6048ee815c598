/* SPDX-License-Identifier: Apache-2.0
 *
 * follow.c - show a file that may still grow
 *
 * The kernel tells of writes on this machine; those of others on a shared file
 * system are found by looking again.
 */
#include "base/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

#define CHUNK 65536
#define LOOK_AGAIN_MS 500

int64_t follow_tail(int fd, int64_t lines)
{
    char bytes[4096];
    struct stat st;
    int64_t at, seen = 0;

    if (fstat(fd, &st) < 0 || lines <= 0)
        return fstat(fd, &st) < 0 ? 0 : st.st_size;
    at = st.st_size;
    while (at > 0) {
        size_t len = at < (int64_t)sizeof(bytes) ? (size_t)at : sizeof(bytes);
        ssize_t n = pread(fd, bytes, len, at - (off_t)len);

        if (n != (ssize_t)len)
            return 0;
        for (size_t i = len; i > 0; i--) {
            int64_t pos = at - (int64_t)len + (int64_t)i;

            /* A newline at the very end closes the last line. */
            if (bytes[i - 1] == '\n' && pos != st.st_size && ++seen == lines)
                return pos;
        }
        at -= (int64_t)len;
    }
    return 0;
}

/* Copy what is there now, from *at on. */
static int copy(int fd, int64_t *at, int out, const char *path, struct err *err)
{
    char bytes[CHUNK];
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < *at)
        *at = 0;
    for (;;) {
        ssize_t n = pread(fd, bytes, sizeof(bytes), *at);
        int rc;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, errno, "%s", path);
        if (n == 0)
            return 0;
        rc = io_write_full(out, bytes, (size_t)n);
        if (rc == -EPIPE)
            return -EPIPE;
        if (rc < 0)
            return err_sys(err, -rc, "write");
        *at += n;
    }
}

/* Until something was written, or perhaps; false: there will be no more. */
static bool wait_for_more(int notify, int until)
{
    struct pollfd fds[2] = {{.fd = until, .events = POLLIN},
                            {.fd = notify, .events = POLLIN}};
    char bytes[4096];

    (void)poll(fds, 2, LOOK_AGAIN_MS);
    if (fds[1].revents)
        (void)!read(notify, bytes, sizeof(bytes));
    return !(fds[0].revents && read(until, bytes, sizeof(bytes)) == 0);
}

int follow_file(const char *path, const struct follow *how, int out, struct err *err)
{
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    cleanup(closep) int notify = -1;
    int64_t at = how->offset;
    struct stat st;
    int rc;

    if (fd < 0 || fstat(fd, &st) < 0)
        return err_sys(err, errno, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is not a plain file", path);
    if (how->wants_more) {
        notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        (void)inotify_add_watch(notify, path, IN_MODIFY);
    }
    if (how->tail >= 0) {
        int64_t tail = follow_tail(fd, how->tail);

        at = tail > at ? tail : at;
    }
    do {
        rc = copy(fd, &at, out, path, err);
    } while (rc == 0 && how->wants_more && wait_for_more(notify, how->until));
    return rc == 0 && how->wants_more ? copy(fd, &at, out, path, err) : rc;
}
