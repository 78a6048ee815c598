/* SPDX-License-Identifier: Apache-2.0
 *
 * exec_session.c - a program inside a job, as its client sees it
 *
 * One thread, one poll. Each direction has a window of bytes that may be on the way,
 * so whoever is slow stops the other without holding up signals and the end.
 */
#include "cli/exec_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/sink.h"
#include "cli/step_signals.h"
#include "cli/tty.h"

#define WINDOW (1u << 20) /* as the shepherd has it */
#define ACK (WINDOW / 4)  /* tell what was taken when it is so much */
#define CHUNK 32768u

struct session {
    struct berth_steps *steps;
    const struct exec_streams *streams;
    struct sink *sinks[2]; /* stdout, stderr */
    int in;                /* -1: has ended */
    bool has_input;        /* poll(2) said there is some */
    uint32_t on_way;       /* input that the program has not taken */
    size_t received;       /* output since the last word of what was taken */
    struct interrupts interrupts;
    bool has_started, is_over;
    int status;
    struct berth_err err;
};

static void say_raw_safe(const char *words)
{
    tty_restore();
    say_error("%s", words);
}

/* Give up: nothing more will come. */
static void fail(struct session *s, const char *words)
{
    if (words)
        say_raw_safe(words);
    s->is_over = true;
    s->status = 1;
}

static void send(struct session *s, Berth__Envelope *env)
{
    if (!s->is_over && berth_steps_send(s->steps, env, &s->err) < 0)
        fail(s, s->err.text);
}

static void send_control(struct session *s, int signo, Berth__WindowSize *window)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecControl control = BERTH__EXEC_CONTROL__INIT;

    control.signal = signo;
    control.window = window;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_CONTROL;
    env.exec_control = &control;
    send(s, &env);
}

static void send_data(struct session *s, void *bytes, size_t len, uint32_t taken)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecData data = BERTH__EXEC_DATA__INIT;

    data.data.data = bytes;
    data.data.len = len;
    data.taken = taken;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_DATA;
    env.exec_data = &data;
    send(s, &env);
}

/* ------------------------------------------------------------------ coming */

static void on_ended(struct session *s, const Berth__ExecEnded *ended)
{
    int status = ended->status;

    s->is_over = true;
    s->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (ended->words[0])
        say_raw_safe(ended->words);
}

static void on_data(struct session *s, const Berth__ExecData *data)
{
    if (data->taken) {
        s->on_way -= data->taken < s->on_way ? data->taken : s->on_way;
    } else if (data->stream == 1 || data->stream == 2) {
        sink_take(s->sinks[data->stream - 1], data->data.data, data->data.len);
        s->received += data->data.len;
    }
}

static void on_refused(struct session *s, const Berth__Status *status)
{
    s->is_over = true;
    s->status = status->code == EAGAIN ? -EAGAIN : 1;
    if (status->code != EAGAIN)
        say_raw_safe(status->text);
}

static void on_message(struct session *s, const Berth__Envelope *env)
{
    switch ((int)env->body_case) {
    case BERTH__ENVELOPE__BODY_EXEC_STARTED:
        s->has_started = true;
        break;
    case BERTH__ENVELOPE__BODY_EXEC_DATA:
        on_data(s, env->exec_data);
        break;
    case BERTH__ENVELOPE__BODY_EXEC_ENDED:
        on_ended(s, env->exec_ended);
        break;
    default: /* newer than we are */
        if (env->reply && env->status && env->status->code)
            on_refused(s, env->status);
        break;
    }
}

static void drain(struct session *s)
{
    while (!s->is_over) {
        Berth__Envelope *env;
        int rc = berth_steps_recv(s->steps, 0, &env, &s->err);

        if (rc == -EAGAIN)
            return;
        if (rc < 0) {
            bool is_unanswered = s->streams->may_repeat && !s->has_started;

            fail(s, is_unanswered ? NULL : s->err.text);
            s->status = is_unanswered ? -EAGAIN : 1;
            return;
        }
        on_message(s, env);
        berth_free(env);
    }
}

static size_t queued(const struct session *s)
{
    return sink_queued(s->sinks[0]) + sink_queued(s->sinks[1]);
}

static void tell_taken(struct session *s)
{
    size_t taken = s->received - (queued(s) < s->received ? queued(s) : s->received);

    if (taken < ACK || s->is_over)
        return;
    s->received -= taken;
    send_data(s, NULL, 0, (uint32_t)taken);
}

/* ------------------------------------------------------------------- going */

static void on_signal(struct session *s, int signo)
{
    Berth__WindowSize size = BERTH__WINDOW_SIZE__INIT;

    if (signo == SIGWINCH) {
        tty_size(s->streams->out, &size.rows, &size.columns);
        send_control(s, 0, &size);
        return;
    }
    /* Of our own terminal none comes: who wants us to end means us. */
    if (s->streams->has_terminal) {
        fail(s, NULL);
        s->status = 128 + signo;
        return;
    }
    switch (interrupts_answer(&s->interrupts, signo, clock_ms())) {
    case SIGNAL_FORWARD:
        send_control(s, signo, NULL);
        break;
    case SIGNAL_KILL:
        send_control(s, SIGKILL, NULL);
        break;
    case SIGNAL_LEAVE:
        fail(s, "not waiting for the end of the program");
        s->status = 128 + SIGINT;
        break;
    }
}

static void send_input(struct session *s)
{
    static char bytes[CHUNK];
    ssize_t n = read(s->in, bytes, sizeof(bytes));

    s->has_input = false;
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        s->in = -1;
        n = 0;
    }
    s->on_way += (uint32_t)n;
    send_data(s, bytes, (size_t)n, 0);
}

/* Once our reader is gone, the program may go too. */
static void check_readers(struct session *s)
{
    for (int i = 0; i < 2; i++) {
        int failure = s->sinks[i]->failure;

        if (!failure || s->is_over)
            continue;
        fail(s, NULL);
        if (failure == -EPIPE)
            s->status = 128 + SIGPIPE;
        else
            say_error("cannot write the output: %s", strerror(-failure));
    }
}

enum { AT_STEPS, AT_SIGNALS, AT_INPUT, AT_OUT, AT_ERR, N_POLL };

static bool wants_input(const struct session *s)
{
    return s->has_started && s->in >= 0 && s->on_way + CHUNK <= WINDOW;
}

static void wait_and_serve(struct session *s)
{
    struct pollfd fds[N_POLL] = {
        [AT_STEPS] = {.fd = s->is_over ? -1 : berth_steps_fd(s->steps),
                      .events = POLLIN},
        [AT_SIGNALS] = {.fd = s->streams->signal_fd, .events = POLLIN},
        [AT_INPUT] = {.fd = -1, .events = POLLIN},
    };

    if (!s->is_over && wants_input(s) && s->has_input)
        fds[AT_STEPS].events |= POLLOUT;
    else if (!s->is_over && wants_input(s))
        fds[AT_INPUT].fd = s->in;
    for (int i = 0; i < 2; i++)
        fds[AT_OUT + i] = (struct pollfd){
            .fd = sink_queued(s->sinks[i]) ? s->sinks[i]->fd : -1, .events = POLLOUT};
    if (poll(fds, N_POLL, -1) < 0)
        return;
    for (int signo; fds[AT_SIGNALS].revents &&
                    (signo = step_signals_next(s->streams->signal_fd)) != 0;)
        on_signal(s, signo);
    if (fds[AT_INPUT].revents)
        s->has_input = true;
    if (fds[AT_STEPS].revents & POLLOUT)
        send_input(s);
    for (int i = 0; i < 2; i++)
        if (fds[AT_OUT + i].revents)
            sink_flush(s->sinks[i]);
}

static bool has_output_left(const struct session *s)
{
    return queued(s) > 0 && !s->sinks[0]->failure && !s->sinks[1]->failure;
}

int exec_session_request(struct berth_steps *steps, Berth__Envelope *request,
                         const struct exec_streams *streams)
{
    struct session s = {.steps = steps, .streams = streams, .in = streams->in};

    s.sinks[0] = sink_create(NULL, streams->out);
    s.sinks[1] = sink_create(NULL, streams->err);
    request->id = 1;
    send(&s, request);
    if (streams->has_terminal && streams->in >= 0)
        (void)tty_raw(streams->in);
    while (!s.is_over || has_output_left(&s)) {
        wait_and_serve(&s);
        drain(&s);
        tell_taken(&s);
        check_readers(&s);
    }
    tty_restore();
    sink_destroy(s.sinks[0]);
    sink_destroy(s.sinks[1]);
    return s.status;
}

int exec_session_run(struct berth_steps *steps, Berth__ExecRequest *request,
                     const struct exec_streams *streams)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    request->has_stdin = streams->in >= 0;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC;
    env.exec = request;
    return exec_session_request(steps, &env, streams);
}
