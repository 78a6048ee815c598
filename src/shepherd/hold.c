/* SPDX-License-Identifier: Apache-2.0
 *
 * hold.c - a container with a name, found by the other steps of its job on a node
 *
 * The directory is the user's alone, and only the user's shepherds can use what is told
 * here: to enter a user namespace takes being outside of it.
 */
#include "shepherd/hold.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* For a container to be made by another. */
#define WAIT_SECONDS 60

struct hold {
    int dir;
    char *file;
    int sock;
    struct container *container; /* NULL: not served yet */
    uv_poll_t poll;
};

union fds_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(CONTAINER_NAMESPACES * sizeof(int))];
};

/* By descriptor: paths of jobs are longer than a socket's may be. */
static void address_of(int dir, const char *file, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", dir,
                   file);
}

static int new_socket(struct err *err)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    return fd < 0 ? err_sys(err, errno, "socket") : fd;
}

/* ------------------------------------------------------------------ joining */

static int take_namespaces(struct msghdr *msg, int ret[CONTAINER_NAMESPACES])
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);

    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
        c->cmsg_len != CMSG_LEN(CONTAINER_NAMESPACES * sizeof(int)))
        return -EBADMSG;
    memcpy(ret, CMSG_DATA(c), CONTAINER_NAMESPACES * sizeof(int));
    return 0;
}

static int receive(int sock, int ret[CONTAINER_NAMESPACES], struct err *err)
{
    struct timeval patience = {.tv_sec = WAIT_SECONDS};
    union fds_control control;
    char byte;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    ssize_t n;

    (void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    do
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return err_set(err, ETIMEDOUT, "it is not ready after %d s", WAIT_SECONDS);
    if (n <= 0 || take_namespaces(&msg, ret))
        return err_set(err, ECHILD, "the step that was to make it has failed");
    return 0;
}

/* ----------------------------------------------------------------- claiming */

/* What is found under the lock: 0 and *ret_hold or *ret_sock. */
static int bind_or_connect(int dir, const char *file, struct hold **ret_hold,
                           int *ret_sock, struct err *err)
{
    cleanup(closep) int sock = new_socket(err);
    struct sockaddr_un address;

    if (sock < 0)
        return sock;
    address_of(dir, file, &address);
    if (connect(sock, (struct sockaddr *)&address, sizeof(address)) == 0) {
        *ret_sock = take_fd(sock);
        return 0;
    }
    /* Of a shepherd that was killed. */
    if (errno == ECONNREFUSED)
        (void)unlinkat(dir, file, 0);
    else if (errno != ENOENT)
        return err_sys(err, errno, "%s", file);
    if (bind(sock, (struct sockaddr *)&address, sizeof(address)) || listen(sock, 128))
        return err_sys(err, errno, "%s", file);
    *ret_hold = xcalloc(1, sizeof(**ret_hold));
    (*ret_hold)->sock = take_fd(sock);
    (*ret_hold)->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    (*ret_hold)->file = xstrdup(file);
    return 0;
}

static int claim(int dir, const char *file, struct hold **ret_hold, int *ret_sock,
                 struct err *err)
{
    cleanup(closep) int lock =
        openat(dir, "container.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (lock < 0 || flock(lock, LOCK_EX))
        return err_sys(err, errno, "container.lock");
    return bind_or_connect(dir, file, ret_hold, ret_sock, err);
}

int hold_claim(const char *dir, const char *name, struct hold **ret_hold,
               int ret_namespaces[CONTAINER_NAMESPACES], struct err *err)
{
    cleanup(closep) int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    cleanup(freep) char *file = xasprintf("container.%s", name);
    cleanup(closep) int sock = -1;
    struct hold *hold = NULL;
    int rc =
        at < 0 ? err_sys(err, errno, "%s", dir) : claim(at, file, &hold, &sock, err);

    if (!rc && !hold)
        rc = receive(sock, ret_namespaces, err);
    if (rc)
        return err_wrap(err, "--container-name=%s", name);
    *ret_hold = hold;
    return 0;
}

/* ------------------------------------------------------------------ serving */

static void tell(int sock, const int namespaces[CONTAINER_NAMESPACES])
{
    union fds_control control = {0};
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(CONTAINER_NAMESPACES * sizeof(int));
    memcpy(CMSG_DATA(c), namespaces, CONTAINER_NAMESPACES * sizeof(int));
    if (sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        log_warn("tell how to join a container: %s", strerror(errno));
}

static void on_asked(uv_poll_t *poll, int status, int events)
{
    struct hold *hold = poll->data;
    cleanup(closep) int sock =
        accept4(hold->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)status;
    (void)events;
    if (sock >= 0)
        tell(sock, container_namespaces(hold->container));
}

int hold_serve(struct hold *hold, uv_loop_t *loop, struct container *container,
               struct err *err)
{
    int rc = uv_poll_init(loop, &hold->poll, hold->sock);

    if (rc)
        return err_sys(err, -rc, "%s", hold->file);
    hold->container = container;
    hold->poll.data = hold;
    (void)uv_poll_start(&hold->poll, UV_READABLE, on_asked);
    return 0;
}

static void hold_free(struct hold *hold)
{
    closep(&hold->sock);
    closep(&hold->dir);
    free(hold->file);
    free(hold);
}

static void on_closed(uv_handle_t *handle)
{
    hold_free(handle->data);
}

void hold_destroy(struct hold *hold)
{
    if (!hold)
        return;
    (void)unlinkat(hold->dir, hold->file, 0);
    if (hold->container)
        uv_close((uv_handle_t *)&hold->poll, on_closed);
    else
        hold_free(hold);
}
