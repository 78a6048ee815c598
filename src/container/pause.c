/* SPDX-License-Identifier: Apache-2.0
 *
 * pause.c - the first process of a sandbox, once that stands
 *
 * It allocates nothing and uses little of libc: as a program of its own (berth-pause)
 * it is what a sandbox costs.
 */
#include "container/pause.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The socket, if there is one, goes along. */
static void answer(struct pause_answer *answer, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec iov = {.iov_base = answer, .iov_len = sizeof(*answer)};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fd >= 0) {
        struct cmsghdr *c = &control.header;

        msg.msg_control = control.bytes;
        msg.msg_controllen = sizeof(control.bytes);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    }
    (void)sendmsg(PAUSE_SOCK, &msg, MSG_NOSIGNAL);
}

static void follow(const struct pause_order *order)
{
    int fd = socket(order->family, order->type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    order->protocol);
    struct pause_answer said = {.number = order->number, .code = fd < 0 ? errno : 0};

    answer(&said, fd);
    if (fd >= 0)
        (void)close(fd);
}

void pause_serve(void)
{
    struct pause_order order;
    ssize_t n;

    /* Those inside are the same user, and may be in its PID namespace. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NAME, "berth-pause");
    /* Orphans are reaped by the kernel. */
    (void)signal(SIGCHLD, SIG_IGN);
    for (;;) {
        n = recv(PAUSE_SOCK, &order, sizeof(order), 0);
        if (n == (ssize_t)sizeof(order))
            follow(&order);
        else if (n >= 0 || errno != EINTR)
            _exit(0);
    }
}
