/* SPDX-License-Identifier: Apache-2.0
 *
 * terminal.c - a terminal of the container's own for one of its tasks
 */
#include "container/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

union fd_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static int send_master(int sock, int master, struct err *err)
{
    char byte = 'm';
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    union fd_control control = {0};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &master, sizeof(int));
    if (sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return err_sys(err, errno, "hand over the terminal");
    return 0;
}

void terminal_resize(int master, unsigned int rows, unsigned int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows,
                           .ws_col = (unsigned short)columns};

    (void)ioctl(master, TIOCSWINSZ, &size);
}

int terminal_make(int sock, unsigned int rows, unsigned int columns, int *ret_slave,
                  struct err *err)
{
    cleanup(closep) int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    cleanup(closep) int slave = -1;
    int unlocked = 0;
    int rc;

    /* The node's own file system may keep its multiplexer elsewhere. */
    if (master < 0)
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0)
        return err_sys(err, errno, "open a terminal (/dev/ptmx)");
    if (ioctl(master, TIOCSPTLCK, &unlocked))
        return err_sys(err, errno, "unlock a terminal");
    slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return err_sys(err, errno, "open the task's side of a terminal");
    terminal_resize(master, rows, columns);
    rc = send_master(sock, master, err);
    if (!rc)
        *ret_slave = take_fd(slave);
    return rc;
}

int terminal_receive(int sock, int *ret_master)
{
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    union fd_control control;
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    const struct cmsghdr *c;
    ssize_t n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    c = CMSG_FIRSTHDR(&msg);
    if (n == 0 || !c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return -EPIPE;
    memcpy(ret_master, CMSG_DATA(c), sizeof(int));
    return 0;
}
