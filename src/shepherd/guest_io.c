/* SPDX-License-Identifier: Apache-2.0
 *
 * guest_io.c - bytes between a client and the program that it started
 *
 * Each direction has a window of GUEST_WINDOW bytes: the sender stops when so many
 * have not been taken at the other end. So nothing grows, whoever is slow, and what
 * has to be said meanwhile (a signal, a new size, the end) is not behind a backlog.
 */
#include "shepherd/guest.h"

#include "base/mem.h"
#include "container/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define CHUNK 65536
#define CHUNKS_A_TURN 4 /* then the job's own streams have theirs */

/* ---------------------------------------------------------------- handles */

static void on_closed(uv_handle_t *handle)
{
    struct flow *flow = handle->data;

    guest_unref(flow->guest);
}

static void flow_close(struct flow *flow)
{
    if (flow->has_poll)
        uv_close((uv_handle_t *)&flow->poll, on_closed);
    flow->has_poll = false;
    closep(&flow->fd);
}

static void flow_open(struct flow *flow, struct guest *guest, uint32_t stream, int fd)
{
    flow->guest = guest;
    flow->stream = stream;
    flow->fd = fd;
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void flow_watch(struct flow *flow)
{
    if (flow->fd < 0 ||
        uv_poll_init(flow->guest->of->sh->loop, &flow->poll, flow->fd) < 0)
        return;
    flow->poll.data = flow;
    flow->has_poll = true;
    flow->guest->n_handles++;
}

/* ------------------------------------------------------------------ output */

static void send_data(struct guest *guest, uint32_t stream, const void *bytes,
                      size_t len, uint32_t taken)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecData data = BERTH__EXEC_DATA__INIT;

    if (!guest->ch)
        return;
    data.stream = stream;
    data.data.data = (uint8_t *)(uintptr_t)bytes;
    data.data.len = len;
    data.taken = taken;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_DATA;
    env.exec_data = &data;
    channel_send(guest->ch, &env);
}

/* A terminal whose other side is closed says so by EIO. */
static void pump(struct flow *flow)
{
    static char bytes[CHUNK];
    struct guest *guest = flow->guest;

    flow->is_dry = false;
    for (int i = 0; i < CHUNKS_A_TURN && guest->window && flow->fd >= 0; i++) {
        size_t max = guest->window < sizeof(bytes) ? guest->window : sizeof(bytes);
        ssize_t n = read(flow->fd, bytes, max);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            flow->is_dry = true;
            return;
        }
        if (n <= 0) {
            flow_close(flow);
            send_data(guest, flow->stream, NULL, 0, 0);
            return;
        }
        guest->window -= (uint32_t)n;
        send_data(guest, flow->stream, bytes, (size_t)n, 0);
    }
}

static void on_output(uv_poll_t *poll, int status, int events);

static void watch_output(struct guest *guest)
{
    for (int i = 0; i < 2; i++) {
        struct flow *flow = &guest->out[i];

        if (!flow->has_poll)
            continue;
        if (guest->window)
            (void)uv_poll_start(&flow->poll, UV_READABLE, on_output);
        else
            (void)uv_poll_stop(&flow->poll);
    }
}

static void on_output(uv_poll_t *poll, int status, int events)
{
    struct flow *flow = poll->data;

    (void)status; /* an error is found by reading, too */
    (void)events;
    pump(flow);
    watch_output(flow->guest);
    guest_maybe_finish(flow->guest);
}

static bool is_empty(struct flow *flow)
{
    if (flow->fd >= 0)
        pump(flow);
    return flow->fd < 0 || flow->is_dry;
}

/* What others of its session still hold open is not waited for. */
bool guest_io_is_drained(struct guest *guest)
{
    bool is_drained = is_empty(&guest->out[0]) & is_empty(&guest->out[1]);

    watch_output(guest);
    return is_drained;
}

/* ------------------------------------------------------------------- input */

/* The end of a terminal's input is a character, where it is one at all. */
static void end_input(struct guest *guest)
{
    struct termios how;

    if (guest->is_connection)
        (void)shutdown(guest->in.fd, SHUT_WR);
    if (guest->is_attached)
        guest_io_close_input(guest);
    else if (!guest->has_terminal)
        flow_close(&guest->in);
    else if (tcgetattr(guest->in.fd, &how) == 0 && (how.c_lflag & ICANON) &&
             how.c_cc[VEOF])
        (void)!write(guest->in.fd, &how.c_cc[VEOF], 1);
    guest->input_ended = false;
}

static void on_input(uv_poll_t *poll, int status, int events);

/* Write what can be written; what no one reads any more counts as taken. */
static void push(struct guest *guest)
{
    struct flow *in = &guest->in;
    size_t before = guest->queue_sent;

    while (guest->queue_sent < guest->queue.len) {
        size_t left = guest->queue.len - guest->queue_sent;
        ssize_t n = in->fd < 0
                        ? (ssize_t)left
                        : write(in->fd, guest->queue.s + guest->queue_sent, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            flow_close(in);
        else
            guest->queue_sent += (size_t)n;
    }
    if (guest->queue_sent > before)
        send_data(guest, 0, NULL, 0, (uint32_t)(guest->queue_sent - before));
    if (guest->queue_sent < guest->queue.len) {
        (void)uv_poll_start(&in->poll, UV_WRITABLE, on_input);
        return;
    }
    strbuf_cut(&guest->queue, 0);
    guest->queue_sent = 0;
    if (in->has_poll)
        (void)uv_poll_stop(&in->poll);
    if (guest->input_ended && in->fd >= 0)
        end_input(guest);
}

static void on_input(uv_poll_t *poll, int status, int events)
{
    struct flow *flow = poll->data;

    (void)status;
    (void)events;
    push(flow->guest);
}

int guest_io_take(struct guest *guest, const Berth__ExecData *data)
{
    if (data->taken) {
        if (data->taken > GUEST_WINDOW - guest->window)
            return -EPROTO;
        guest->window += data->taken;
        watch_output(guest);
        guest_maybe_finish(guest);
        return 0;
    }
    if (guest->queue.len - guest->queue_sent + data->data.len > GUEST_WINDOW)
        return -EPROTO;
    strbuf_add(&guest->queue, data->data.data, data->data.len);
    guest->input_ended |= data->data.len == 0;
    if (guest->has_started)
        push(guest);
    return 0;
}

void guest_io_resize(struct guest *guest, const Berth__WindowSize *size)
{
    if (guest->has_terminal && guest->in.fd >= 0)
        terminal_resize(guest->in.fd, size->rows, size->columns);
}

/* ------------------------------------------------------------------- start */

static int make_pipe(struct guest *guest, struct flow *flow, uint32_t stream,
                     int *ret_theirs, struct err *err)
{
    int ours = stream == 0; /* of the two ends: 1 is for writing */
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return err_sys(err, errno, "pipe");
    flow_open(flow, guest, stream, fds[ours]);
    *ret_theirs = fds[!ours];
    return 0;
}

static int make_terminal_sock(struct guest *guest, int fds[3], struct err *err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_sys(err, errno, "socket pair for a terminal");
    guest->terminal_sock = pair[0];
    fds[0] = pair[1];
    for (int i = 1; i < 3; i++) {
        fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
        if (fds[i] < 0)
            return err_sys(err, errno, "socket pair for a terminal");
    }
    return 0;
}

int guest_io_open(struct guest *guest, bool has_stdin, int fds[3], struct err *err)
{
    int rc = 0;

    if (guest->has_terminal)
        return make_terminal_sock(guest, fds, err);
    if (has_stdin) {
        rc = make_pipe(guest, &guest->in, 0, &fds[0], err);
    } else {
        fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        rc = fds[0] < 0 ? err_sys(err, errno, "/dev/null") : 0;
    }
    for (uint32_t i = 0; i < 2 && !rc; i++)
        rc = make_pipe(guest, &guest->out[i], i + 1, &fds[i + 1], err);
    return rc;
}

int guest_io_take_socket(struct guest *guest, int fd, struct err *err)
{
    int second = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    flow_open(&guest->out[0], guest, 1, fd);
    if (second < 0)
        return err_sys(err, errno, "a connection");
    flow_open(&guest->in, guest, 0, second);
    return 0;
}

/* One descriptor for each direction: a loop watches a descriptor once. */
static void take_terminal(struct guest *guest)
{
    int master;

    if (terminal_receive(guest->terminal_sock, &master))
        return;
    closep(&guest->terminal_sock);
    flow_open(&guest->out[0], guest, 1, master);
    flow_open(&guest->in, guest, 0, fcntl(master, F_DUPFD_CLOEXEC, 0));
}

void guest_io_start(struct guest *guest)
{
    if (guest->has_terminal)
        take_terminal(guest);
    flow_watch(&guest->in);
    flow_watch(&guest->out[0]);
    flow_watch(&guest->out[1]);
    watch_output(guest);
    push(guest);
}

/* What the container's program reads is not ours alone to end. */
void guest_io_close_input(struct guest *guest)
{
    bool is_first = guest->is_attached && guest->in.fd >= 0;

    flow_close(&guest->in);
    if (is_first && guest->of->on_input_end)
        guest->of->on_input_end(guest->of->input_ctx);
}

void guest_io_take_streams(struct guest *guest, const int fds[3])
{
    struct flow *flows[] = {&guest->in, &guest->out[0], &guest->out[1]};

    for (uint32_t i = 0; i < 3; i++)
        if (fds[i] >= 0)
            flow_open(flows[i], guest, i, fds[i]);
}

void guest_io_close(struct guest *guest)
{
    flow_close(&guest->in);
    flow_close(&guest->out[0]);
    flow_close(&guest->out[1]);
    closep(&guest->terminal_sock);
}
