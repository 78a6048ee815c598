/* SPDX-License-Identifier: Apache-2.0
 *
 * waiting.c - jobs that wait: which are ready, and what the others are parked for
 *
 *                   +--> JOB_READY, in its group's list --+--> started
 *     waiting_add --+        ^         |                  |
 *                   |        |         v                  |
 *                   |        +--- JOB_PROMISED -----------+
 *                   +--> JOB_PARKED (held, too early, depends, array at its limit)
 */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

struct sched_job *waiting_find(const struct sched *sched, uint32_t id)
{
    struct sched_job *job;
    HASH_FIND(hh, sched->jobs, &id, sizeof(id), job);
    return job;
}

/* --------------------------------------------------------------- timers */

static void put_timer(struct sched *sched, size_t at, struct sched_job *job)
{
    sched->timers[at] = job;
    job->timer = at + 1;
}

static void sift_up(struct sched *sched, size_t at, struct sched_job *job)
{
    while (at > 0 && sched->timers[(at - 1) / 2]->wake > job->wake) {
        put_timer(sched, at, sched->timers[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_timer(sched, at, job);
}

static void sift_down(struct sched *sched, size_t at, struct sched_job *job)
{
    for (size_t child; (child = 2 * at + 1) < sched->n_timers; at = child) {
        if (child + 1 < sched->n_timers &&
            sched->timers[child + 1]->wake < sched->timers[child]->wake)
            child++;
        if (sched->timers[child]->wake >= job->wake)
            break;
        put_timer(sched, at, sched->timers[child]);
    }
    put_timer(sched, at, job);
}

static void stop_timer(struct sched *sched, struct sched_job *job)
{
    if (job->timer == 0)
        return;
    size_t at = job->timer - 1;
    struct sched_job *last = sched->timers[--sched->n_timers];
    job->timer = 0;
    if (last == job)
        return;
    if (at > 0 && sched->timers[(at - 1) / 2]->wake > last->wake)
        sift_up(sched, at, last);
    else
        sift_down(sched, at, last);
}

static void start_timer(struct sched *sched, struct sched_job *job)
{
    if (job->wake == 0)
        return;
    if (sched->n_timers == sched->cap_timers) {
        sched->cap_timers = sched->cap_timers ? 2 * sched->cap_timers : 64;
        sched->timers =
            xrealloc(sched->timers, sched->cap_timers, sizeof(struct sched_job *));
    }
    sift_up(sched, sched->n_timers++, job);
}

void waiting_wake(struct sched *sched, int64_t now)
{
    while (sched->n_timers > 0 && sched->timers[0]->wake <= now) {
        struct sched_job *job = sched->timers[0];
        stop_timer(sched, job);
        sched->gain.other |= job->promise != NULL;
        waiting_settle(sched, job, now);
    }
}

int64_t waiting_next_time(const struct sched *sched)
{
    return sched->n_timers ? sched->timers[0]->wake : 0;
}

/* ---------------------------------------------------------------- lists */

static bool goes_before(const struct sched_job *a, const struct sched_job *b)
{
    return a->since != b->since ? a->since < b->since : a->id < b->id;
}

static void insert(struct group *group, struct sched_job *job)
{
    struct sched_job *at = group->jobs ? group->jobs->prev : NULL;
    while (at && goes_before(job, at))
        at = at == group->jobs ? NULL : at->prev;
    if (at)
        DL_APPEND_ELEM(group->jobs, at, job);
    else
        DL_PREPEND(group->jobs, job);
}

/* Those that are ready or promised are counted, with when they came. */
void waiting_set_place(struct sched *sched, struct sched_job *job, enum job_place place)
{
    int by = (place != JOB_PARKED) - (job->place != JOB_PARKED);
    sched->n_ready = sched->n_ready + (uint64_t)(int64_t)by;
    sched->sum_since += by * job->since;
    job->place = place;
}

static void list(struct sched *sched, struct sched_job *job)
{
    struct group *group = job->group;
    bool first = !group->jobs || goes_before(job, group->jobs);
    if (first)
        order_leave(sched, group);
    insert(group, job);
    waiting_set_place(sched, job, JOB_READY);
    /* One more of a group that waits for room changes nothing. */
    if (first) {
        group->tested = 0;
        order_enter(sched, group);
    }
}

void waiting_unlist(struct sched *sched, struct sched_job *job)
{
    struct group *group = job->group;
    bool first = group->jobs == job;
    if (job->place != JOB_READY)
        return;
    if (first)
        order_leave(sched, group);
    DL_DELETE(group->jobs, job);
    if (first)
        order_enter(sched, group);
    waiting_set_place(sched, job, JOB_PARKED);
}

static void unplace(struct sched *sched, struct sched_job *job)
{
    stop_timer(sched, job);
    if (job->promise)
        promise_drop(sched, job->promise);
    waiting_unlist(sched, job);
    waiting_set_place(sched, job, JOB_PARKED);
}

/* ------------------------------------------------------------- settling */

static void refuse(struct sched *sched, struct sched_job *job)
{
    if (job->is_refused)
        return;
    job->is_refused = true;
    if (sched->n_refusals == sched->cap_refusals) {
        sched->cap_refusals = sched->cap_refusals ? 2 * sched->cap_refusals : 8;
        sched->refusals =
            xrealloc(sched->refusals, sched->cap_refusals, sizeof(uint32_t));
    }
    sched->refusals[sched->n_refusals++] = job->id;
}

static void wake_at(struct sched_job *job, int64_t when)
{
    if (job->wake == 0 || when < job->wake)
        job->wake = when;
}

static int64_t least_length(const struct group *group)
{
    if (group->req.time_min > 0)
        return group->req.time_min;
    return group->req.time_limit == TIME_UNLIMITED ? 0 : group->req.time_limit;
}

static enum sched_reason judge_depend(struct sched *sched, struct sched_job *job,
                                      int64_t now)
{
    struct err words = {0};
    if (job->depend.n == 0)
        return SCHED_NONE;
    switch (depend_judge(sched, job, now, &words)) {
    case DEPEND_HOLDS:
        if (!job->is_array || !depend_is_by_task(job))
            depend_spec_fini(&job->depend);
        return SCHED_NONE;
    case DEPEND_WAITS:
        str_replace(&job->words, words.text);
        return SCHED_DEPENDENCY;
    case DEPEND_NEVER:
        break;
    }
    str_replace(&job->words, words.text);
    refuse(sched, job);
    return SCHED_DEPENDENCY_NEVER;
}

static enum sched_reason judge_deadline(struct sched *sched, struct sched_job *job,
                                        int64_t now)
{
    if (job->deadline == 0)
        return SCHED_NONE;
    int64_t last = job->deadline - least_length(job->group);
    if (now <= last) {
        wake_at(job, last + 1);
        return SCHED_NONE;
    }
    str_replace(&job->words, "it can no longer end before its --deadline");
    refuse(sched, job);
    return SCHED_PAST_DEADLINE;
}

static bool set_is_ready(const struct sched *sched, const struct sched_job *leader)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < leader->set_size; i++) {
        const struct sched_job *job = waiting_find(sched, leader->id + i);
        /* A component that could start stands parked with this reason. */
        n += job && job->leader == leader->id &&
             (job == leader || job->reason == SCHED_PRIORITY);
    }
    return n == leader->set_size;
}

/* SCHED_NONE: it is ready. */
static enum sched_reason judge(struct sched *sched, struct sched_job *job, int64_t now)
{
    enum sched_reason reason = judge_deadline(sched, job, now);
    if (reason == SCHED_NONE && job->held)
        reason = SCHED_HELD;
    if (reason == SCHED_NONE && job->eligible > now) {
        wake_at(job, job->eligible);
        reason = SCHED_BEGIN_TIME;
    }
    if (reason == SCHED_NONE)
        reason = judge_depend(sched, job, now);
    if (reason != SCHED_NONE)
        return reason;
    if (job->is_array && job->left.limit && job->n_running >= job->left.limit)
        return SCHED_ARRAY_LIMIT;
    if (job->gang)
        return gangs_judge(sched, job);
    if (job->leader && (job->leader != job->id || !set_is_ready(sched, job)))
        return SCHED_PRIORITY;
    /* It takes more switches from then on. */
    if (job->group->req.place.switches_max &&
        job->since + job->group->req.switches_wait > now)
        wake_at(job, job->since + job->group->req.switches_wait);
    return SCHED_NONE;
}

static void settle_leader(struct sched *sched, uint32_t id, uint32_t leader,
                          int64_t now)
{
    struct sched_job *job = leader != id ? waiting_find(sched, leader) : NULL;
    if (job)
        waiting_settle(sched, job, now);
}

void waiting_settle(struct sched *sched, struct sched_job *job, int64_t now)
{
    if (job->is_array) {
        job->task = array_spec_next(&job->left, 0);
        if (job->task == ARRAY_NONE) {
            unplace(sched, job);
            if (job->n_running == 0)
                waiting_forget(sched, job);
            return;
        }
    }
    uint32_t size = job->set_size, last = job->set_last;
    stop_timer(sched, job);
    job->wake = 0;
    gangs_unready(sched, job);
    if (job->gang)
        job->leader = 0;
    str_replace(&job->words, NULL);
    job->reason = judge(sched, job, now);
    /* What was promised to some of a gang is not promised to others. */
    if (job->reason != SCHED_NONE || job->set_size != size || job->set_last != last)
        unplace(sched, job);
    if (job->reason == SCHED_NONE && job->place == JOB_PARKED)
        list(sched, job);
    start_timer(sched, job);
    if (job->gang)
        gangs_settle(sched, job, now);
    else
        settle_leader(sched, job->id, job->leader, now);
}

/* --------------------------------------------------------- come and gone */

struct sched_job *waiting_add(struct sched *sched, const struct sched_request *req,
                              struct group *group, int64_t now, struct err *err)
{
    struct sched_job *job = xcalloc(1, sizeof(*job));
    job->id = req->job;
    job->group = group;
    job->place = JOB_PARKED;
    job->submit = req->submit_time;
    job->eligible = req->eligible_time;
    job->since = job->eligible > job->submit ? job->eligible : job->submit;
    job->deadline = req->deadline;
    job->held = req->held;
    job->leader = req->leader;
    job->set_size = req->set_size;
    int rc =
        req->dependency ? depend_spec_parse(req->dependency, &job->depend, err) : 0;
    if (rc < 0) {
        err_wrap(err, "--dependency=%.200s", req->dependency);
        free(job);
        return NULL;
    }
    str_replace(&job->name, req->name);
    if (req->array) {
        job->is_array = true;
        array_spec_copy(req->array, &job->left);
    }
    HASH_ADD(hh, sched->jobs, id, sizeof(job->id), job);
    sched->counts.waiting++;
    if (req->gang)
        gangs_join(sched, job, req);
    waiting_settle(sched, job, now);
    return job;
}

void waiting_started(struct sched *sched, struct sched_job *job, int64_t now)
{
    if (job->is_array) {
        array_spec_remove(&job->left, job->task);
        waiting_settle(sched, job, now);
        return;
    }
    waiting_forget(sched, job);
}

void waiting_forget(struct sched *sched, struct sched_job *job)
{
    unplace(sched, job);
    gangs_unready(sched, job);
    HASH_DEL(sched->jobs, job);
    sched->counts.waiting--;
    struct group *group = job->group;
    uint32_t id = job->id, leader = job->gang ? 0 : job->leader, gang = job->gang;
    depend_spec_fini(&job->depend);
    array_spec_fini(&job->left);
    free(job->name);
    free(job->words);
    free(job);
    groups_unref(sched, group);
    if (leader)
        settle_leader(sched, id, leader, sched->pass.now);
    gangs_leave(sched, gang, id, sched->pass.now);
}

void waiting_fini(struct sched *sched)
{
    struct sched_job *job, *next;
    HASH_ITER(hh, sched->jobs, job, next)
    waiting_forget(sched, job);
    free(sched->timers);
    free(sched->refusals);
}
