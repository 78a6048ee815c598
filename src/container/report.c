/* SPDX-License-Identifier: Apache-2.0
 *
 * report.c - send and receive one report
 */
#include "container/report.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union cred_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct ucred))];
};

union fds_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct ucred)) +
               CMSG_SPACE(REPORT_FDS_MAX * sizeof(int))];
};

static int send_once(int sock, const struct report *report, pid_t about)
{
    struct ucred cred = {.pid = about, .uid = getuid(), .gid = getgid()};
    union cred_control control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)report,
                        .iov_len =
                            offsetof(struct report, words) + strlen(report->words) + 1};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

    if (about) {
        struct cmsghdr *c;

        msg.msg_control = control.bytes;
        msg.msg_controllen = sizeof(control.bytes);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_CREDENTIALS;
        c->cmsg_len = CMSG_LEN(sizeof(cred));
        memcpy(CMSG_DATA(c), &cred, sizeof(cred));
    }
    return sendmsg(sock, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int report_send(int sock, const struct report *report, pid_t about)
{
    int rc = send_once(sock, report, about);

    /* A task that is already reaped has no pid to translate. */
    if (about && (rc == -ESRCH || rc == -EPERM))
        rc = send_once(sock, report, 0);
    if (rc == -ECONNRESET)
        return -EPIPE;
    return rc == -EINTR ? -EAGAIN : rc;
}

int report_send_fds(int sock, const struct report *report, const int *fds, size_t n)
{
    union fds_control control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)report,
                        .iov_len =
                            offsetof(struct report, words) + strlen(report->words) + 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = CMSG_SPACE(n * sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* What came beside the bytes: who the report is about, and descriptors. */
static void take_control(struct msghdr *msg, pid_t *ret_pid, int *ret_fds,
                         size_t *ret_n)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct ucred cred;

        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS) {
            memcpy(&cred, CMSG_DATA(c), sizeof(cred));
            *ret_pid = cred.pid;
        } else if (c->cmsg_type == SCM_RIGHTS) {
            *ret_n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(ret_fds, CMSG_DATA(c), *ret_n * sizeof(int));
        }
    }
}

int report_receive_fds(int sock, bool wait, struct report *ret, pid_t *ret_pid,
                       int ret_fds[REPORT_FDS_MAX], size_t *ret_n)
{
    union fds_control control;
    struct iovec iov = {.iov_base = ret, .iov_len = sizeof(*ret)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    ssize_t n;

    *ret_pid = 0;
    *ret_n = 0;
    do
        n = recvmsg(sock, &msg, (wait ? 0 : MSG_DONTWAIT) | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? 0 : -errno;
    if (n == 0)
        return 0;
    take_control(&msg, ret_pid, ret_fds, ret_n);
    if ((size_t)n <= offsetof(struct report, words) || (msg.msg_flags & MSG_TRUNC)) {
        while (*ret_n)
            (void)close(ret_fds[--*ret_n]);
        return -EBADMSG;
    }
    ((char *)ret)[n - 1] = 0;
    return 1;
}
