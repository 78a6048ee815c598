/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_session.c - a bag as its client sees it
 *
 *     source --(what the log has is left out)--> lead --> nodes
 *     log, output, report <--------------------- lead <-- nodes
 *
 * One thread, one poll, as in step_session.c. The client is as far ahead as the lead's
 * window lets it be, and keeps of each command that was sent only what its end needs.
 */
#include "cli/bag_priv.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/step_orders.h"
#include "cli/step_signals.h"
#include "wire/bag_window.h"

#define CHUNK 512
#define CHUNK_BYTES (64u << 10)
#define HELD_MAX 1000000 /* commands held for --keep-order */

/* -------------------------------------------------------------------- down */

static void fail(struct bag *bag, const char *words)
{
    bag_report_hide(&bag->report);
    if (words && words[0])
        say_error("%s", words);
    bag->is_over = true;
    bag->status = 1;
}

static void send(struct bag *bag, Berth__Envelope *env)
{
    if (!bag->is_over && berth_steps_send(bag->steps, env, &bag->err) < 0)
        fail(bag, bag->err.text);
}

static void send_work(struct bag *bag, Berth__BagWork *work)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_BAG_WORK;
    env.bag_work = work;
    send(bag, &env);
}

static bool may_send(const struct bag *bag)
{
    return bag->output && !bag->is_stopped && !bag->is_last_sent && !bag->is_over &&
           bag->in_window < BAG_WINDOW / 2 && bag_output_held(bag->output) < HELD_MAX;
}

/* Give the next command to the message: it owns the copy of its argv. */
static void pack_next(struct bag *bag, Berth__BagCommand *command)
{
    struct strbuf *argv = &bag->next_argv;

    berth__bag_command__init(command);
    command->index = bag->next_index;
    command->argv.data = xmemdup(argv->s, argv->len);
    command->argv.len = argv->len;
    bag_ledger_add(bag->ledger, bag->next_index, argv->s, argv->len);
    bag_output_begin(bag->output, bag->next_index);
    bag->in_window += argv->len + BAG_COMMAND_COST;
    bag->has_next = false;
}

static void send_chunk(struct bag *bag)
{
    static Berth__BagCommand commands[CHUNK];
    static Berth__BagCommand *list[CHUNK];
    Berth__BagWork work = BERTH__BAG_WORK__INIT;
    size_t bytes = 0;

    work.commands = list;
    while (work.n_commands < CHUNK && bytes < CHUNK_BYTES && bag_look_ahead(bag)) {
        list[work.n_commands] = &commands[work.n_commands];
        pack_next(bag, list[work.n_commands]);
        bytes += list[work.n_commands++]->argv.len;
    }
    /* What could not be read is not the end of the bag, but nothing follows. */
    work.is_last = bag->source_ended && !bag->has_next;
    if (work.n_commands || work.is_last)
        send_work(bag, &work);
    bag->is_last_sent |= work.is_last;
    for (size_t i = 0; i < work.n_commands; i++)
        free(list[i]->argv.data);
}

/* As much as may be ahead; more when something has come or was taken. */
static void send_ahead(struct bag *bag)
{
    while (may_send(bag)) {
        if (!bag_look_ahead(bag) && !bag->source_ended)
            return;
        send_chunk(bag);
    }
}

static void send_signal(struct bag *bag, int signo, bool abort)
{
    if (!bag->is_over && step_signal(bag->steps, signo, abort, &bag->err) < 0)
        fail(bag, bag->err.text);
}

static void stop(struct bag *bag)
{
    Berth__BagWork work = BERTH__BAG_WORK__INIT;

    bag->is_stopped = true;
    work.stop = true;
    send_work(bag, &work);
}

/* ---------------------------------------------------------------------- up */

static void on_started(struct bag *bag, const Berth__StepStarted *started)
{
    const Berth__JobSpec *spec = bag->args->spec;
    const struct bag_output_options options = {
        .output = spec->output,
        .error = spec->error,
        .append = spec->append,
        .keep_order = bag->args->bag.keep_order,
        .has_labels = bag->args->label,
        .job = bag->job,
        .step = started->step_id,
        .job_name = spec->name,
        .user = getenv("USER"),
    };
    struct err err;

    if (bag->output) /* it was begun anew after a loss */
        return;
    bag->report.began_ms = clock_ms();
    if (bag->args->verbose)
        say_info("step %u: %u slots on %zu nodes", started->step_id, started->tasks,
                 started->n_nodes);
    if (bag_output_create(&options, &bag->output, &err) < 0) {
        send_signal(bag, SIGKILL, true);
        fail(bag, err.text);
    }
}

static void on_ended(struct bag *bag, const Berth__StepEnded *ended)
{
    bag->is_over = true;
    bag->status = step_exit_status(ended->exit_code, ended->exit_signal, "");
    if (ended->words[0]) {
        bag_report_hide(&bag->report);
        say_error("%s", ended->words);
    }
}

static void on_message(struct bag *bag, const Berth__Envelope *env)
{
    if (env->reply && env->status && env->status->code != 0) {
        fail(bag, env->status->text);
        return;
    }
    switch ((int)env->body_case) {
    case BERTH__ENVELOPE__BODY_STEP_STARTED:
        on_started(bag, env->step_started);
        return;
    case BERTH__ENVELOPE__BODY_BAG_REPORT:
        bag_take_report(bag, env->bag_report);
        return;
    case BERTH__ENVELOPE__BODY_OUTPUT: /* words of a dispatcher */
        bag_report_hide(&bag->report);
        (void)!write(STDERR_FILENO, env->output->data.data, env->output->data.len);
        return;
    case BERTH__ENVELOPE__BODY_STEP_ENDED:
        on_ended(bag, env->step_ended);
        return;
    case BERTH__ENVELOPE__BODY_STEP_NOTICE:
        bag_report_hide(&bag->report);
        say_info("%s", env->step_notice->words);
        return;
    default: /* newer than we are, or how a dispatcher ended */
        return;
    }
}

static void drain(struct bag *bag)
{
    while (!bag->is_over && !(bag->output && bag_output_is_full(bag->output))) {
        Berth__Envelope *env;
        int rc = berth_steps_recv(bag->steps, 0, &env, &bag->err);

        if (rc == -EAGAIN)
            return;
        if (rc < 0) {
            fail(bag, bag->err.text);
            return;
        }
        on_message(bag, env);
        berth_free(env);
        send_ahead(bag);
    }
}

/* ----------------------------------------------------------------- signals */

static void on_interrupt(struct bag *bag)
{
    bag_report_hide(&bag->report);
    bag->report.interrupted = true;
    switch (bag->n_interrupts++) {
    case 0:
        say_info("no further command is begun; Ctrl-C again kills those that run");
        stop(bag);
        break;
    case 1:
        say_info("ending the commands that run");
        send_signal(bag, SIGKILL, true);
        break;
    default:
        fail(bag, "not waiting for the end of the step");
        break;
    }
}

static void on_signals(struct bag *bag)
{
    for (int signo; (signo = step_signals_next(bag->signal_fd)) != 0;) {
        if (signo == SIGINT) {
            on_interrupt(bag);
            continue;
        }
        if (signo == SIGTERM || signo == SIGHUP)
            bag->is_stopped = bag->report.interrupted = true;
        send_signal(bag, signo, false);
        if (signo == SIGHUP)
            stop(bag);
    }
}

/* -------------------------------------------------------------------- loop */

/* Once our reader is gone, nobody wants the rest of the bag either. */
static void check_reader(struct bag *bag)
{
    int failure = bag->output ? bag_output_failure(bag->output) : 0;

    if (!failure || bag->has_told_failure)
        return;
    bag->has_told_failure = true;
    if (!bag->is_over)
        send_signal(bag, SIGKILL, true);
    if (failure == -EPIPE) {
        fail(bag, NULL);
        bag->status = 128 + SIGPIPE;
    } else {
        bag_report_hide(&bag->report);
        say_error("cannot write the output: %s", strerror(-failure));
        fail(bag, NULL);
    }
}

enum { AT_STEPS, AT_SIGNALS, AT_INPUT, AT_OUTPUT, N_FDS = AT_OUTPUT + 2 };

static void wait_and_serve(struct bag *bag)
{
    struct pollfd fds[N_FDS] = {
        [AT_STEPS] = {.fd = berth_steps_fd(bag->steps), .events = POLLIN},
        [AT_SIGNALS] = {.fd = bag->signal_fd, .events = POLLIN},
        [AT_INPUT] = {.fd = -1, .events = POLLIN},
    };
    int timeout = bag_tick(bag);
    size_t n = 0;

    if (bag->is_over || (bag->output && bag_output_is_full(bag->output)))
        fds[AT_STEPS].fd = -1;
    if (may_send(bag) && !bag->has_next && !bag->source_ended)
        fds[AT_INPUT].fd = bag_source_fd(bag->source);
    if (bag->output)
        n = bag_output_poll(bag->output, fds + AT_OUTPUT);
    if (poll(fds, AT_OUTPUT + n, timeout) < 0)
        return;
    if (fds[AT_SIGNALS].revents)
        on_signals(bag);
    if (n && isatty(STDOUT_FILENO))
        bag_report_hide(&bag->report);
    if (n)
        bag_output_flush(bag->output, fds + AT_OUTPUT, n);
    send_ahead(bag);
}

static void request(struct bag *bag, Berth__StepSpec *spec)
{
    Berth__StepRequest request = BERTH__STEP_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    request.spec = spec;
    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_REQUEST;
    env.step_request = &request;
    send(bag, &env);
}

static bool has_output_left(const struct bag *bag)
{
    return bag->output && !bag_output_failure(bag->output) &&
           !bag_output_is_empty(bag->output);
}

/* An allocation of its own has the tasks that were asked for; what was not is for the
 * lead to fill. */
static void set_spec(const struct bag *bag, Berth__StepSpec *spec,
                     Berth__BagSpec *bag_spec)
{
    const struct bag_args *args = &bag->args->bag;
    const Berth__JobSpec *asked = bag->args->spec;

    berth__bag_spec__init(bag_spec);
    bag_spec->retry = args->retry;
    bag_spec->max_failures = args->max_failures;
    bag_spec->timeout_ms = args->timeout_ms;
    bag_spec->limit = bag_source_limit(bag->source);
    spec->bag = bag_spec;
    spec->tasks = asked->tasks;
    spec->tasks_per_node = asked->tasks_per_node;
    spec->no_stdin = true;
    spec->kill_on_bad_exit = false;
}

int bag_run(struct bag *bag, struct berth_steps *steps, Berth__StepSpec *spec,
            uint32_t job, int signal_fd)
{
    Berth__BagSpec bag_spec;

    bag->steps = steps;
    bag->job = job;
    bag->signal_fd = signal_fd;
    bag->report.began_ms = clock_ms();
    set_spec(bag, spec, &bag_spec);
    request(bag, spec);
    spec->bag = NULL; /* it is not the message's to free */
    drain(bag);
    while (!bag->is_over || has_output_left(bag)) {
        wait_and_serve(bag);
        drain(bag);
        if (bag->is_over && bag->output)
            bag_output_finish(bag->output);
        check_reader(bag);
    }
    return bag_outcome(bag);
}
