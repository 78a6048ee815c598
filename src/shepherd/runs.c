/* SPDX-License-Identifier: Apache-2.0
 *
 * runs.c - the steps of an allocation, as the lead sees them
 *
 *     requested -> waiting for cores -> placed, launched -> root joined
 *               -> nodes ended, one by one -> ended, client told
 *
 * This file has their list, their request and their end; see runs.h for the rest.
 */
#include "shepherd/runs.h"
#include "shepherd/reports.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/switchboard.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define KILL_MS 15000 /* for a killed step to be gone */

struct run *run_find(struct lead *lead, uint32_t id)
{
    for (struct run *run = lead->runs; run; run = run->next)
        if (run->launch.step_id == id)
            return run;
    return NULL;
}

struct run *run_by_id(struct lead *lead, uint32_t id)
{
    struct run *run = run_find(lead, id);

    return run && run->is_placed ? run : NULL;
}

/* --------------------------------------------------------------------- end */

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

void run_free(struct run *run)
{
    struct run **slot = &run->lead->runs;

    while (*slot != run)
        slot = &(*slot)->next;
    *slot = run->next;
    run_unclaim(run);
    step_depend_fini(&run->depend);
    free(run->why);
    if (run->overdue)
        uv_close((uv_handle_t *)run->overdue, free_timer);
    run_limits_stop(run);
    run_end_waiting(run);
    layout_clear_nodes(&run->launch);
    strbuf_fini(&run->input);
    watch_end(run);
    bag_destroy(run->bag);
    free_message(run->spec);
    free(run->words);
    free(run);
}

static void tell_client(struct run *run)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepEnded ended = BERTH__STEP_ENDED__INIT;

    ended.step_id = run->launch.step_id;
    ended.exit_code = run->exit_code;
    ended.exit_signal = run->exit_signal;
    ended.out_of_memory = run->out_of_memory;
    if (run->words)
        ended.words = run->words;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_ENDED;
    env.step_ended = &ended;
    watch_tell(run, &env);
    if (!run->client)
        return;
    channel_send(run->client->ch, &env);
    run->client->run = NULL;
}

static void end_bag(struct run *run)
{
    cleanup(freep) char *words = NULL;
    int code = bag_end(run->bag, &words);

    if (words)
        run_fail(run, words);
    if (!run->exit_code && !run->exit_signal)
        run->exit_code = code;
}

static char *nodelist_of(const struct run *run)
{
    cleanup(strv_freep) char **names = NULL;

    for (size_t i = 0; i < run->launch.n_nodes; i++)
        strv_add(&names, run->launch.nodes[i]->node);
    return hostlist_compress(names);
}

const char *run_name(const struct run *run)
{
    return run->spec->name[0]  ? run->spec->name
           : run->spec->n_argv ? run->spec->argv[0]
                               : "";
}

/* What is kept of it. */
static void remember(struct run *run)
{
    const Berth__NodeEnded *usage = &run->used;
    struct past_step past = {
        .id = run->launch.step_id,
        .exit_code = run->exit_code,
        .exit_signal = run->exit_signal,
        .out_of_memory = run->out_of_memory,
        .name = xstrdup(run_name(run)),
        .nodelist = nodelist_of(run),
        .words = run->words ? xstrdup(run->words) : NULL,
        .tasks = run->tasks,
        .n_nodes = (uint32_t)run->launch.n_nodes,
        .request_time = run->request_time,
        .start_time = run->start_time,
        .end_time = time(NULL),
        .user_usec = usage->user_usec,
        .system_usec = usage->system_usec,
        .read_bytes = usage->read_bytes,
        .write_bytes = usage->write_bytes,
        .max_rss = usage->max_rss,
        .memory_peak = usage->memory_peak,
    };

    past_add(&run->lead->past, &past);
    run_tell_waiters(run->lead, &past);
}

/* Its tasks are over: what it had is free for others. */
static void let_go(struct run *run)
{
    switchboard_step_ended(run);
    if (run->root) {
        run->root->run = NULL;
        channel_close(run->root->ch);
        run->root = NULL;
    }
    if (run->is_placed)
        layout_give(run->lead->layout, &run->launch);
}

static void run_finish(struct run *run)
{
    struct lead *lead = run->lead;
    bool is_spawned = run->is_spawned;
    uint32_t parent = run->parent_step;
    int exit_code = run->exit_code, exit_signal = run->exit_signal;
    cleanup(freep) char *words = run->words ? xstrdup(run->words) : NULL;

    if (is_spawned) {
        struct err err;

        (void)err_set(&err, ECONNRESET, "%s", words ? words : "it has ended");
        spawn_refused(run, &err);
    }
    reports_run(run);
    tell_client(run);
    remember(run);
    run_free(run);
    if (is_spawned)
        spawn_ended(lead, parent, exit_code, exit_signal, words);
}

void run_end(struct run *run)
{
    struct lead *lead = run->lead;
    bool was_over = run->is_over, is_kept = spawn_keeps(run);

    if (run->bag)
        end_bag(run);
    lead->last_code = run->exit_code;
    lead->last_signal = run->exit_signal;
    if (!was_over)
        let_go(run);
    if (!is_kept)
        run_finish(run);
    runs_start_waiting(lead);
    lead_maybe_report(lead);
}

void run_explain(struct run *run, const char *words)
{
    if (!run->words)
        run->words = xstrdup(words);
}

void run_fail(struct run *run, const char *words)
{
    run_explain(run, words);
    if (!run->exit_code && !run->exit_signal)
        run->exit_code = 1;
}

/* ----------------------------------------------------------------- signals */

void run_send_signal(struct run *run, int signo, bool kill)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepSignal msg = BERTH__STEP_SIGNAL__INIT;

    msg.signal = signo;
    msg.abort = kill;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_SIGNAL;
    env.step_signal = &msg;
    channel_send(run->root->ch, &env);
}

static void on_no_room(struct run *run)
{
    struct err err;

    (void)err_set(&err, EAGAIN, "--immediate=%u: %s", run->spec->immediate - 1,
                  run->why ? run->why : "it has no room yet");
    run_refuse(run, &err);
}

static void on_overdue(uv_timer_t *timer)
{
    struct run *run = timer->data;
    cleanup(freep) char *words = NULL;

    if (!run->is_placed) {
        on_no_room(run);
        return;
    }
    words = xasprintf("node %s: its shepherd did not come", run->launch.nodes[0]->node);
    run_fail(run,
             run->is_killed ? "some of its nodes did not answer to the end" : words);
    run_end(run);
}

void run_start_overdue(struct run *run, unsigned int ms)
{
    if (!run->overdue) {
        run->overdue = xcalloc(1, sizeof(*run->overdue));
        run->overdue->data = run;
        (void)uv_timer_init(run->lead->sh->loop, run->overdue);
    }
    (void)uv_timer_start(run->overdue, on_overdue, ms, 0);
}

static void end_before_start(struct run *run)
{
    cleanup(freep) char *words =
        xasprintf("%s ended before %s", run->lead->is_ending ? "the job" : "it was",
                  run->is_placed ? "its image was there" : "there was room for it");

    run_fail(run, words);
    run_end(run);
}

/* A step that has not begun everywhere, and perhaps never will, is not to be asked. */
static bool ends_the_wait(const struct run *run, int signo)
{
    return run->is_launched && run_waits_for_node(run) &&
           (signo == SIGINT || signo == SIGTERM || signo == SIGQUIT || signo == SIGHUP);
}

void run_signal(struct run *run, int signo, bool kill)
{
    if (!kill && ends_the_wait(run, signo))
        run_cancel_wait(run, signo);
    if (kill && !run->is_killed) {
        run->is_killed = true;
        if (!run->is_launched) {
            end_before_start(run);
            return;
        }
        if (!run->root && !run->n_asked && run_misses_root(run)) {
            run_end(run);
            return;
        }
        run_start_overdue(run, KILL_MS);
        /* Nobody waits for a slow reader any more. */
        if (run->root)
            channel_pause(run->root->ch, false);
    }
    if (run->bag)
        bag_signalled(run->bag, signo, kill);
    if (run->root)
        run_send_signal(run, signo, kill);
    /* May end the run, if it only waited for these. */
    if (kill)
        spawn_signal(run, signo, true);
}

void run_order(struct run *run, int signo)
{
    bool is_end = signo == 0 || signo == SIGTERM || signo == SIGKILL;

    if (is_end)
        run_explain(run, "cancelled");
    if (signo == SIGKILL || (is_end && !run->root))
        run_signal(run, SIGKILL, true);
    else if (signo)
        run_signal(run, signo, false);
    else
        run_terminate(run, "cancelled");
}

static struct run *youngest_alive(struct lead *lead)
{
    struct run *last = NULL;

    for (struct run *run = lead->runs; run; run = run->next)
        if (!run->is_killed)
            last = run;
    return last;
}

void runs_signal(struct lead *lead, int signo, bool kill)
{
    struct run *run;

    for (run = lead->runs; run && !kill; run = run->next)
        run_signal(run, signo, false);
    /* A kill frees a run that waits; the youngest first, so that none of those
     * behind it gets its turn. */
    while (kill && (run = youngest_alive(lead)))
        run_signal(run, signo, true);
}

/* ----------------------------------------------------------------- request */

static void name_files(const struct lead *lead, Berth__StepSpec *spec)
{
    Berth__FileNames *names = xcalloc(1, sizeof(*names));

    berth__file_names__init(names);
    names->has_array = lead->spec->array_job != 0;
    names->array_job = lead->spec->array_job;
    names->array_task = lead->spec->array_task;
    if (lead->spec->name[0])
        names->job_name = xstrdup(lead->spec->name);
    if (spec->names)
        berth__file_names__free_unpacked(spec->names, NULL);
    spec->names = names;
}

/* A directory that keeps what is written is one container's at a time, and while
 * there is a script it is the script's. */
static void inherit_container(const struct lead *lead, Berth__StepSpec *spec)
{
    if (spec->container || !lead->spec->container)
        return;
    spec->container = copy_message(&lead->spec->container->base);
    if (lead->spec->script.len && spec->container->overlay[0])
        spec->container->overlay[0] = '\0';
}

/* NULL: nothing is wrong with it. */
static const char *mistake_of(const struct conn *client, const Berth__StepSpec *spec)
{
    if (client->run || client->waits)
        return "this connection has its step already";
    if (client->lead->is_ending)
        return "the job is ending";
    if (!spec || (spec->n_argv == 0 && spec->n_programs == 0))
        return "a step without a command";
    return NULL;
}

/* All that can be known at once; what is refused here takes no number. */
static int complete(struct run *run, struct err *err)
{
    struct lead *lead = run->lead;
    int rc;

    inherit_container(lead, run->spec);
    name_files(lead, run->spec);
    if (run->spec->bag)
        bag_settle(lead, run->spec);
    rc = holders_settle(lead, run->spec, err);
    if (!rc)
        rc = layout_check(lead->layout, run->spec, err);
    if (!rc &&
        step_depend_parse(run->spec->dependency, lead->sh->job, &run->depend, err))
        rc = err_wrap(err, "--dependency");
    return rc;
}

static struct run *run_create(struct lead *lead, const Berth__StepSpec *spec)
{
    struct run *run = xcalloc(1, sizeof(*run));

    run->lead = lead;
    run->spec = copy_message(&spec->base);
    run->request_time = time(NULL);
    berth__launch_step__init(&run->launch);
    return run;
}

static void get_in_line(struct run *run)
{
    struct lead *lead = run->lead;
    struct run **slot;

    run->launch.step_id = lead->next_step++;
    for (slot = &lead->runs; *slot; slot = &(*slot)->next)
        ;
    *slot = run;
    if (run->spec->immediate > 1)
        run_start_overdue(run, 1000 * (run->spec->immediate - 1));
}

/* Nobody waits for it: its number is the answer. */
static void answer_number(struct conn *client, const struct run *run)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__StepStarted started = BERTH__STEP_STARTED__INIT;

    started.step_id = run->launch.step_id;
    env.id = run->request;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_STARTED;
    env.step_started = &started;
    channel_send(client->ch, &env);
}

static int take_client(struct run *run, struct conn *client, struct err *err)
{
    if (!run->spec->files) {
        run->client = client;
        client->run = run;
        return 0;
    }
    if (run_start_writer(run, err)) {
        run_free(run);
        return -err->code;
    }
    answer_number(client, run);
    return 0;
}

void run_request(struct conn *client, const Berth__Envelope *env)
{
    const Berth__StepRequest *request = env->step_request;
    struct lead *lead = client->lead;
    const char *mistake;
    struct run *run;
    struct err err;

    if (request->adopts) {
        run_adopt(client, env);
        return;
    }
    mistake = mistake_of(client, request->spec);
    if (mistake) {
        channel_reply_status(client->ch, env, EINVAL, mistake);
        return;
    }
    run = run_create(lead, request->spec);
    run->request = env->id;
    if (complete(run, &err)) {
        channel_reply_status(client->ch, env, err.code, err.text);
        free_message(run->spec);
        free(run);
        return;
    }
    get_in_line(run);
    if (take_client(run, client, &err)) {
        channel_reply_status(client->ch, env, err.code, err.text);
        return;
    }
    runs_start_waiting(lead);
}
