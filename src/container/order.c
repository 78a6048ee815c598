/* SPDX-License-Identifier: Apache-2.0
 *
 * order.c - pack and send an order; receive it and take it apart
 */
#include "container/order.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define N_STDIO 3
#define ROOM_MS 10000 /* for init to take earlier orders */

union fd_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE((ORDER_FDS + 1) * sizeof(int))];
};

static void strbuf_finip(struct strbuf *sb)
{
    strbuf_fini(sb);
}

static void add_text(struct strbuf *sb, const char *text)
{
    strbuf_add(sb, text ? text : "", strlen(text ? text : "") + 1);
}

static uint32_t add_strings(struct strbuf *sb, char *const *v)
{
    uint32_t n = 0;

    for (; v && v[n]; n++)
        strbuf_add(sb, v[n], strlen(v[n]) + 1);
    return n;
}

/* Init never waits for us, so a queue of many orders soon has room again. */
static bool wait_for_room(int sock)
{
    struct pollfd room = {.fd = sock, .events = POLLOUT};
    int n;

    do
        n = poll(&room, 1, ROOM_MS);
    while (n < 0 && errno == EINTR);
    errno = EAGAIN;
    return n > 0;
}

static int send_packet(int sock, struct iovec *iov, size_t n_iov, const int *fds,
                       size_t n_fds, struct err *err)
{
    union fd_control control = {0};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n_iov};
    ssize_t n;

    if (n_fds) {
        struct cmsghdr *c;

        msg.msg_control = control.bytes;
        msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
    }
    do
        n = sendmsg(sock, &msg, MSG_NOSIGNAL);
    while (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(sock))));
    if (n >= 0)
        return 0;
    if (errno == EPIPE || errno == ECONNRESET)
        return err_set(err, EPIPE, "the container has ended");
    return err_sys(err, errno, "send an order to the container");
}

static int make_body_file(const struct strbuf *body, int *ret_fd, struct err *err)
{
    cleanup(closep) int fd = memfd_create("order", MFD_CLOEXEC);
    int rc;

    if (fd < 0)
        return err_sys(err, errno, "memfd for an order");
    rc = io_write_full(fd, body->s, body->len);
    if (rc)
        return err_sys(err, -rc, "memfd for an order");
    *ret_fd = take_fd(fd);
    return 0;
}

static uint32_t flags_of(const struct task_spec *task)
{
    return (task->new_session ? ORDER_NEW_SESSION : 0u) |
           (task->has_terminal ? ORDER_TERMINAL : 0u) |
           (task->needs_cwd ? ORDER_NEEDS_CWD : 0u) |
           (task->makes_cwd ? ORDER_MAKES_CWD : 0u) |
           (task->has_wire ? ORDER_WIRE : 0u);
}

int order_send_spawn(int sock, const struct task_spec *task, struct err *err)
{
    cleanup(strbuf_finip) struct strbuf body = STRBUF_INIT;
    cleanup(closep) int body_fd = -1;
    size_t n_fds = task->has_wire ? ORDER_FDS : N_STDIO;
    int fds[ORDER_FDS + 1];
    struct order_head head = {.kind = ORDER_SPAWN,
                              .task = task->id,
                              .umask = task->umask,
                              .flags = flags_of(task),
                              .rows = task->rows,
                              .columns = task->columns,
                              .memory_policy = task->memory_policy};
    struct iovec iov[2] = {{.iov_base = &head, .iov_len = sizeof(head)}};
    int rc;

    memcpy(fds, task->fds, n_fds * sizeof(*fds));
    add_text(&body, task->cwd ? task->cwd : "/");
    add_text(&body, task->cpus);
    add_text(&body, task->memory);
    add_text(&body, task->notice);
    head.argc = add_strings(&body, task->argv);
    head.envc = add_strings(&body, task->env);
    if (!head.argc)
        return err_set(err, EINVAL, "a task without a command");
    if (body.len > ORDER_BODY_MAX)
        return err_set(err, E2BIG,
                       "arguments and environment take %zu bytes, over the limit of %u",
                       body.len, ORDER_BODY_MAX);
    head.body_len = (uint32_t)body.len;
    if (body.len <= ORDER_INLINE_MAX) {
        iov[1] = (struct iovec){.iov_base = body.s, .iov_len = body.len};
        return send_packet(sock, iov, 2, fds, n_fds, err);
    }
    rc = make_body_file(&body, &body_fd, err);
    if (rc)
        return rc;
    fds[n_fds] = body_fd;
    return send_packet(sock, iov, 1, fds, n_fds + 1, err);
}

int order_send_signal(int sock, uint32_t task, int signo, uint32_t flags,
                      struct err *err)
{
    struct order_head head = {
        .kind = ORDER_SIGNAL, .task = task, .signo = (uint32_t)signo, .flags = flags};
    struct iovec iov = {.iov_base = &head, .iov_len = sizeof(head)};

    if (signo < 0 || signo >= NSIG)
        return err_set(err, EINVAL, "%d is not a signal", signo);
    return send_packet(sock, &iov, 1, NULL, 0, err);
}

int order_send_sweep(int sock, struct err *err)
{
    struct order_head head = {.kind = ORDER_SWEEP};
    struct iovec iov = {.iov_base = &head, .iov_len = sizeof(head)};

    return send_packet(sock, &iov, 1, NULL, 0, err);
}

/* Point 'n' entries of 'v' at the strings from *at on, and end it with NULL. */
static int split_strings(char **at, const char *end, char **v, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char *nul = *at < end ? memchr(*at, 0, (size_t)(end - *at)) : NULL;

        if (!nul)
            return -EBADMSG;
        v[i] = *at;
        *at = nul + 1;
    }
    v[n] = NULL;
    return 0;
}

int order_parse(const struct order_head *head, char *body, struct order *ret)
{
    char *at = body, *end = body + head->body_len, *lead[5];
    size_t n = (size_t)head->argc + head->envc;

    ret->body = body;
    ret->kind = (enum order_kind)head->kind;
    ret->task = head->task;
    ret->signo = (int)head->signo;
    ret->is_for_process = head->flags & ORDER_PROCESS;
    ret->umask = head->umask & 0777;
    ret->new_session = head->flags & ORDER_NEW_SESSION;
    ret->has_terminal = head->flags & ORDER_TERMINAL;
    ret->needs_cwd = head->flags & ORDER_NEEDS_CWD;
    ret->makes_cwd = head->flags & ORDER_MAKES_CWD;
    ret->has_wire = head->flags & ORDER_WIRE;
    ret->rows = head->rows;
    ret->columns = head->columns;
    if (head->kind == ORDER_SWEEP)
        return 0;
    if (head->kind == ORDER_SIGNAL)
        return head->signo < NSIG ? 0 : -EBADMSG;
    if (head->kind != ORDER_SPAWN || !head->argc || n > head->body_len)
        return -EBADMSG;
    if (split_strings(&at, end, lead, 4))
        return -EBADMSG;
    ret->cwd = lead[0];
    ret->cpus = lead[1];
    ret->memory = lead[2];
    ret->notice = lead[3];
    ret->memory_policy = head->memory_policy;
    ret->argv = xcalloc(n + 2, sizeof(*ret->argv));
    ret->env = ret->argv + head->argc + 1;
    if (split_strings(&at, end, ret->argv, head->argc) ||
        split_strings(&at, end, ret->env, head->envc) || at != end)
        return -EBADMSG;
    return 0;
}

static size_t take_descriptors(struct msghdr *msg, int fds[ORDER_FDS + 1])
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    size_t n;

    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return 0;
    n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    return n;
}

/* The body: what came in the packet after the head, or the file 'body_fd'. */
static char *take_body(const struct order_head *head, const char *inline_bytes,
                       size_t inline_len, int body_fd)
{
    cleanup(freep) char *body = NULL;
    struct stat st;

    if (head->body_len > ORDER_BODY_MAX)
        return NULL;
    body = xmalloc(head->body_len + 1u);
    if (body_fd < 0) {
        if (inline_len != head->body_len)
            return NULL;
        memcpy(body, inline_bytes, inline_len);
        return take(body);
    }
    if (inline_len || fstat(body_fd, &st) || st.st_size != (off_t)head->body_len ||
        pread(body_fd, body, head->body_len, 0) != (ssize_t)head->body_len)
        return NULL;
    return take(body);
}

int order_receive(int sock, struct order *ret)
{
    static char packet[sizeof(struct order_head) + ORDER_INLINE_MAX];
    union fd_control control;
    struct iovec iov = {.iov_base = packet, .iov_len = sizeof(packet)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    int fds[ORDER_FDS + 1] = {-1, -1, -1, -1, -1};
    cleanup(closep) int body_fd = -1;
    struct order_head head = {0};
    size_t n_fds, n_own;
    ssize_t n;
    char *body;

    *ret = (struct order){.fds = {-1, -1, -1, -1}};
    n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        return errno == EINTR ? -EAGAIN : errno == ECONNRESET ? 0 : -errno;
    if (n == 0)
        return 0;
    n_fds = take_descriptors(&msg, fds);
    if ((size_t)n >= sizeof(head))
        memcpy(&head, packet, sizeof(head));
    n_own = head.flags & ORDER_WIRE ? ORDER_FDS : N_STDIO;
    memcpy(ret->fds, fds, n_own * sizeof(*fds));
    body_fd = fds[n_own];
    if ((size_t)n < sizeof(head) || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return -EBADMSG;
    if (head.kind == ORDER_SPAWN && n_fds < n_own)
        return -EBADMSG;
    body = take_body(&head, packet + sizeof(head), (size_t)n - sizeof(head), body_fd);
    if (!body)
        return -EBADMSG;
    return order_parse(&head, body, ret) ? -EBADMSG : 1;
}

void order_fini(struct order *order)
{
    for (size_t i = 0; i < ORDER_FDS; i++)
        closep(&order->fds[i]);
    free(order->argv);
    free(order->body);
    *order = (struct order){.fds = {-1, -1, -1, -1}};
}
