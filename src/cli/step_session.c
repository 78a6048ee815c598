/* SPDX-License-Identifier: Apache-2.0
 *
 * step_session.c - one step from its request to its end, as its client sees it
 *
 * One thread, one poll. Output that the caller's stdout cannot take yet is
 * queued up to a bound, then the step is held back. Input is read only when the
 * connection has room for it, so neither direction can block the other.
 */
#include "cli/step_session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/outputs.h"
#include "cli/say.h"
#include "cli/step_input.h"
#include "cli/step_orders.h"
#include "cli/step_signals.h"
#include "cli/step_streams.h"
#include "cli/step_words.h"
#include "cli/tty.h"

#define POLL_MAX 64

struct session {
    struct berth_steps *steps;
    const struct step_options *options;
    struct outputs *outputs; /* NULL before the step has started */
    struct step_input input;
    struct interrupts interrupts;
    Berth__Envelope *started; /* owned; NULL before the step has started */
    bool is_over, has_told_failure;
    int status;
    struct berth_err err;
};

/* Give up: nothing more will come. */
static void fail(struct session *s, const char *words)
{
    tty_restore();
    if (words && words[0] != '\0')
        say_error("%s", words);
    s->is_over = true;
    s->status = 1;
}

static int send(struct session *s, Berth__Envelope *env)
{
    int rc = berth_steps_send(s->steps, env, &s->err);

    if (rc < 0)
        fail(s, s->err.text);
    return rc;
}

static void send_signal(struct session *s, int signo, bool abort)
{
    if (step_signal(s->steps, signo, abort, &s->err) < 0)
        fail(s, s->err.text);
}

/* From now on our terminal is the far end of that of task 0. */
static void start_terminal(const struct session *s)
{
    if (s->options->args->pty && isatty(STDIN_FILENO))
        (void)tty_raw(STDIN_FILENO);
}

static void send_window(struct session *s)
{
    Berth__WindowSize size = BERTH__WINDOW_SIZE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    tty_size(STDIN_FILENO, &size.rows, &size.columns);
    env.body_case = BERTH__ENVELOPE__BODY_STEP_WINDOW;
    env.step_window = &size;
    send(s, &env);
}

static uint32_t number_of(const char *variable)
{
    const char *text = getenv(variable);

    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

static void on_started(struct session *s, const Berth__StepStarted *started)
{
    const Berth__JobSpec *spec = s->options->args->spec;
    struct outputs_options options = {
        .output = spec->output,
        .error = spec->error,
        .append = spec->append,
        .has_labels = s->options->args->label && !s->options->args->pty,
        .unbuffered = s->options->args->unbuffered || s->options->args->pty,
        .job = s->options->job,
        .step = started->step_id,
        .tasks = started->tasks,
        .job_name = spec->name,
        .user = getenv("USER"),
        .array_job = number_of("SLURM_ARRAY_JOB_ID"),
        .array_task = number_of("SLURM_ARRAY_TASK_ID"),
        .restarts = number_of("SLURM_RESTART_COUNT"),
    };
    struct err err;

    if (s->options->args->verbose)
        say_info("step %u: %u tasks on %zu nodes", started->step_id, started->tasks,
                 started->n_nodes);
    if (outputs_create(&options, &s->outputs, &err) == 0) {
        start_terminal(s);
        return;
    }
    send_signal(s, SIGKILL, true);
    fail(s, err.text);
}

static void on_ended(struct session *s, const Berth__StepEnded *ended)
{
    s->is_over = true;
    tty_restore();
    s->status = step_exit_status(ended->exit_code, ended->exit_signal, ended->words);
    if (ended->words[0] != '\0')
        say_error("%s", ended->words);
}

static void on_taken(struct session *s, size_t bytes)
{
    s->input.on_way -= bytes < s->input.on_way ? bytes : s->input.on_way;
}

/* With a terminal the end of task 0 is the end of it; of the others, which have no
 * streams and so end as they like, the step's status tells. */
static void on_task_ended(const struct session *s, const Berth__TaskEnded *ended)
{
    bool has_first = false;

    for (size_t i = 0; i < ended->n_ranks; i++)
        has_first |= ended->ranks[i] == 0;
    if (s->options->args->pty && !has_first)
        return;
    tty_restore();
    step_say_ended(ended);
}

/* One envelope of the step; true when it has been kept. */
static bool on_message(struct session *s, Berth__Envelope *env)
{
    if (env->reply && env->status && env->status->code != 0) {
        fail(s, env->status->text);
        return false;
    }
    switch ((int)env->body_case) {
    case BERTH__ENVELOPE__BODY_STEP_STARTED:
        if (s->started)
            return false;
        s->started = env;
        on_started(s, env->step_started);
        return true;
    case BERTH__ENVELOPE__BODY_OUTPUT:
        if (s->outputs)
            outputs_take(s->outputs, env->output->rank, env->output->stream,
                         env->output->data.data, env->output->data.len);
        return false;
    case BERTH__ENVELOPE__BODY_INPUT:
        on_taken(s, env->input->taken);
        return false;
    case BERTH__ENVELOPE__BODY_TASK_ENDED:
        on_task_ended(s, env->task_ended);
        return false;
    case BERTH__ENVELOPE__BODY_STEP_ENDED:
        on_ended(s, env->step_ended);
        return false;
    case BERTH__ENVELOPE__BODY_STEP_NOTICE:
        say_info("%s", env->step_notice->words);
        return false;
    default: /* newer than we are: skipped */
        return false;
    }
}

/* Take all that has arrived, unless the readers of our output are behind. */
static void drain(struct session *s)
{
    while (!s->is_over && !(s->outputs && outputs_is_full(s->outputs))) {
        Berth__Envelope *env;
        int rc = berth_steps_recv(s->steps, 0, &env, &s->err);

        if (rc == -EAGAIN)
            return;
        if (rc < 0)
            fail(s, s->err.text);
        else if (!on_message(s, env))
            berth_free(env);
    }
}

static void on_signals(struct session *s)
{
    for (int signo; (signo = step_signals_next(s->options->signal_fd)) != 0;) {
        if (signo == SIGWINCH) {
            send_window(s);
            continue;
        }
        switch (interrupts_answer(&s->interrupts, signo, clock_ms())) {
        case SIGNAL_FORWARD:
            if (signo == SIGINT)
                say_info("sending SIGINT to the step; Ctrl-C again within a second "
                         "ends it");
            send_signal(s, signo, false);
            break;
        case SIGNAL_KILL:
            say_info("ending the step");
            send_signal(s, SIGKILL, true);
            break;
        case SIGNAL_LEAVE:
            fail(s, "not waiting for the end of the step");
            s->status = 128 + SIGINT;
            break;
        }
    }
}

static void send_input(struct session *s)
{
    unsigned char bytes[STEP_INPUT_CHUNK];
    Berth__TaskInput input = BERTH__TASK_INPUT__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    ssize_t n = step_input_read(&s->input, bytes, sizeof(bytes));

    if (n < 0)
        return;
    s->input.on_way += (size_t)n;
    input.data.data = bytes;
    input.data.len = (size_t)n;
    env.body_case = BERTH__ENVELOPE__BODY_INPUT;
    env.input = &input;
    send(s, &env);
}

/* Once our reader is gone, nobody wants the rest of the step either. The step may
 * have ended in the same moment: then what it wrote is lost all the same. */
static void check_reader(struct session *s)
{
    int failure = s->outputs ? outputs_failure(s->outputs) : 0;

    if (!failure || s->has_told_failure)
        return;
    s->has_told_failure = true;
    if (failure != -EPIPE)
        say_error("cannot write the output: %s", strerror(-failure));
    if (s->is_over) {
        if (failure != -EPIPE && s->status == 0)
            s->status = 1;
        return;
    }
    if (!s->options->is_attached)
        send_signal(s, SIGKILL, true);
    fail(s, NULL);
    if (failure == -EPIPE)
        s->status = 128 + SIGPIPE;
}

enum { AT_STEPS, AT_SIGNALS, AT_INPUT, AT_OUTPUTS };

static void wait_and_serve(struct session *s)
{
    struct pollfd fds[POLL_MAX] = {
        [AT_STEPS] = {.fd = berth_steps_fd(s->steps), .events = POLLIN},
        [AT_SIGNALS] = {.fd = s->options->signal_fd, .events = POLLIN},
        [AT_INPUT] = {.fd = -1, .events = POLLIN},
    };
    size_t n = AT_OUTPUTS, n_outputs = 0;
    bool wants_input = s->started && !s->is_over && step_input_is_open(&s->input) &&
                       s->input.on_way < STEP_INPUT_WINDOW;

    if (s->is_over || (s->outputs && outputs_is_full(s->outputs)))
        fds[AT_STEPS].fd = -1;
    if (wants_input && s->input.is_ready)
        fds[AT_STEPS].events |= POLLOUT;
    else if (wants_input)
        fds[AT_INPUT].fd = s->input.fd;
    if (s->outputs)
        n_outputs = outputs_poll(s->outputs, fds + n, POLL_MAX - n);
    if (poll(fds, n + n_outputs, -1) < 0)
        return;
    if (fds[AT_SIGNALS].revents)
        on_signals(s);
    if (fds[AT_INPUT].revents)
        s->input.is_ready = true;
    if (fds[AT_STEPS].revents & POLLOUT && !s->is_over)
        send_input(s);
    if (s->outputs)
        outputs_flush(s->outputs, fds + n, n_outputs);
}

static int request(struct session *s, Berth__StepSpec *spec)
{
    Berth__StepRequest request = BERTH__STEP_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    request.spec = spec;
    request.joins = s->options->joins;
    if (s->options->adopts)
        request.adopts = s->options->attach_to + 1;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_REQUEST;
    env.step_request = &request;
    return send(s, &env);
}

static int attach(struct session *s)
{
    Berth__AttachRequest request = BERTH__ATTACH_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    request.step_id = s->options->attach_to;
    request.has_stdin = s->options->has_stdin;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_ATTACH;
    env.attach = &request;
    return send(s, &env);
}

static bool has_output_left(const struct session *s)
{
    return s->outputs && !outputs_failure(s->outputs) && !outputs_is_empty(s->outputs);
}

int step_session_run(struct berth_steps *steps, Berth__StepSpec *spec,
                     const struct step_options *options)
{
    struct session s = {.steps = steps, .options = options};
    struct err err;

    if (options->is_attached && !options->has_stdin)
        s.input.fd = -1;
    else if (step_input_open(&s.input, options->args->spec->input, &err) < 0) {
        say_error("%s", err.text);
        return 1;
    }
    if (spec && step_streams_ask(options->args, spec, &err) < 0) {
        say_error("%s", err.text);
        step_input_close(&s.input);
        return 1;
    }
    if (spec)
        spec->no_stdin = !step_input_is_open(&s.input);
    if ((options->is_attached ? attach(&s) : request(&s, spec)) == 0)
        drain(&s);
    while (!s.is_over || has_output_left(&s)) {
        wait_and_serve(&s);
        drain(&s);
        check_reader(&s);
    }
    check_reader(&s);
    tty_restore();
    step_input_close(&s.input);
    outputs_destroy(s.outputs);
    berth_free(s.started);
    return s.status;
}
