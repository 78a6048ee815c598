/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_pause_answer.c - whatever a sandbox answers, its caller comes back, with one
 * descriptor at most
 *
 * The input is datagrams: a byte says how long, and with its high bits how many
 * descriptors come along.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "container/pause.h"

#define FDS_MAX 3

static void send_one(int sock, const uint8_t *data, size_t len, size_t n_fds)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    int fds[FDS_MAX] = {sock, sock, sock};

    if (n_fds) {
        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
    }
    (void)sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The lowest that is free. */
static int next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    BUG_ON(fd < 0);
    (void)close(fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int before = next_descriptor(), sock[2], code = -1, fd;

    BUG_ON(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock));
    for (size_t at = 0; at < size;) {
        size_t len = data[at] & 0x3f, n_fds = data[at] >> 6;

        at++;
        if (len > size - at)
            len = size - at;
        send_one(sock[1], data + at, len, n_fds);
        at += len;
    }
    (void)close(sock[1]);
    fd = sandbox_hear_socket(sock[0], 1, &code);
    BUG_ON(code < 0 && fd < 0 && size == 0);
    closep(&fd);
    (void)close(sock[0]);
    BUG_ON(next_descriptor() != before);
    return 0;
}
