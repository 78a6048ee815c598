/* SPDX-License-Identifier: Apache-2.0
 *
 * explain.c - when would it start, what is in its way, what would help
 *
 * Plans ahead: whoever comes before the job is promised its first start, in order,
 * as if each took all the time it asked for. Then the job is looked at, and
 * variants of it. All of these promises are taken back at the end, so nothing has
 * changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

/* Jobs that are planned at most, and tasks of one array. */
#define AHEAD_MAX 1000
#define TASKS_MAX 16

/* A job and its place in the order. */
struct entry {
    struct sched_job *job;
    double rank;
};

struct plan {
    struct sched *sched;
    int64_t now;
    struct entry *entries; /* ready jobs, first comes first */
    size_t n_entries;
    struct promise **made;
    size_t n_made, cap_made;
    struct gain gain; /* as it was */
};

static int compare_entries(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    const struct sched_job *ja = a->job, *jb = b->job;
    if (ja->group->tier != jb->group->tier)
        return ja->group->tier > jb->group->tier ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    if (ja->since != jb->since)
        return ja->since < jb->since ? -1 : 1;
    return (ja->id > jb->id) - (ja->id < jb->id);
}

static void plan_init(struct plan *plan, struct sched *sched, int64_t now)
{
    size_t cap = sched->counts.waiting + 1;
    *plan = (struct plan){.sched = sched, .now = now, .gain = sched->gain};
    plan->entries = xcalloc(cap, sizeof(*plan->entries));
    for (struct group *group = sched->groups; group; group = group->hh.next)
        for (struct sched_job *job = group->jobs; job; job = job->next)
            plan->entries[plan->n_entries++] = (struct entry){
                job, order_rank(sched, group, job, sched->order.made_at)};
    qsort(plan->entries, plan->n_entries, sizeof(*plan->entries), compare_entries);
}

/* Last in, first out: each finds the timelines as it left them. */
static void plan_fini(struct plan *plan)
{
    while (plan->n_made > 0)
        promise_drop(plan->sched, plan->made[--plan->n_made]);
    plan->sched->gain = plan->gain;
    free(plan->made);
    free(plan->entries);
}

static void claim(struct plan *plan, struct sched_job *job, const struct slot *slot,
                  int64_t length)
{
    promise_make(plan->sched, job, slot, length);
    if (plan->n_made == plan->cap_made) {
        plan->cap_made = plan->cap_made ? 2 * plan->cap_made : 64;
        plan->made = xrealloc(plan->made, plan->cap_made, sizeof(struct promise *));
    }
    plan->made[plan->n_made++] = job->promise;
}

static uint32_t tasks_of(const struct sched_job *job)
{
    uint32_t n = job->is_array ? array_spec_count(&job->left) : 1;
    if (job->is_array && job->left.limit && job->left.limit - job->n_running < n)
        n = job->left.limit - job->n_running;
    return n < TASKS_MAX ? n : TASKS_MAX;
}

/* The start of the job, or of its first task; 0: there is none within the window. */
static int64_t plan_job(struct plan *plan, struct sched_job *job)
{
    int64_t first = 0, length;
    int64_t before = time_after(plan->now, plan->sched->options.window);
    for (uint32_t i = 0; i < tasks_of(job); i++) {
        struct slot slot = {0};
        if (!sets_search(plan->sched, job, plan->now, before, &slot, &length))
            break;
        claim(plan, job, &slot, length);
        first = first ? first : slot.start;
        slot_fini(&slot);
    }
    return first;
}

static int compare_estimates(const void *pa, const void *pb)
{
    const struct sched_estimate *a = pa, *b = pb;
    bool a_none = a->start == 0, b_none = b->start == 0;
    if (a_none != b_none)
        return a_none ? 1 : -1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return (a->job > b->job) - (a->job < b->job);
}

size_t sched_estimates(struct sched *sched, int64_t now, struct sched_estimate *ret,
                       size_t max)
{
    cleanup(plan_fini) struct plan plan;
    size_t n = 0;
    for (struct promise *p = sched->promises; p && n < max; p = p->next)
        ret[n++] = (struct sched_estimate){p->job->id, p->start, !p->is_plan};
    plan_init(&plan, sched, now);
    for (size_t i = 0; i < plan.n_entries && n < max; i++) {
        struct sched_job *job = plan.entries[i].job;
        ret[n++] = (struct sched_estimate){job->id, plan_job(&plan, job), false};
    }
    qsort(ret, n, sizeof(*ret), compare_estimates);
    return n;
}

/* --------------------------------------------------------------- blockers */

static bool is_noted(const struct sched_explanation *e, struct sched_id id)
{
    for (size_t i = 0; i < e->n_blockers; i++)
        if (e->blockers[i].job == id.job && e->blockers[i].task == id.task)
            return true;
    return false;
}

/* Runs on the nodes that it will get, which end before it can start. */
static void note_blockers(const struct sched *sched, const struct slot *slot,
                          struct sched_explanation *e)
{
    for (uint32_t i = 0; i < slot->n_nodes; i++) {
        const struct sched_node *node = &sched->nodes[slot->nodes[i].node];
        for (uint32_t h = 0; h < node->n_holds; h++) {
            const struct run *run = node->holds[h].run;
            if (run->edge.time > slot->start || e->n_blockers == SCHED_BLOCKERS_MAX ||
                is_noted(e, run->id))
                continue;
            e->blocker_ends[e->n_blockers] = run->edge.time;
            e->blockers[e->n_blockers++] = run->id;
        }
    }
}

/* Its cores, if each node is as it will be when those that run have ended. */
static struct place_result *preview(const struct sched *sched, struct group *group,
                                    const struct slot *slot)
{
    struct place_cluster *then = place_cluster_dup(sched->cluster);
    cleanup(bitset_destroyp) struct bitset *nodes = bitset_create(sched->n_nodes);
    struct place_request place = group->req.place;
    struct place_result *ret = NULL;
    for (uint32_t i = 0; i < slot->n_nodes; i++)
        bitset_set(nodes, slot->nodes[i].node);
    for (const struct run *run = sched->runs; run; run = run->hh.next)
        for (size_t i = 0; i < run->where->n_shares && run->state != RUN_STOPPED &&
                           run->edge.time <= slot->start;
             i++)
            if (bitset_test(nodes, run->where->shares[i].node))
                place_cluster_release(then, &run->where->shares[i]);
    place.allowed = nodes;
    place.quotas = group->demand.quotas;
    place.n_quotas = group->demand.n_quotas;
    if (place_choose(then, &place, &sched->options.place, PLACE_WHY, &ret, NULL) < 0)
        ret = NULL;
    place_cluster_destroy(then);
    return ret;
}

/* --------------------------------------------------------------- remedies */

static void add_remedy(struct sched_explanation *e, char *change, int64_t start)
{
    e->remedies = xrealloc(e->remedies, e->n_remedies + 1, sizeof(*e->remedies));
    e->remedies[e->n_remedies++] =
        (struct sched_remedy){.change = change, .start = start};
}

/* When would a job like this one start? TIME_NEVER: not before 'before'. */
static int64_t start_of(struct plan *plan, const struct sched_request *req,
                        int64_t before)
{
    struct group *group;
    struct slot slot = {0};
    int64_t start = TIME_NEVER;
    if (groups_find(plan->sched, req, &group, NULL) < 0)
        return start;
    if (search_start(plan->sched, group, plan->now, before,
                     limit_length(req->time_limit), &slot))
        start = slot.start;
    slot_fini(&slot);
    groups_unref(plan->sched, group);
    return start;
}

/* What is proposed is still true for who reads it and submits again. */
#define TIME_TO_ACT 15 /* seconds */

/* The longest time, in whole minutes, with which it could start at once. */
static void try_shorter(struct plan *plan, struct sched_request req,
                        struct sched_explanation *e)
{
    int64_t high =
        req.time_limit == TIME_UNLIMITED ? plan->sched->options.window : req.time_limit;
    int64_t low = 0;
    for (high /= 60; high - low > 1;) {
        int64_t middle = low + (high - low) / 2;
        req.time_limit = middle * 60 + TIME_TO_ACT;
        if (start_of(plan, &req, plan->now + 1) <= plan->now)
            low = middle;
        else
            high = middle;
    }
    if (low == 0)
        return;
    cleanup(freep) char *text = duration_format(low * 60);
    add_remedy(e, xasprintf("--time=%s", text), plan->now);
}

static void try_fewer_nodes(struct plan *plan, struct sched_request req, uint32_t nodes,
                            struct sched_explanation *e)
{
    uint32_t per_node = req.place.tasks && nodes ? req.place.tasks / nodes : 0;
    bool scales = per_node > 0 && req.place.tasks % nodes == 0;
    int64_t best = e->start ? e->start : TIME_NEVER;
    for (uint32_t n = nodes - 1; n > 0 && best > plan->now; n = n > 8 ? n / 2 : n - 1) {
        req.place.nodes_min = req.place.nodes_max = n;
        if (scales)
            req.place.tasks = n * per_node;
        int64_t start = start_of(plan, &req, best);
        if (start >= best)
            continue;
        best = start;
        add_remedy(e,
                   scales ? xasprintf("--nodes=%u --ntasks=%u", n, n * per_node)
                          : xasprintf("--nodes=%u", n),
                   start);
    }
}

static void try_without(struct plan *plan, struct sched_request req, const char *option,
                        struct sched_explanation *e)
{
    int64_t before = e->start ? e->start : TIME_NEVER;
    int64_t start = start_of(plan, &req, before);
    if (start < before)
        add_remedy(e, xasprintf("without %s", option), start);
}

static void try_partitions(struct plan *plan, struct sched_request req, uint32_t own,
                           struct sched_explanation *e)
{
    const struct sched *sched = plan->sched;
    int64_t before = e->start ? e->start : TIME_NEVER;
    for (uint32_t i = 0; i < sched->n_partitions; i++) {
        const struct partition *p = &sched->partitions[i];
        req.partition = p->name;
        if (i == own || !p->up || sched_check(plan->sched, &req, NULL) < 0)
            continue;
        int64_t start = start_of(plan, &req, before);
        if (start < before)
            add_remedy(e, xasprintf("--partition=%s", p->name), start);
    }
}

static void find_remedies(struct plan *plan, const struct sched_job *job,
                          struct sched_explanation *e)
{
    const struct group *group = job->group;
    struct sched_request req = group->req, other;
    req.job = job->id;
    req.partition = plan->sched->partitions[group->partition].name;
    if (e->start && e->start <= plan->now)
        return;
    try_shorter(plan, req, e);
    if (group->demand.nodes_min > 1 && !req.place.required)
        try_fewer_nodes(plan, req, group->demand.nodes_min, e);
    other = req;
    other.features = NULL;
    if (req.features)
        try_without(plan, other, "--constraint", e);
    other = req;
    other.place.exclusive = false;
    other.exclusive = SCHED_SHARED;
    if (req.place.exclusive)
        try_without(plan, other, "--exclusive", e);
    other = req;
    other.place.required = NULL;
    if (req.place.required)
        try_without(plan, other, "--nodelist", e);
    other = req;
    other.licences = NULL;
    if (req.licences)
        try_without(plan, other, "--licenses", e);
    try_partitions(plan, req, group->partition, e);
}

/* ------------------------------------------------------------ explanation */

static void copy_slot(struct slot *to, const struct promise *promise)
{
    to->start = promise->start;
    to->n_nodes = promise->n_nodes;
    to->nodes = xmemdup(promise->nodes, promise->n_nodes * sizeof(*to->nodes));
}

/* Plan everybody before it, and then itself. */
static bool find_slot(struct plan *plan, struct sched_job *job,
                      struct sched_explanation *e, struct slot *slot)
{
    int64_t length, before = time_after(plan->now, plan->sched->options.window);
    if (job->promise) {
        e->is_promised = !job->promise->is_plan;
        copy_slot(slot, job->promise);
        return true;
    }
    for (size_t i = 0; i < plan->n_entries && plan->entries[i].job != job; i++) {
        e->ahead++;
        if (i < AHEAD_MAX)
            plan_job(plan, plan->entries[i].job);
    }
    return e->ahead <= AHEAD_MAX &&
           sets_search(plan->sched, job, plan->now, before, slot, &length);
}

static void explain_waiting(struct plan *plan, struct sched_job *job,
                            struct sched_explanation *e)
{
    struct sched *sched = plan->sched;
    struct slot slot = {0};
    const char *reservation = NULL;
    if (find_slot(plan, job, e, &slot)) {
        e->start = slot.start;
        note_blockers(sched, &slot, e);
        if (!job->leader)
            e->where = preview(sched, job->group, &slot);
    }
    slot_fini(&slot);
    search_allowed(sched, job->group, plan->now,
                   limit_length(job->group->req.time_limit), sched->mask, &reservation);
    if (reservation)
        e->reservation = xstrdup(reservation);
    if (!job->leader)
        find_remedies(plan, job, e);
}

int sched_explain(struct sched *sched, uint32_t id, int64_t now,
                  struct sched_explanation *ret, struct err *err)
{
    struct sched_job *job = waiting_find(sched, id);
    if (!job)
        return err_set(err, ENOENT, "job %u does not wait", id);
    cleanup(plan_fini) struct plan plan;
    *ret = (struct sched_explanation){0};
    ret->reason = sched_why(sched, id, &ret->words);
    plan_init(&plan, sched, now);
    if (job->place != JOB_PARKED)
        explain_waiting(&plan, job, ret);
    else if (job->reason == SCHED_BEGIN_TIME)
        ret->start = job->eligible;
    return 0;
}

void sched_explanation_fini(struct sched_explanation *e)
{
    for (size_t i = 0; i < e->n_remedies; i++)
        free(e->remedies[i].change);
    free(e->remedies);
    free(e->reservation);
    place_result_destroy(e->where);
    *e = (struct sched_explanation){0};
}
