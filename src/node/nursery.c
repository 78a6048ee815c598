/* SPDX-License-Identifier: Apache-2.0
 *
 * nursery.c - berthd's side of the process that all its shepherds are copies of
 *
 * The other side, and what is said between them, is src/shepherd/nursery.c. It answers
 * in the order in which it was asked. One that dies takes no shepherd along: the next
 * who asks gets another.
 */
#include "node/nursery.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* It has libraries to load before it answers for the first time. */
#define WAIT_MS 10000

struct nursery {
    struct node *node;
    nursery_born_fn *born;
    uv_poll_t *poll; /* NULL: there is none now */
    int fd;
    int *lines; /* our ends of those that are awaited, oldest first */
    size_t n_lines;
};

/* ------------------------------------------------------------------- its life */

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void on_exit_of_nursery(uv_process_t *process, int64_t status, int signo)
{
    if (signo)
        log_warn("the shepherds' nursery ended by signal %d", signo);
    else if (status)
        log_warn("the shepherds' nursery ended with status %" PRId64, status);
    uv_close((uv_handle_t *)process, free_handle);
}

static int spawn(struct node *node, int fd, struct err *err)
{
    uv_process_t *process = xcalloc(1, sizeof(*process));
    char *args[] = {(char *)(uintptr_t)node->shepherd_path, NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
        {.flags = UV_INHERIT_FD, .data.fd = fd},
    };
    uv_process_options_t options = {
        .file = node->shepherd_program,
        .args = args,
        .stdio = stdio,
        .stdio_count = ARRAY_SIZE(stdio),
        .exit_cb = on_exit_of_nursery,
        .flags = UV_PROCESS_DETACHED,
    };
    int rc = uv_spawn(node->loop, process, &options);

    if (!rc)
        return 0;
    uv_close((uv_handle_t *)process, free_handle);
    return err_sys(err, -rc, "%s", node->shepherd_path);
}

static void on_readable(uv_poll_t *poll, int status, int events);

static int open_nursery(struct nursery *nursery, struct err *err)
{
    struct node *node = nursery->node;
    int fds[2], rc;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
        return err_sys(err, errno, "socketpair");
    rc = spawn(node, fds[1], err);
    (void)close(fds[1]);
    if (rc) {
        (void)close(fds[0]);
        return rc;
    }
    nursery->fd = fds[0];
    nursery->poll = xcalloc(1, sizeof(*nursery->poll));
    nursery->poll->data = nursery;
    (void)uv_poll_init(node->loop, nursery->poll, nursery->fd);
    return uv_poll_start(nursery->poll, UV_READABLE | UV_DISCONNECT, on_readable);
}

static void lose(struct nursery *nursery, int code)
{
    size_t n = nursery->n_lines;
    cleanup(freep) int *lines = take(nursery->lines);
    struct err err;

    (void)err_sys(&err, code, "%s", nursery->node->shepherd_path);
    uv_close((uv_handle_t *)take(nursery->poll), free_handle);
    closep(&nursery->fd);
    nursery->n_lines = 0;
    for (size_t i = 0; i < n; i++) {
        (void)close(lines[i]);
        nursery->born(nursery->node, NULL, -1, &err);
    }
}

/* -------------------------------------------------------------------- answers */

static void take_answer(struct nursery *nursery, int32_t pid)
{
    struct process process;
    struct err err;
    int line;

    if (!nursery->n_lines)
        return;
    line = nursery->lines[0];
    memmove(nursery->lines, nursery->lines + 1,
            --nursery->n_lines * sizeof(*nursery->lines));
    if (pid > 0 && process_find(pid, &process) == 0) {
        nursery->born(nursery->node, &process, line, NULL);
        return;
    }
    (void)close(line);
    (void)err_sys(&err, pid < 0 ? -pid : ESRCH, "%s", nursery->node->shepherd_path);
    nursery->born(nursery->node, NULL, -1, &err);
}

static void listen_to(struct nursery *nursery)
{
    int32_t pid;

    while (nursery->poll) {
        ssize_t n = recv(nursery->fd, &pid, sizeof(pid), MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n != sizeof(pid))
            lose(nursery, n < 0 ? errno : EPIPE);
        else
            take_answer(nursery, pid);
    }
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    listen_to(poll->data);
}

/* ------------------------------------------------------------------- questions */

static int send_line(int fd, int line)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(line));
    memcpy(CMSG_DATA(c), &line, sizeof(line));
    return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

int nursery_ask(struct node *node, struct err *err)
{
    struct nursery *nursery = node->nursery;
    int fds[2], rc = 0;

    if (!nursery->poll)
        rc = open_nursery(nursery, err);
    if (rc)
        return rc;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
        return err_sys(err, errno, "socketpair");
    rc = send_line(nursery->fd, fds[1]);
    (void)close(fds[1]);
    if (rc) {
        (void)close(fds[0]);
        return err_sys(err, -rc, "%s", node->shepherd_path);
    }
    nursery->lines =
        xrealloc(nursery->lines, nursery->n_lines + 1, sizeof(*nursery->lines));
    nursery->lines[nursery->n_lines++] = fds[0];
    return 0;
}

size_t nursery_awaited(const struct node *node)
{
    return node->nursery->n_lines;
}

void nursery_wait(struct node *node)
{
    struct nursery *nursery = node->nursery;
    struct pollfd pfd = {.fd = nursery->fd, .events = POLLIN};
    int n;

    if (!nursery->n_lines)
        return;
    do
        n = poll(&pfd, 1, WAIT_MS);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        listen_to(nursery);
    else
        lose(nursery, ETIMEDOUT);
}

void nursery_start(struct node *node, nursery_born_fn *born)
{
    node->nursery = xcalloc(1, sizeof(*node->nursery));
    node->nursery->node = node;
    node->nursery->born = born;
    node->nursery->fd = -1;
}
