/* SPDX-License-Identifier: Apache-2.0
 *
 * gangs.c - jobs of their own that start together or not at all
 *
 * Members come one by one. As long as those that could start and those that run are
 * fewer than the gang is to have, all of them are parked. Then the first is the leader
 * of a set (sets.c) of as many as the gang lacks; one that comes in place of a member
 * that ended, or is one too many, starts beside those that run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

/* Whenever one of them is looked at, all are. */
#define WAITING_MAX (4 * SCHED_SET_MAX)

struct gang {
    uint32_t id, size; /* as the first member said */
    uint32_t n_running;
    uint32_t *jobs; /* that wait, by number */
    uint32_t n, cap;
    uint32_t n_ready; /* of them, could start but for the others */
    bool is_busy;     /* it is being settled, or started */
    UT_hash_handle hh;
};

static struct gang *find(const struct sched *sched, uint32_t id)
{
    struct gang *gang;
    HASH_FIND(hh, sched->gangs, &id, sizeof(id), gang);
    return gang;
}

static struct gang *find_or_make(struct sched *sched, const struct sched_request *req)
{
    struct gang *gang = find(sched, req->gang);
    if (!gang) {
        gang = xcalloc(1, sizeof(*gang));
        gang->id = req->gang;
        gang->size = req->gang_size;
        HASH_ADD(hh, sched->gangs, id, sizeof(gang->id), gang);
    }
    return gang;
}

static void free_if_empty(struct sched *sched, struct gang *gang)
{
    if (gang->n > 0 || gang->n_running > 0 || gang->is_busy)
        return;
    HASH_DEL(sched->gangs, gang);
    free(gang->jobs);
    free(gang);
}

int gangs_check(const struct sched *sched, const struct sched_request *req,
                struct err *err)
{
    const struct gang *gang = req->gang ? find(sched, req->gang) : NULL;
    const struct sched_job *known = gang ? waiting_find(sched, req->job) : NULL;
    if (req->gang && req->gang_size > SCHED_SET_MAX)
        return err_set(err, EINVAL, "a gang has at most %d members", SCHED_SET_MAX);
    if (!gang || (known && known->gang == gang->id))
        return 0;
    if (gang->size != req->gang_size)
        return err_set(err, EINVAL,
                       "the other members of its gang say that there are to be %u, "
                       "not %u",
                       gang->size, req->gang_size);
    if (gang->n >= WAITING_MAX)
        return err_set(err, EAGAIN, "%u members of its gang wait already", gang->n);
    return 0;
}

static void settle(struct sched *sched, struct gang *gang, int64_t now)
{
    if (gang->is_busy)
        return;
    gang->is_busy = true;
    for (uint32_t i = 0; i < gang->n; i++)
        waiting_settle(sched, waiting_find(sched, gang->jobs[i]), now);
    gang->is_busy = false;
    free_if_empty(sched, gang);
}

void gangs_join(struct sched *sched, struct sched_job *job,
                const struct sched_request *req)
{
    struct gang *gang = find_or_make(sched, req);
    uint32_t at = gang->n;
    if (gang->n == gang->cap) {
        gang->cap = gang->cap ? 2 * gang->cap : 8;
        gang->jobs = xrealloc(gang->jobs, gang->cap, sizeof(*gang->jobs));
    }
    for (; at > 0 && gang->jobs[at - 1] > job->id; at--)
        gang->jobs[at] = gang->jobs[at - 1];
    gang->jobs[at] = job->id;
    gang->n++;
    job->gang = gang->id;
}

void gangs_leave(struct sched *sched, uint32_t id, uint32_t job, int64_t now)
{
    struct gang *gang = id ? find(sched, id) : NULL;
    uint32_t at = 0;
    if (!gang)
        return;
    while (at < gang->n && gang->jobs[at] != job)
        at++;
    BUG_ON(at == gang->n);
    gang->n--;
    memmove(&gang->jobs[at], &gang->jobs[at + 1], (gang->n - at) * sizeof(*gang->jobs));
    settle(sched, gang, now);
}

void gangs_moved(struct sched *sched, const struct group *group, int by)
{
    if (!group->req.gang)
        return;
    struct gang *gang = find_or_make(sched, &group->req);
    gang->n_running += (uint32_t)by;
    settle(sched, gang, sched->pass.now);
}

void gangs_settle(struct sched *sched, const struct sched_job *job, int64_t now)
{
    struct gang *gang = job->gang ? find(sched, job->gang) : NULL;
    if (gang)
        settle(sched, gang, now);
}

void gangs_unready(const struct sched *sched, struct sched_job *job)
{
    if (job->is_gang_ready)
        find(sched, job->gang)->n_ready--;
    job->is_gang_ready = false;
}

/* The 'i'-th of those that could start; NULL: there are not so many. */
static struct sched_job *ready_member(const struct sched *sched,
                                      const struct gang *gang, uint32_t i)
{
    for (uint32_t k = 0; k < gang->n; k++) {
        struct sched_job *job = waiting_find(sched, gang->jobs[k]);
        if (job->is_gang_ready && i-- == 0)
            return job;
    }
    return NULL;
}

/* How many of those that could start begin together. */
static uint32_t set_size(const struct gang *gang)
{
    uint32_t lacks = gang->size > gang->n_running ? gang->size - gang->n_running : 1;
    return lacks < gang->n_ready ? lacks : gang->n_ready;
}

enum sched_reason gangs_judge(struct sched *sched, struct sched_job *job)
{
    struct gang *gang = find(sched, job->gang);
    gang->n_ready += !job->is_gang_ready;
    job->is_gang_ready = true;
    job->set_size = job->set_last = 0;
    if (gang->n_ready + gang->n_running < gang->size) {
        cleanup(freep) char *words =
            xasprintf("%u of the %u of its gang are there",
                      gang->n_ready + gang->n_running, gang->size);
        str_replace(&job->words, words);
        return SCHED_GANG;
    }
    const struct sched_job *leader = ready_member(sched, gang, 0);
    job->leader = leader->id;
    if (leader != job)
        return SCHED_PRIORITY;
    job->set_size = set_size(gang);
    job->set_last = ready_member(sched, gang, job->set_size - 1)->id;
    return SCHED_NONE;
}

struct sched_job *sets_member(const struct sched *sched, const struct sched_job *leader,
                              uint32_t i)
{
    return leader->gang ? ready_member(sched, find(sched, leader->gang), i)
                        : waiting_find(sched, leader->id + i);
}

uint32_t sets_component(const struct sched *sched, const struct sched_job *job)
{
    uint32_t i = 0;
    if (!job->leader)
        return 0;
    if (!job->gang)
        return job->id - job->leader;
    while (ready_member(sched, find(sched, job->gang), i) != job)
        i++;
    return i;
}

void gangs_begin(struct sched *sched, uint32_t id)
{
    struct gang *gang = id ? find(sched, id) : NULL;
    if (gang)
        gang->is_busy = true;
}

void gangs_begun(struct sched *sched, uint32_t id, bool started, int64_t now)
{
    struct gang *gang = id ? find(sched, id) : NULL;
    if (!gang)
        return;
    gang->is_busy = false;
    if (started)
        settle(sched, gang, now);
}
