/* SPDX-License-Identifier: Apache-2.0
 *
 * replay.c - the loop of virtual time
 *
 *      trace ---- submitted ---> sched_add
 *                                    |
 *      agenda --- ended -----> sched_ended
 *        ^                           |
 *        +--- start + run --- sched_pass
 *
 * A job's id for the engine is its index plus 1.
 */
#include "sim/replay.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "sim/agenda.h"

#include <errno.h>
#include <stdlib.h>

#define DECISIONS 64
#define PROGRESS_EVERY 1024
#define IDLE_WAKES_MAX 10000

static const char partition_name[] = "all";

struct replay {
    const struct machine *machine;
    const struct trace_job *jobs;
    size_t n, arrived, ended;
    const struct replay_options *options;
    struct replay_result *result;
    struct sched *sched;
    struct agenda agenda;
    int64_t now;
    unsigned int idle_wakes; /* with nothing running and nobody to come */
};

static struct sched_id id_of(size_t job)
{
    return SCHED_JOB((uint32_t)job + 1);
}

static int create_sched(struct replay *replay, struct err *err)
{
    const struct machine *machine = replay->machine;
    struct bitset *nodes = bitset_create(machine->n_nodes);
    const struct sched_partition partition = {
        .name = partition_name, .nodes = nodes, .time_max = TIME_UNLIMITED, .up = true};
    struct sched_options options = replay->options->sched;
    int rc;

    bitset_set_range(nodes, 0, machine->n_nodes);
    options.numbers_only = !machine->config;
    rc = sched_create(&options, machine->switches,
                      machine->config ? machine->config->n_switches : 0, machine->names,
                      machine->n_nodes, &partition, 1, &replay->sched, err);
    bitset_destroy(nodes);
    return rc;
}

static void bring_nodes_up(struct replay *replay)
{
    const struct machine *machine = replay->machine;

    for (uint32_t i = 0; i < machine->n_nodes; i++) {
        const uint64_t memory = machine->config ? machine->config->nodes[i].memory : 0;

        if (machine->config)
            sched_node_set(replay->sched, i, machine->topo_of[i],
                           memory ? memory : machine->topo_of[i]->memory);
        else
            sched_node_set_flat(replay->sched, i, (uint32_t)machine->procs, 0);
        sched_node_up(replay->sched, i, true);
    }
}

/* On a flat machine all processors are one node's; on a described one they may be
 * of as many nodes as it takes. */
static struct sched_request request_of(const struct replay *replay, size_t i)
{
    const struct trace_job *job = &replay->jobs[i];
    struct sched_request request = {
        .job = id_of(i).job,
        .partition = partition_name,
        .place = {.tasks = job->procs, .cpus_per_task = 1},
        .submit_time = job->submit,
        .eligible_time = job->submit,
        .time_limit = job->request,
        .uid = job->user < 0 ? UINT32_MAX : (uint32_t)job->user,
    };

    if (replay->machine->config) {
        request.place.nodes_min = request.place.nodes_max = job->nodes;
        request.place.mem_per_node = job->mem_per_node;
        request.place.exclusive = job->exclusive;
    } else {
        request.place.nodes_min = request.place.nodes_max = 1;
    }
    return request;
}

static void submit(struct replay *replay)
{
    const size_t i = replay->arrived++;
    const struct trace_job *job = &replay->jobs[i];
    const struct sched_request request = request_of(replay, i);
    struct outcome *outcome = &replay->result->outcomes[i];

    *outcome =
        (struct outcome){.submit = job->submit, .start = -1, .procs = job->procs};
    if (sched_check(replay->sched, &request, NULL) == 0 &&
        sched_add(replay->sched, &request, NULL) == 0)
        return;
    outcome->procs = 0;
    replay->result->refused++;
    replay->ended++;
}

static void end(struct replay *replay)
{
    sched_ended(replay->sched, id_of(agenda_pop(&replay->agenda)), replay->now);
    replay->ended++;
    if (replay->options->progress && replay->ended % PROGRESS_EVERY == 0)
        replay->options->progress(replay->options->progress_ctx, replay->ended,
                                  replay->n);
}

static char *names_of(const struct machine *machine, const struct place_result *where)
{
    cleanup(strv_freep) char **names = NULL;

    for (size_t i = 0; i < where->n_shares; i++)
        strv_add(&names, machine->names[where->shares[i].node]);
    return hostlist_compress(names);
}

/* When its request is over: the engine knew. */
static bool ends_as_planned(const struct trace_job *job)
{
    return job->run == job->request;
}

static void start(struct replay *replay, const struct sched_decision *decision)
{
    const size_t i = decision->id.job - 1;
    struct outcome *outcome = &replay->result->outcomes[i];

    outcome->start = replay->now;
    outcome->end = replay->now + replay->jobs[i].run;
    replay->result->starts++;
    if (replay->result->places)
        replay->result->places[i] = names_of(replay->machine, decision->where);
    agenda_add(&replay->agenda, outcome->end, ends_as_planned(&replay->jobs[i]) ? 0 : 1,
               i);
}

/* Nobody preempts here, so a decision is a start, or a job that can never run. */
static void carry_out(struct replay *replay, struct sched_decision *decision)
{
    if (decision->verb == SCHED_START) {
        start(replay, decision);
        place_result_destroy(decision->where);
        return;
    }
    BUG_ON(decision->verb != SCHED_REFUSE);
    replay->result->outcomes[decision->id.job - 1].procs = 0;
    replay->result->refused++;
    replay->ended++;
}

static void pass(struct replay *replay)
{
    struct sched_decision decisions[DECISIONS];
    bool more = true;

    while (more) {
        const size_t n =
            sched_pass(replay->sched, replay->now, decisions, DECISIONS, 0, &more);

        for (size_t i = 0; i < n; i++)
            carry_out(replay, &decisions[i]);
    }
}

/* When the next job ends or is submitted; false: none will. */
static bool next_event(const struct replay *replay, int64_t *ret)
{
    const struct agenda_entry *first = agenda_first(&replay->agenda);
    const bool arrives = replay->arrived < replay->n;

    if (first)
        *ret = first->time;
    if (arrives && (!first || replay->jobs[replay->arrived].submit < *ret))
        *ret = replay->jobs[replay->arrived].submit;
    /* By number, a job may stand after one that was submitted later. */
    if ((first || arrives) && *ret < replay->now)
        *ret = replay->now;
    return first || arrives;
}

/* The next time at which something happens, or at which the engine wants to be
 * asked again though nothing does; false: that is all. */
static bool next_time(struct replay *replay)
{
    const int64_t wake = sched_next_time(replay->sched, replay->now);
    int64_t event;

    if (!next_event(replay, &event)) {
        if (wake <= replay->now || ++replay->idle_wakes > IDLE_WAKES_MAX)
            return false;
        event = wake;
    }
    replay->now = wake > replay->now && wake < event ? wake : event;
    return true;
}

/* Jobs whose request is over leave together: that they end now was known, so none of
 * them holds its processors any more when the engine looks. */
static void end_planned(struct replay *replay)
{
    const struct agenda_entry *first;

    while ((first = agenda_first(&replay->agenda)) && first->time == replay->now &&
           first->rank == 0)
        end(replay);
}

/* One event of this second; false: there is none left. */
static bool step(struct replay *replay)
{
    const struct agenda_entry *first = agenda_first(&replay->agenda);
    const bool ends = first && first->time == replay->now;
    const bool arrives = replay->arrived < replay->n &&
                         replay->jobs[replay->arrived].submit <= replay->now;

    if (!ends && !arrives)
        return false;
    if (!ends || (arrives && replay->options->arrivals_first))
        submit(replay);
    else if (first->rank > 0 || replay->options->arrivals_first)
        end(replay);
    else
        end_planned(replay);
    return true;
}

static void live_through(struct replay *replay)
{
    while (next_time(replay)) {
        bool decided = false;

        while (step(replay))
            if ((decided = !replay->options->pass_each_second))
                pass(replay);
        if (!decided)
            pass(replay);
    }
}

/* Nothing runs, nothing comes, and still a job waits. */
static int find_stuck(const struct replay *replay, struct err *err)
{
    for (size_t i = 0; i < replay->n; i++) {
        const struct outcome *outcome = &replay->result->outcomes[i];
        struct err why = {0};

        if (outcome->start >= 0 || outcome->procs == 0)
            continue;
        (void)sched_why(replay->sched, id_of(i).job, &why);
        return err_set(err, EDEADLK, "job %lld never starts: %s",
                       (long long)replay->jobs[i].number,
                       why.text[0] ? why.text : "the engine does not say why");
    }
    return 0;
}

static void take_counts(struct replay *replay)
{
    struct sched_counts counts;

    sched_counts(replay->sched, &counts);
    replay->result->passes = counts.passes;
    replay->result->decisions = counts.decisions;
    replay->result->tests = counts.tests;
}

void replay_result_fini(struct replay_result *result)
{
    for (size_t i = 0; result->places && i < result->n_jobs; i++)
        free(result->places[i]);
    free(result->places);
    free(result->outcomes);
    *result = (struct replay_result){0};
}

int replay_run(const struct machine *machine, const struct trace_job *jobs, size_t n,
               const struct replay_options *options, struct replay_result *ret,
               struct err *err)
{
    struct replay_result result = {.n_jobs = n};
    struct replay replay = {.machine = machine,
                            .jobs = jobs,
                            .n = n,
                            .options = options,
                            .result = &result,
                            .now = n ? jobs[0].submit : 0};
    int rc = create_sched(&replay, err);

    if (rc)
        return rc;
    result.outcomes = xcalloc(n + 1, sizeof(*result.outcomes));
    if (options->keep_places)
        result.places = xcalloc(n + 1, sizeof(char *));
    bring_nodes_up(&replay);
    live_through(&replay);
    take_counts(&replay);
    rc = find_stuck(&replay, err);
    sched_destroy(replay.sched);
    agenda_fini(&replay.agenda);
    if (rc)
        replay_result_fini(&result);
    else
        *ret = result;
    return rc;
}
