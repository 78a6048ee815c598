/* SPDX-License-Identifier: Apache-2.0
 *
 * explain_show.c - say why a job waits, runs there, or has ended
 */
#include "cli/explain_show.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "cli/moment.h"
#include "cli/show_job.h"

/* One line of several has no words at the left. */
static void line(FILE *out, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void line(FILE *out, const char *what, const char *fmt, ...)
{
    va_list ap;

    fprintf(out, "  %-12s ", what);
    va_start(ap, fmt);
    vfprintf(out, fmt, ap);
    va_end(ap);
    fputc('\n', out);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* "Job 17 (solve) of alice". */
static void print_job(const Berth__JobInfo *job, FILE *out)
{
    fprintf(out, "Job %u", job->record->id);
    if (job->spec && job->spec->name[0])
        fprintf(out, " (%s)", job->spec->name);
    if (job->spec && job->spec->user[0])
        fprintf(out, " of %s", job->spec->user);
}

/* ------------------------------------------------------------------ waiting */

/* What nothing but an event from outside ends. */
static const char *event_words(const char *reason)
{
    static const struct {
        const char *reason, *words;
    } events[] = {
        {"JobHeldUser", "when it is released ('berth release')"},
        {"Dependency", "when the jobs that it depends on are as it wants them"},
        {"DependencyNeverSatisfied",
         "never: what it depends on cannot happen any more"},
        {"PartitionDown", "when its partition is opened again"},
        {"ReqNodeNotAvail", "when nodes that it needs are up again"},
        {"JobArrayTaskLimit", "when another task of its array ends"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(events); i++)
        if (strcmp(events[i].reason, reason) == 0)
            return events[i].words;
    return "cannot be told: not within what is planned";
}

static void print_start(const Berth__Explanation *e, FILE *out)
{
    cleanup(freep) char *when = NULL;

    if (e->start == 0) {
        line(out, "starts", "%s", event_words(e->job->reason));
        return;
    }
    when = future_words(e->start, e->now);
    if (e->is_promised)
        line(out, "starts", "%s, promised: no job behind it makes that later", when);
    else if (e->start <= e->now)
        line(out, "starts", "now, at the next look at the queue");
    else
        line(out, "starts", "%s, if all before it use the whole time they asked for",
             when);
}

static void print_blockers(const Berth__Explanation *e, FILE *out)
{
    for (size_t i = 0; i < e->n_blockers; i++) {
        const Berth__Blocker *b = e->blockers[i];
        cleanup(freep) char *end = b->end ? moment_words(b->end, e->now) : NULL;

        line(out, i ? "" : "waits for", "job %u%s%s%s of %s on %s (%u core%s), %s%s",
             b->job_id, b->name[0] ? " (" : "", b->name, b->name[0] ? ")" : "", b->user,
             b->nodes[0] ? b->nodes : "nodes that are unknown", b->cpus,
             b->cpus == 1 ? "" : "s", end ? "until " : "which has no time limit",
             or_empty(end));
    }
}

static void print_where(const Berth__Explanation *e, FILE *out)
{
    const Berth__Placement *where = e->where;

    if (!where || where->n_shares == 0)
        return;
    for (size_t i = 0; i < where->n_shares; i++)
        line(out, i ? "" : "would get", "%s: cores %s", where->shares[i]->node,
             where->shares[i]->cores);
    line(out, "", "score %.3g%s%s", where->score, where->why[0] ? ": " : "",
         where->why);
}

static void print_remedies(const Berth__Explanation *e, FILE *out)
{
    for (size_t i = 0; i < e->n_remedies; i++) {
        const Berth__Remedy *remedy = e->remedies[i];
        bool is_option = strncmp(remedy->change, "--", 2) == 0;
        cleanup(freep) char *when = future_words(remedy->start, e->now);

        line(out, i ? "" : "sooner", "%s%s: %s", is_option ? "with " : "",
             remedy->change, when);
    }
}

static void show_waiting(const Berth__Explanation *e, FILE *out)
{
    fprintf(out, " waits: %s\n", e->job->reason[0] ? e->job->reason : "None");
    if (e->words[0])
        line(out, "lacks", "%s", e->words);
    print_start(e, out);
    if (e->ahead)
        line(out, "behind", "%u job%s", e->ahead,
             e->ahead == 1 ? " that comes before it" : "s that come before it");
    print_blockers(e, out);
    if (e->reservation[0])
        line(out, "reservation",
             "%s has nodes that it could use ('berth reserve show %s')", e->reservation,
             e->reservation);
    print_where(e, out);
    print_remedies(e, out);
}

/* ------------------------------------------------------------------ running */

static void print_score(const Berth__Placement *placement, FILE *out)
{
    line(out, "why there", "score %.3g (less is better)%s%s", placement->score,
         placement->why[0] ? ": " : "", placement->why);
    if (placement->runner_up[0])
        line(out, "next best", "score %.3g: %s", placement->runner_up_score,
             placement->runner_up);
    else
        line(out, "next best",
             "none: what else was free is like it, or could not hold it");
}

static void show_running(const Berth__Explanation *e, FILE *out)
{
    const Berth__JobRecord *record = e->job->record;
    cleanup(freep) char *since = moment_words(record->start_time, e->now);

    fprintf(out, " runs on %s\n", e->job->nodes);
    line(out, "state", "%s%s%s", e->job->state, record->state_words[0] ? ": " : "",
         record->state_words);
    line(out, "since", "%s", since);
    if (e->job->time_limit > 0) {
        cleanup(freep) char *end =
            moment_words(record->start_time + e->job->time_limit, e->now);

        line(out, "until", "%s at the latest", end);
    }
    if (!record->placement || record->placement->n_shares == 0)
        return;
    print_score(record->placement, out);
    fputc('\n', out);
    show_placement(record->placement, out);
}

/* ------------------------------------------------------------------ ended */

/* No signal has this number: so ends a job for lack of memory. */
#define OOM_SIGNAL 125

static void print_end(const Berth__JobRecord *record, FILE *out)
{
    if (record->exit_signal == OOM_SIGNAL)
        line(out, "how", "out of memory");
    else if (record->exit_signal)
        line(out, "how", "killed by signal %d (%s)", record->exit_signal,
             signal_name(record->exit_signal));
    else
        line(out, "how", "exit code %d", record->exit_code);
}

static void show_ended(const Berth__Explanation *e, FILE *out)
{
    const Berth__JobRecord *record = e->job->record;
    cleanup(freep) char *end = moment_words(record->end_time, e->now);

    fprintf(out, " has ended: %s\n", e->job->state);
    if (record->state_words[0])
        line(out, "why", "%s", record->state_words);
    if (record->cancelled_by)
        line(out, "cancelled by", "uid %u", record->cancelled_by - 1);
    line(out, "ended", "%s", end);
    if (record->start_time == 0) {
        line(out, "ran", "never");
        return;
    }
    cleanup(freep) char *ran = span_words(record->end_time - record->start_time);
    cleanup(freep) char *limit =
        e->job->time_limit > 0 ? span_words(e->job->time_limit) : NULL;

    line(out, "ran", "%s%s%s on %s", ran, limit ? " of " : "", or_empty(limit),
         e->job->nodes);
    print_end(record, out);
}

void explain_show(const Berth__Explanation *e, FILE *out)
{
    if (!e->job || !e->job->record)
        return;
    print_job(e->job, out);
    if (strcmp(e->job->state, "PENDING") == 0)
        show_waiting(e, out);
    else if (e->job->record->end_time)
        show_ended(e, out);
    else
        show_running(e, out);
}
