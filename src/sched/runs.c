/* SPDX-License-Identifier: Apache-2.0
 *
 * runs.c - what runs, and the order in which it is expected to end
 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/history.h"
#include "sched/internal.h"

int edge_compare(const struct edge *a, const struct edge *b)
{
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->serial > b->serial) - (a->serial < b->serial);
}

__extension__ RB_GENERATE(edge_tree, edge, entry, edge_compare)

    void edges_add(struct sched *sched, struct edge *edge, int64_t time)
{
    edge->time = time;
    edge->serial = ++sched->serial;
    if (time != TIME_NEVER)
        RB_INSERT(edge_tree, &sched->edges, edge);
}

void edges_remove(struct sched *sched, struct edge *edge)
{
    if (edge->time != TIME_NEVER)
        RB_REMOVE(edge_tree, &sched->edges, edge);
}

struct run *runs_find(const struct sched *sched, struct sched_id id)
{
    struct run *run;
    HASH_FIND(hh, sched->runs, &id, sizeof(id), run);
    return run;
}

/* A run that should have ended already is about to. */
static int64_t expected_end(const struct sched *sched, int64_t start, int64_t limit,
                            int64_t now)
{
    int64_t end = time_after(start, limit_length(limit));
    return end > now ? end : time_after(now, sched->options.overrun);
}

static void charge(struct sched *sched, struct run *run, int64_t now)
{
    if (run->group->has_assoc)
        assoc_started(sched->options.assoc, &run->group->assoc, &run->tres,
                      run->time_limit, run->start, now);
}

static void discharge(struct sched *sched, struct run *run, int64_t now)
{
    if (run->group->has_assoc)
        assoc_ended(sched->options.assoc, &run->group->assoc, &run->tres,
                    run->time_limit, run->start, now);
}

struct run *runs_begin(struct sched *sched, struct sched_id id, struct group *group,
                       struct sched_job *job, struct place_result *where,
                       int64_t job_since, int64_t start, int64_t time_limit,
                       int64_t now)
{
    struct run *run = xcalloc(1, sizeof(*run));
    *run = (struct run){.id = id,
                        .group = group,
                        .job = job,
                        .where = where,
                        .since = job_since,
                        .start = start,
                        .time_limit = time_limit};
    run->tres = result_tres(sched, where);
    group->n_refs++;
    HASH_ADD(hh, sched->runs, id, sizeof(run->id), run);
    edges_add(sched, &run->edge, expected_end(sched, start, time_limit, now));
    nodes_hold(sched, run, start, run->edge.time);
    licences_free(sched, &group->licences, now, run->edge.time - now, &run->licence,
                  NULL);
    licences_plan(sched, &group->licences, run->licence, start, run->edge.time, true);
    charge(sched, run, now);
    if (job)
        job->n_running++;
    sched->n_own_nodes += group->req.exclusive == SCHED_OWN_NODES;
    sched->counts.running++;
    gangs_moved(sched, group, 1);
    return run;
}

/* What is stopped gives its cores and devices back; its memory stays where it is. */
static void keep_memory(struct sched *sched, struct run *run, int64_t now, bool keep)
{
    tell_time(sched, now);
    if (keep) {
        run->kept = place_result_create(run->where->n_shares);
        for (size_t i = 0; i < run->where->n_shares; i++)
            run->kept->shares[i] =
                (struct place_share){.node = run->where->shares[i].node,
                                     .memory = run->where->shares[i].memory};
        run->kept->n_shares = run->where->n_shares;
    }
    for (size_t i = 0; i < run->kept->n_shares; i++) {
        const struct place_share *share = &run->kept->shares[i];
        struct amount amount = {.memory = (int64_t)share->memory};
        struct timeline *line = &sched->nodes[share->node].line;
        if (keep) {
            place_cluster_take(sched->cluster, share);
            timeline_take(line, now, TIME_NEVER, &amount);
        } else {
            place_cluster_release(sched->cluster, share);
            timeline_give(line, now, TIME_NEVER, &amount);
        }
    }
    if (!keep)
        place_result_destroy(take(run->kept));
}

static void leave_nodes(struct sched *sched, struct run *run, int64_t now)
{
    tell_time(sched, now);
    edges_remove(sched, &run->edge);
    nodes_release(sched, run, now, run->edge.time);
    licences_plan(sched, &run->group->licences, run->licence, now, run->edge.time,
                  false);
    discharge(sched, run, now);
}

void runs_stop(struct sched *sched, struct run *run, int64_t now)
{
    leave_nodes(sched, run, now);
    keep_memory(sched, run, now, true);
    run->left = run->time_limit == TIME_UNLIMITED
                    ? TIME_UNLIMITED
                    : run->time_limit - (now - run->start);
    run->state = RUN_STOPPED;
    sched->n_stopped++;
    sched->gain.other |= run->group->has_assoc;
}

void runs_resume(struct sched *sched, struct run *run, int64_t now)
{
    keep_memory(sched, run, now, false);
    sched->n_stopped--;
    run->state = RUN_RUNNING;
    run->time_limit = run->left;
    run->start = now;
    edges_add(sched, &run->edge, expected_end(sched, now, run->left, now));
    nodes_hold(sched, run, now, run->edge.time);
    licences_plan(sched, &run->group->licences, run->licence, now, run->edge.time,
                  true);
    charge(sched, run, now);
}

void runs_end(struct sched *sched, struct run *run, int64_t now)
{
    struct group *group = run->group;
    bool was_leaving = run->state == RUN_LEAVING;
    if (run->state == RUN_STOPPED) {
        keep_memory(sched, run, now, false);
        for (size_t i = 0; i < run->where->n_shares; i++)
            nodes_note_gain(sched, run->where->shares[i].node, TIME_NEVER);
        sched->n_stopped--;
    } else {
        leave_nodes(sched, run, now);
    }
    sched->gain.other |= group->has_assoc || group->licences.n > 0;
    if (run->job)
        run->job->n_running--;
    sched->n_own_nodes -= group->req.exclusive == SCHED_OWN_NODES;
    HASH_DEL(sched->runs, run);
    place_result_destroy(run->where);
    free(run->name);
    free(run);
    if (!was_leaving)
        gangs_moved(sched, group, -1);
    groups_unref(sched, group);
    sched->counts.running--;
}

/* The run is expected to end at another time. */
static void move_end(struct sched *sched, struct run *run, int64_t end)
{
    int64_t old = run->edge.time;
    edges_remove(sched, &run->edge);
    edges_add(sched, &run->edge, end);
    if (end > old) {
        nodes_plan(sched, run, old, end, true);
        licences_plan(sched, &run->group->licences, run->licence, old, end, true);
    } else {
        nodes_plan(sched, run, end, old, false);
        licences_plan(sched, &run->group->licences, run->licence, end, old, false);
    }
}

/* Promises on the nodes of a run that stays longer may have to be made later. */
static void break_promises(struct sched *sched, const struct run *run)
{
    for (struct promise *p = sched->promises; p; p = p->next)
        for (size_t i = 0; i < run->where->n_shares && !p->is_broken; i++)
            for (uint32_t n = 0; n < p->n_nodes; n++)
                p->is_broken |= p->nodes[n].node == run->where->shares[i].node;
}

void runs_leave(struct sched *sched, struct run *run, int64_t end)
{
    run->state = RUN_LEAVING;
    if (end < run->edge.time)
        move_end(sched, run, end);
    gangs_moved(sched, run->group, -1);
}

static void set_limit(struct sched *sched, struct run *run, int64_t time_limit,
                      int64_t now)
{
    int64_t end = expected_end(sched, run->start, time_limit, now),
            old = run->edge.time;
    if (run->state == RUN_STOPPED) {
        int64_t by = time_limit - run->time_limit;
        bool endless = time_limit == TIME_UNLIMITED || run->left == TIME_UNLIMITED;
        run->left = endless ? time_limit : run->left + by;
        run->time_limit = time_limit;
        return;
    }
    if (run->group->has_assoc)
        assoc_limit_changed(sched->options.assoc, &run->group->assoc, &run->tres,
                            run->time_limit, time_limit);
    run->time_limit = time_limit;
    move_end(sched, run, end);
    if (end > old)
        break_promises(sched, run);
    for (size_t i = 0; end < old && i < run->where->n_shares; i++)
        nodes_note_gain(sched, run->where->shares[i].node, old);
}

void runs_extend_overdue(struct sched *sched, int64_t now)
{
    struct edge *edge = RB_MIN(edge_tree, &sched->edges), *next;
    for (; edge && edge->time <= now; edge = next) {
        next = RB_NEXT(edge_tree, &sched->edges, edge);
        if (edge->kind != EDGE_RUN)
            continue;
        struct run *run = edge_run(edge);
        run->is_overdue = true;
        move_end(sched, run, time_after(now, sched->options.overrun));
        break_promises(sched, run);
    }
}

/* --------------------------------------------------- what callers tell of */

static void learn(struct sched *sched, const struct run *run, int64_t now)
{
    const struct group *group = run->group;
    if (run->state != RUN_RUNNING)
        return;
    sched_learn(sched, group->req.uid, group->req.time_limit, group->demand.cores,
                now - run->start);
    guard_note_end(sched, run, now);
}

void sched_learn(struct sched *sched, uint32_t uid, int64_t time_limit, uint64_t cores,
                 int64_t seconds)
{
    if (time_limit == TIME_UNLIMITED)
        time_limit = INT64_C(30) * 86400;
    history_learn(sched->history, uid, time_limit, cores, seconds);
}

void sched_ended(struct sched *sched, struct sched_id id, int64_t now)
{
    struct run *run = runs_find(sched, id);
    struct sched_job *job = run ? run->job : NULL;
    if (run)
        learn(sched, run, now);
    if (run && run->group->has_assoc)
        assoc_unsubmitted(sched->options.assoc, &run->group->assoc, 1);
    if (run)
        runs_end(sched, run, now);
    if (job)
        waiting_settle(sched, job, now);
    depend_touch(sched, id.job, now);
}

void sched_adopt_stopped(struct sched *sched, struct sched_id id, int64_t now)
{
    struct run *run = runs_find(sched, id);
    if (run && run->state == RUN_RUNNING)
        runs_stop(sched, run, now);
}

void sched_adopt_leaving(struct sched *sched, struct sched_id id, int64_t grace,
                         bool makes_room, int64_t now)
{
    struct run *run = runs_find(sched, id);
    if (!run || run->state != RUN_RUNNING)
        return;
    run->left_for = makes_room ? LEFT_FOR_ANY : 0;
    runs_leave(sched, run, time_after(now, grace > 0 ? grace : 1));
}

bool sched_is_stopped(const struct sched *sched, struct sched_id id)
{
    const struct run *run = runs_find(sched, id);
    return run && run->state == RUN_STOPPED;
}

void sched_park(struct sched *sched, struct sched_id id, bool parked, int64_t now)
{
    struct run *run = runs_find(sched, id);
    if (!run || run->state == RUN_LEAVING)
        return;
    run->is_parked = parked;
    if (parked && run->state == RUN_RUNNING)
        runs_stop(sched, run, now);
}

void sched_set_limit(struct sched *sched, struct sched_id id, int64_t time_limit)
{
    struct run *run = runs_find(sched, id);
    if (run)
        set_limit(sched, run, time_limit, run->start);
}

int sched_set_class(struct sched *sched, struct sched_id id, uint32_t class,
                    struct err *err)
{
    struct run *run = runs_find(sched, id);
    if (!run)
        return err_set(err, ENOENT, "job %u does not run", id.job);
    struct group *before = run->group, *group;
    struct sched_request req = before->req;
    req.class = class;
    req.partition = sched->partitions[before->partition].name;
    int rc = groups_find(sched, &req, &group, err);
    if (rc)
        return rc;
    /* What is stopped counts nowhere. */
    if (run->state != RUN_STOPPED)
        nodes_tell_run(sched, run, -1);
    run->group = group;
    if (run->state != RUN_STOPPED)
        nodes_tell_run(sched, run, 1);
    groups_unref(sched, before);
    return 0;
}
