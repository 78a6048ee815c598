/* SPDX-License-Identifier: Apache-2.0
 *
 * nursery.c - the process that all shepherds of a node are copies of
 *
 * To load what a shepherd needs (libpmix with its dozens of libraries, the topology,
 * the filter of system calls) takes longer than most steps last. So one process has
 * done it, and forks when berthd wants another shepherd:
 *
 *     berthd                       nursery                     child
 *     one byte, a descriptor  -->  fork  ------------------->  a spare; the descriptor
 *     <------------ int32: its pid, or -errno                  is its line to berthd
 *
 * It has one thread, opens nothing, and holds nothing of any job's.
 */
#include "shepherd/nursery.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool nursery_is_asked(int fd)
{
    socklen_t len = sizeof(int);
    int type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
           type == SOCK_SEQPACKET;
}

/* 1 and the line of a shepherd to be (-1: it did not arrive), 0 for nothing, -Exxx at
 * the end. */
static int take_order(int fd, int *ret_line)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

    if (n < 0 && errno == EINTR)
        return 0;
    if (n <= 0)
        return n ? -errno : -EPIPE;
    *ret_line = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(ret_line, CMSG_DATA(c), sizeof(*ret_line));
    return 1;
}

static void reap(int signals)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    (void)!read(signals, &info, sizeof(info));
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (WIFSIGNALED(status))
            log_warn("shepherd %d ended by signal %d", (int)pid, WTERMSIG(status));
        else if (WEXITSTATUS(status))
            log_warn("shepherd %d ended with status %d", (int)pid, WEXITSTATUS(status));
    }
}

/* True in the child. */
static bool bear(int fd, int line)
{
    pid_t pid = line < 0 ? (errno = EMFILE, -1) : fork();
    int32_t answer = pid < 0 ? -errno : pid;

    if (pid == 0)
        return true;
    closep(&line);
    if (send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
        exit(0);
    return false;
}

static void grow_up(int fd, int line, int signals, const sigset_t *mask)
{
    (void)setsid();
    (void)close(signals);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    if (dup3(line, fd, O_CLOEXEC) < 0)
        exit(1);
    (void)close(line);
}

void nursery_serve(int fd)
{
    sigset_t child, before;
    int signals, line = -1;
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.events = POLLIN}};

    (void)prctl(PR_SET_NAME, "berth-nursery");
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, &before);
    signals = fds[1].fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
        int rc;

        if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
            continue;
        if (fds[1].revents)
            reap(signals);
        rc = fds[0].revents ? take_order(fd, &line) : 0;
        if (rc < 0)
            exit(0);
        if (rc > 0 && bear(fd, line))
            break;
    }
    grow_up(fd, line, signals, &before);
}
