/* SPDX-License-Identifier: Apache-2.0
 *
 * reports.c - batches of ended steps, from the lead to the controller
 */
#include "shepherd/reports.h"

#include "base/bitset.h"
#include "base/clock.h"
#include "base/hostlist.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/strv.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 256 /* steps that make a report leave at once */
#define BATCH_MS 5000
#define RETRY_MS 2000    /* while there is no controller */
#define COMMAND_MAX 1024 /* bytes kept of a command line */

struct reports {
    struct lead *lead;
    Berth__StepReport *waiting, *sent; /* NULL: none */
    Berth__StepReport *last[2];        /* what the job's end takes along */
    size_t cap;                        /* of waiting->steps */
    uint32_t seq, told;
    uv_timer_t timer;
};

/* ------------------------------------------------------------------ sending */

static void send_batch(struct reports *reports);

static void on_timer(uv_timer_t *timer)
{
    send_batch(timer->data);
}

static void send_later(struct reports *reports, uint64_t ms)
{
    if (!uv_is_active((uv_handle_t *)&reports->timer))
        (void)uv_timer_start(&reports->timer, on_timer, ms, 0);
}

static void on_answer(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    struct reports *reports = ctx;

    (void)reply;
    /* The line broke: reports_node_is_back. */
    if ((err && err->code == EPIPE) || !reports->sent)
        return;
    if (err && err->code == EAGAIN) {
        send_later(reports, RETRY_MS);
        return;
    }
    if (err) {
        log_warn("job %u: its steps are not taken: %s", reports->lead->sh->job,
                 err->text);
        reports->lead->ended.steps_lost = true;
    }
    free_message(take(reports->sent));
    if (!reports->waiting)
        return;
    if (reports->waiting->n_steps >= BATCH)
        send_batch(reports);
    else
        send_later(reports, BATCH_MS);
}

static void send_batch(struct reports *reports)
{
    struct shepherd *sh = reports->lead->sh;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    (void)uv_timer_stop(&reports->timer);
    if (!reports->sent && reports->waiting) {
        reports->sent = take(reports->waiting);
        reports->sent->seq = ++reports->seq;
    }
    if (!reports->sent || !sh->node || reports->lead->is_reported)
        return;
    env.body_case = BERTH__ENVELOPE__BODY_STEP_REPORT;
    env.step_report = reports->sent;
    rpc_call(sh->node_rpc, sh->node, &env, on_answer, reports);
}

void reports_node_is_back(struct reports *reports)
{
    if (reports->sent)
        send_batch(reports);
}

/* ------------------------------------------------------------------ batches */

struct reports *reports_create(struct lead *lead)
{
    struct reports *reports = xcalloc(1, sizeof(*reports));

    reports->lead = lead;
    (void)uv_timer_init(lead->sh->loop, &reports->timer);
    reports->timer.data = reports;
    /* It alone must not keep the loop from ending. */
    uv_unref((uv_handle_t *)&reports->timer);
    return reports;
}

static Berth__StepReport *waiting_of(struct reports *reports)
{
    Berth__StepReport *report = reports->waiting;

    if (report)
        return report;
    report = xmalloc(sizeof(*report));
    berth__step_report__init(report);
    report->job_id = reports->lead->sh->job;
    report->epoch = reports->lead->sh->epoch;
    reports->waiting = report;
    reports->cap = 0;
    return report;
}

static bool has_failed(const Berth__StepSummary *summary)
{
    return strcmp(summary->state, "COMPLETED") != 0;
}

static void sum_up(Berth__StepReport *report, const Berth__StepSummary *summary)
{
    Berth__StepSum *sum = report->sum;

    if (!sum) {
        sum = report->sum = xmalloc(sizeof(*sum));
        berth__step_sum__init(sum);
    }
    sum->steps++;
    sum->failed += has_failed(summary);
    sum->user_usec += summary->user_usec;
    sum->system_usec += summary->system_usec;
    sum->read_bytes += summary->read_bytes;
    sum->write_bytes += summary->write_bytes;
    if (summary->max_rss > sum->max_rss)
        sum->max_rss = summary->max_rss;
    if (summary->memory_peak > sum->memory_peak)
        sum->memory_peak = summary->memory_peak;
    if (summary->exit_code > sum->exit_code)
        sum->exit_code = summary->exit_code;
    if (summary->exit_signal > sum->exit_signal)
        sum->exit_signal = summary->exit_signal;
}

static void keep(struct reports *reports, Berth__StepReport *report,
                 const Berth__StepSummary *summary)
{
    if (report->n_steps == reports->cap) {
        reports->cap = reports->cap ? reports->cap * 2 : 16;
        report->steps = xrealloc(report->steps, reports->cap, sizeof(*report->steps));
    }
    report->steps[report->n_steps++] = copy_message(&summary->base);
    reports->told++;
}

void reports_add(struct reports *reports, const Berth__StepSummary *summary)
{
    uint32_t max = reports->lead->sh->assignment->steps_told;
    Berth__StepReport *report = waiting_of(reports);

    if (summary->step_id >= 0 && max && reports->told >= max)
        sum_up(report, summary);
    else
        keep(reports, report, summary);
    if (reports->sent)
        return;
    if (report->n_steps >= BATCH)
        send_batch(reports);
    else
        send_later(reports, BATCH_MS);
}

void reports_finish(struct reports *reports, Berth__JobEnded *ended)
{
    size_t n = 0;

    (void)uv_timer_stop(&reports->timer);
    if (reports->waiting && reports->sent)
        reports->waiting->seq = reports->seq + 1;
    else if (reports->waiting)
        reports->waiting->seq = ++reports->seq;
    if (reports->sent)
        reports->last[n++] = take(reports->sent);
    if (reports->waiting)
        reports->last[n++] = take(reports->waiting);
    ended->steps = reports->last;
    ended->n_steps = n;
}

/* ------------------------------------------------------------------ summaries */

static const char *state_of(const struct run *run)
{
    if (run->out_of_memory)
        return "OUT_OF_MEMORY";
    if (!run->exit_code && !run->exit_signal)
        return "COMPLETED";
    if (run->lead->ended.timed_out)
        return "TIMEOUT";
    return run->is_killed && !run->exit_code ? "CANCELLED" : "FAILED";
}

static void fill_nodes(const struct run *run, Berth__StepSummary *summary)
{
    const Berth__LaunchStep *launch = &run->launch;
    cleanup(freep) char **names = xcalloc(launch->n_nodes + 1, sizeof(*names));

    for (size_t i = 0; i < launch->n_nodes; i++) {
        names[i] = launch->nodes[i]->node;
        summary->tasks += (uint32_t)launch->nodes[i]->n_ranks;
        summary->cpus += (uint32_t)bitset_text_count(launch->nodes[i]->cores);
    }
    summary->n_nodes = (uint32_t)launch->n_nodes;
    summary->nodes = hostlist_compress(names);
}

static void fill_used(const struct run *run, Berth__StepSummary *summary)
{
    const Berth__NodeEnded *used = &run->used;

    summary->user_usec = used->user_usec;
    summary->system_usec = used->system_usec;
    summary->max_rss = used->max_rss;
    summary->memory_peak = used->memory_peak;
    summary->read_bytes = used->read_bytes;
    summary->write_bytes = used->write_bytes;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static char *command_of(const Berth__StepSpec *spec)
{
    cleanup(freep) char **argv = xcalloc(spec->n_argv + 1, sizeof(*argv));
    char *line;

    for (size_t i = 0; i < spec->n_argv; i++)
        argv[i] = spec->argv[i];
    line = strv_join(argv, " ");
    if (strlen(line) > COMMAND_MAX)
        line[COMMAND_MAX] = '\0';
    return line;
}

void reports_run(struct run *run)
{
    const Berth__StepSpec *spec = run->spec;
    Berth__StepSummary summary = BERTH__STEP_SUMMARY__INIT;
    cleanup(freep) char *command = NULL, *name = NULL, *state = NULL;

    if (!run->is_launched)
        return;
    command = command_of(spec);
    name = xstrdup(spec->name[0]  ? spec->name
                   : spec->n_argv ? base_name(spec->argv[0])
                                  : "");
    state = xstrdup(state_of(run));
    summary.step_id = run->launch.step_id;
    summary.name = name;
    summary.command = command;
    summary.state = state;
    summary.start_usec = run->start_usec;
    summary.end_usec = clock_epoch_usec();
    summary.exit_code = run->exit_code;
    summary.exit_signal = run->exit_signal;
    if (run->words)
        summary.words = run->words;
    if (spec->container)
        summary.image = spec->container->image;
    fill_nodes(run, &summary);
    fill_used(run, &summary);
    if (run->bag)
        bag_counts(run->bag, &summary.bag_commands, &summary.bag_failed);
    reports_add(run->lead->reports, &summary);
    free(summary.nodes);
}
