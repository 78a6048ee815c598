/* SPDX-License-Identifier: Apache-2.0
 *
 * start.c - start a job now, if it fits and disturbs no promise
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/internal.h"

/* One component that is to start now. */
struct attempt {
    struct sched *sched;
    struct sched_job *job;
    struct group *group;
    int64_t now, limit, length; /* length: of the limit, or TIME_NEVER */
    struct place_result *where;
    const struct promise *kept; /* stay on its nodes, within what it claims; or NULL */
};

static void set_limit(struct attempt *a, int64_t limit)
{
    a->limit = limit;
    a->length = limit_length(limit);
}

/* Words are for people; a simulator has none that would read them. */
static void say(const struct attempt *a, enum sched_reason reason,
                const struct err *words)
{
    bool wanted = words && !a->sched->options.numbers_only;
    groups_say(a->group, reason, wanted ? words->text : NULL);
}

/* A node with promises on it holds the job only if what is promised stays free.
 * How many tasks of a job of several nodes it would get is not known yet, so it
 * must have room for as many as it seems to have now. */
static bool keeps_promises(const struct attempt *a, uint32_t node)
{
    struct sched *sched = a->sched;
    const struct demand *demand = &a->group->demand;
    const struct timeline *line = &sched->nodes[node].line;
    const struct place_node *is = place_cluster_node(sched->cluster, node);
    struct amount then = timeline_least(line, a->now, time_after(a->now, a->length));
    if (a->group->req.place.milli)
        return nodes_capacity(sched, node, a->group, a->now, a->length) > 0;
    /* Nothing of what is free is promised to anybody in that time. */
    if (a->group->req.place.n_gres == 0 && then.cores >= (int32_t)is->n_free &&
        then.memory >= (int64_t)place_node_free_memory(is))
        return true;
    if (!amount_covers(&then, &demand->unit))
        return false;
    sched->counts.tests++;
    uint32_t most = demand->tasks ? demand->tasks : demand->per_node;
    struct place_want want = place_want_of(&a->group->req.place);
    uint32_t room_now = place_want_on_node(&want, sched->cluster, node, false);
    uint32_t room_then = nodes_capacity(sched, node, a->group, a->now, a->length);
    return room_then > 0 && room_then >= (room_now < most ? room_now : most);
}

static int64_t first_promise(const struct sched *sched)
{
    int64_t first = TIME_NEVER;
    for (const struct promise *p = sched->promises; p; p = p->next)
        first = p->start < first ? p->start : first;
    return first;
}

static void mask_promised(const struct attempt *a, struct bitset *allowed)
{
    struct sched *sched = a->sched;
    if (sched->n_promises <= 8 && first_promise(sched) >= time_after(a->now, a->length))
        return;
    for (size_t i = bitset_next(sched->claimed, 0); i < sched->n_nodes;
         i = bitset_next(sched->claimed, i + 1))
        if (bitset_test(allowed, i) && !keeps_promises(a, (uint32_t)i))
            bitset_clear(allowed, i);
}

static void mask_unclaimed(const struct attempt *a, struct bitset *allowed)
{
    struct bitset *own = a->sched->scratch;
    bitset_clear_all(own);
    for (uint32_t i = 0; i < a->kept->n_nodes; i++)
        if (a->kept->nodes[i].component == sets_component(a->sched, a->job))
            bitset_set(own, a->kept->nodes[i].node);
    bitset_and(allowed, own);
}

static bool has_others(const struct sched_node *node, const struct group *group)
{
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct sched_request *other = &node->holds[h].run->group->req;
        if (other->uid != group->req.uid && (group->req.exclusive == SCHED_OWN_NODES ||
                                             other->exclusive == SCHED_OWN_NODES))
            return true;
    }
    return false;
}

/* --exclusive=user: only nodes on which others have nothing. */
static void mask_others(const struct attempt *a, struct bitset *allowed)
{
    const struct sched *sched = a->sched;
    for (size_t i = bitset_next(allowed, 0); i < sched->n_nodes;
         i = bitset_next(allowed, i + 1))
        if (has_others(&sched->nodes[i], a->group))
            bitset_clear(allowed, i);
}

/* Why its own reservation does not take it now. */
static void say_home(const struct attempt *a, struct err *words)
{
    int64_t last;
    bool is_gone;
    const struct reservation *home = reservation_of(a->sched, a->group, &is_gone);
    const char *name = a->group->req.reservation;
    if (is_gone)
        err_set(words, EAGAIN, "there is no reservation %s any more", name);
    else if (home && reservation_window(home, a->now, a->length, &last) == TIME_NEVER)
        err_set(words, EAGAIN, "reservation %s is too short for its time limit", name);
    else if (home && reservation_window(home, a->now, a->length, &last) > a->now)
        err_set(words, EAGAIN, "reservation %s is not open yet", name);
    else
        err_set(words, EAGAIN, "none of the nodes that it may use is in %s",
                name ? name : "its partition");
}

static bool lacks_nodes(const struct attempt *a, const struct bitset *nodes)
{
    uint32_t n = 0, needed = a->group->demand.nodes_min;
    for (size_t i = bitset_next(nodes, 0); n < needed && i < nodes->nbits;
         i = bitset_next(nodes, i + 1))
        n++;
    return n < needed;
}

/* The nodes that could take part now. -EAGAIN: too few have room; -EBUSY: a
 * reservation or a promise stands in the way, and the group says so. */
static int mask_nodes(const struct attempt *a, const struct place_request *place,
                      struct bitset *allowed)
{
    struct sched *sched = a->sched;
    const char *reservation = NULL;
    struct err words = {0};
    if (place_candidates(sched->cluster, place, sched->scratch) <
        a->group->demand.nodes_min)
        return -EAGAIN;
    if (!search_allowed(sched, a->group, a->now, a->length, allowed, &reservation)) {
        if (reservation)
            err_set(&words, EAGAIN, "reservation %s stands in the way", reservation);
        else
            say_home(a, &words);
        say(a, SCHED_RESERVATION, &words);
        return -EBUSY;
    }
    bitset_and(allowed, sched->scratch);
    search_narrow(sched, a->group, allowed);
    if ((a->group->req.class || a->group->barred) &&
        bitset_next(allowed, 0) == allowed->nbits) {
        err_set(&words, EAGAIN, "%s",
                a->group->barred
                    ? "the nodes that have room have taints that it does not tolerate"
                    : "none of the nodes that have room is one where it may be beside "
                      "(or apart from, or spread with) the pods that run now");
        say(a, SCHED_RESOURCES, &words);
        return -EBUSY;
    }
    if (a->kept)
        mask_unclaimed(a, allowed);
    else if (sched->n_promises > 0)
        mask_promised(a, allowed);
    if (bitset_next(allowed, 0) == allowed->nbits) {
        err_set(&words, EAGAIN,
                "it would end too late on nodes that are promised to jobs before it");
        say(a, SCHED_RESOURCES, &words);
        return -EBUSY;
    }
    if (sched->n_own_nodes > 0 || a->group->req.exclusive == SCHED_OWN_NODES)
        mask_others(a, allowed);
    if (!lacks_nodes(a, allowed))
        return 0;
    err_set(&words, EAGAIN, "the nodes that have room are reserved or promised");
    say(a, SCHED_RESOURCES, &words);
    return -EBUSY;
}

/* Could the nodes that are up hold it when they are empty? */
static bool could_ever(const struct attempt *a, struct err *words)
{
    struct sched *sched = a->sched;
    struct group *group = a->group;
    struct place_request place = group->req.place;
    if (sched->n_up == sched->n_nodes)
        return true;
    if (group->up_checked == sched->up_version)
        return true;
    place.allowed = sched->scratch;
    bitset_copy(sched->scratch, place_cluster_usable(sched->cluster));
    bitset_and(sched->scratch, group->demand.allowed);
    if (place_check(sched->cluster, &place, " up now", words) < 0)
        return false;
    group->up_checked = sched->up_version;
    return true;
}

static bool is_flat(const struct attempt *a)
{
    return a->sched->n_nodes == 1 && !a->sched->reservations &&
           !a->group->req.place.milli && !a->group->req.class && !a->group->barred;
}

/* On a machine of one node the timeline tells it all. */
static bool flat_fits(const struct attempt *a)
{
    const struct sched_node *node = &a->sched->nodes[0];
    struct amount least =
        timeline_least(&node->line, a->now, time_after(a->now, a->length));
    return amount_covers(&least, &a->group->demand.unit);
}

/* Of a node's free cores and memory, what is not free for as long as the job needs
 * it: a share that is taken while the job is placed beside it. */
static struct place_share padding_of(const struct attempt *a, uint32_t index)
{
    struct sched *sched = a->sched;
    const struct place_node *node = place_cluster_node(sched->cluster, index);
    struct amount least = timeline_least(&sched->nodes[index].line, a->now,
                                         time_after(a->now, a->length));
    struct place_share share = {.node = index};
    int64_t memory = (int64_t)place_node_free_memory(node) - least.memory;
    int64_t cores = (int64_t)node->n_free - least.cores;
    share.memory = memory > 0 ? (uint64_t)memory : 0;
    share.n_cores = cores > 0 ? (uint32_t)cores : 0;
    if (!node->free_cores)
        return share;
    share.cores = bitset_create(node->free_cores->nbits);
    uint32_t left = share.n_cores;
    for (size_t i = share.cores->nbits; left > 0 && i-- > 0;) {
        if (!bitset_test(node->free_cores, i))
            continue;
        bitset_set(share.cores, i);
        left--;
    }
    return share;
}

/* A promise may have been made for part of what a node has free now, the rest being
 * promised to others who come later. */
static int choose_kept(struct attempt *a, const struct place_request *place,
                       unsigned int flags, struct err *words)
{
    struct place_cluster *cluster = a->sched->cluster;
    uint32_t n = a->kept->n_nodes;
    cleanup(freep) struct place_share *shares = xcalloc(n, sizeof(*shares));
    for (uint32_t i = 0; i < n; i++) {
        shares[i] = padding_of(a, a->kept->nodes[i].node);
        place_cluster_take(cluster, &shares[i]);
    }
    int rc =
        place_choose(cluster, place, &a->sched->options.place, flags, &a->where, words);
    for (uint32_t i = 0; i < n; i++) {
        place_cluster_release(cluster, &shares[i]);
        bitset_destroy(shares[i].cores);
    }
    return rc;
}

static int place(struct attempt *a, struct err *words)
{
    struct sched *sched = a->sched;
    const struct demand *demand = &a->group->demand;
    struct place_request place = a->group->req.place;
    unsigned int flags =
        sched->options.numbers_only ? PLACE_BAG : PLACE_WHY | PLACE_RUNNER_UP;
    place.quotas = demand->quotas;
    place.n_quotas = demand->n_quotas;
    place.allowed = demand->allowed;
    if (a->group->req.image < sched->n_images)
        place.preferred = sched->images[a->group->req.image];
    if (is_flat(a) && demand->n_alternatives == 1) {
        if (!flat_fits(a))
            return -EAGAIN;
    } else {
        int rc = mask_nodes(a, &place, sched->mask);
        if (rc < 0)
            return rc;
        place.allowed = sched->mask;
    }
    cleanup(liking_fini) struct liking liking = {0};
    if (place.allowed == sched->mask &&
        liking_find(sched, a->group, sched->mask, &liking)) {
        place.levels = liking.levels;
        place.n_levels = liking.n;
    }
    if (place.switches_max && a->now >= a->job->since + a->group->req.switches_wait)
        place.switches_max = 0;
    sched->counts.tests++;
    if (a->kept)
        return choose_kept(a, &place, flags, words);
    return place_choose(sched->cluster, &place, &sched->options.place, flags, &a->where,
                        words);
}

static void say_lack(struct attempt *a, struct err *words)
{
    struct err lacks = {0};
    if (!could_ever(a, &lacks))
        say(a, SCHED_NODES_DOWN, &lacks);
    else
        say(a, SCHED_RESOURCES, words->text[0] ? words : NULL);
}

static bool place_any(struct attempt *a, struct err *words)
{
    struct demand *demand = &a->group->demand;
    bool could = false;
    for (uint32_t i = 0; i < demand->n_alternatives; i++) {
        group_choose(a->group, i);
        int rc = place(a, words);
        if (rc == 0)
            return true;
        if (rc == -EBUSY)
            continue;
        struct err lacks = {0};
        if (could_ever(a, &lacks)) {
            could = true;
            say(a, SCHED_RESOURCES, words);
        } else if (!could) {
            say(a, SCHED_NODES_DOWN, &lacks);
        }
    }
    return false;
}

/* With --time-min: the longest time that fits, within a minute or so. */
static bool place_shorter(struct attempt *a, struct err *words)
{
    int64_t low = a->group->req.time_min, high = a->limit;
    struct place_result *best = NULL;
    if (low <= 0 || (high != TIME_UNLIMITED && low >= high))
        return false;
    if (high == TIME_UNLIMITED)
        high = low + INT64_C(365) * 86400;
    set_limit(a, low);
    if (!place_any(a, words))
        return false;
    while (high - low > 60) {
        int64_t middle = low + (high - low) / 2;
        best = a->where;
        set_limit(a, middle);
        if (place_any(a, words)) {
            place_result_destroy(best);
            low = middle;
        } else {
            a->where = best;
            high = middle;
        }
    }
    set_limit(a, low);
    return true;
}

static bool limits_allow(struct attempt *a, const struct tres *tres)
{
    struct err words = {0};
    limit_reason reason = 0;
    bool quiet = a->sched->options.numbers_only;
    if (!a->group->has_assoc ||
        assoc_check_start(a->sched->options.assoc, &a->group->assoc, tres, a->limit,
                          a->now, &reason, quiet ? NULL : &words) == 0)
        return true;
    say(a, SCHED_LIMIT, &words);
    a->group->limit = reason;
    return false;
}

static bool licences_allow(struct attempt *a)
{
    struct err words = {0};
    if (licences_free(a->sched, &a->group->licences, a->now, a->length, NULL, &words))
        return true;
    say(a, SCHED_LICENSES, &words);
    return false;
}

static bool find_place(struct attempt *a)
{
    struct err text = {0};
    struct err *words = a->sched->options.numbers_only ? NULL : &text;
    if (!limits_allow(a, &a->group->demand.tres) || !licences_allow(a))
        return false;
    if (nodes_lack_room(a->sched, a->group)) {
        say_lack(a, &text);
        return false;
    }
    if (!place_any(a, words ? words : &text) && !place_shorter(a, &text))
        return false;
    struct tres tres = result_tres(a->sched, a->where);
    if (limits_allow(a, &tres))
        return true;
    place_result_destroy(take(a->where));
    return false;
}

static struct run *begin(struct attempt *a)
{
    struct sched_job *job = a->job;
    struct sched_id id = {.job = job->id,
                          .task = job->is_array ? job->task : SCHED_NO_TASK};
    struct run *run = runs_begin(a->sched, id, a->group, job->is_array ? job : NULL,
                                 a->where, job->since, a->now, a->limit, a->now);
    run->leader = job->gang ? 0 : job->leader;
    if (!job->is_array)
        run->name = take(job->name);
    return run;
}

static void decide(struct attempt *a, const struct run *run, struct sched_decision *ret)
{
    bool quick = a->sched->options.numbers_only;
    *ret = (struct sched_decision){
        .verb = SCHED_START,
        .id = run->id,
        .where = quick ? NULL : place_result_dup(run->where),
        .time_limit = a->limit,
        .priority = quick ? 0 : sched_priority(a->sched, run->id.job, a->now),
        .is_backfill =
            a->sched->pass.waits != 0 && a->sched->pass.waits != run->id.job};
    a->sched->counts.decisions++;
}

/* A job without a limit ends with the reservation that it runs in. */
static int64_t limit_of(const struct sched *sched, const struct sched_job *job,
                        int64_t now)
{
    int64_t limit = job->group->req.time_limit, last;
    bool is_gone;
    const struct reservation *home = reservation_of(sched, job->group, &is_gone);
    if (limit != TIME_UNLIMITED || !home || home->floating)
        return limit;
    if (reservation_window(home, now, TIME_NEVER, &last) != now)
        return limit;
    return last + 1 - now;
}

static struct attempt attempt_of(struct sched *sched, struct sched_job *job,
                                 int64_t now, const struct promise *kept)
{
    struct attempt a = {
        .sched = sched, .job = job, .group = job->group, .now = now, .kept = kept};
    set_limit(&a, limit_of(sched, job, now));
    return a;
}

/* Whatever happens, the promise of the job itself is not in its way. */
static void lift_promise(struct sched *sched, struct sched_job *job)
{
    if (job->promise)
        promise_unclaim(sched, job->promise);
}

static void restore_promise(struct sched *sched, struct sched_job *job)
{
    if (job->promise)
        promise_claim(sched, job->promise);
}

static size_t start_one(struct sched *sched, struct sched_job *job, int64_t now,
                        const struct promise *kept, struct sched_decision *ret)
{
    struct attempt a = attempt_of(sched, job, now, kept);
    uint32_t id = job->id;
    lift_promise(sched, job);
    bool found = find_place(&a);
    restore_promise(sched, job);
    if (!found)
        return 0;
    if (job->promise)
        promise_drop(sched, job->promise);
    waiting_unlist(sched, job);
    waiting_set_place(sched, job, JOB_PARKED);
    decide(&a, begin(&a), ret);
    waiting_started(sched, job, now);
    depend_touch(sched, id, now);
    return 1;
}

size_t start_decisions(const struct sched_job *job)
{
    return job->leader ? job->set_size : 1;
}

/* What found no place after all, or whose fellows found none: as before. */
static void take_back(struct sched *sched, struct attempt *attempts, struct run **runs,
                      uint32_t n, int64_t now)
{
    while (n-- > 0) {
        attempts[n].job->name = take(runs[n]->name);
        runs_end(sched, runs[n], now);
    }
}

static void told_started(struct sched *sched, const struct attempt *a,
                         const struct run *run, struct sched_decision *ret)
{
    uint32_t id = a->job->id;
    struct attempt it = *a;
    decide(&it, run, ret);
    waiting_unlist(sched, a->job);
    waiting_started(sched, a->job, a->now);
    depend_touch(sched, id, a->now);
}

/* All components or none: those that found a place hold it while the others look
 * for theirs. */
static size_t start_all(struct sched *sched, struct sched_job *leader, int64_t now,
                        const struct promise *kept, struct sched_decision *ret)
{
    struct gain gain = sched->gain;
    uint32_t size = leader->set_size, n = 0;
    cleanup(freep) struct attempt *attempts = xcalloc(size, sizeof(*attempts));
    cleanup(freep) struct run **runs = xcalloc(size, sizeof(struct run *));
    lift_promise(sched, leader);
    for (; n < size; n++) {
        attempts[n] = attempt_of(sched, sets_member(sched, leader, n), now, kept);
        if (!find_place(&attempts[n]))
            break;
        runs[n] = begin(&attempts[n]);
    }
    restore_promise(sched, leader);
    if (n < size) {
        const struct group *lacks = attempts[n].group;
        if (lacks != leader->group)
            groups_say(leader->group, lacks->reason, lacks->words);
        take_back(sched, attempts, runs, n, now);
        sched->gain = gain;
        return 0;
    }
    if (leader->promise)
        promise_drop(sched, leader->promise);
    for (uint32_t i = 0; i < size; i++)
        told_started(sched, &attempts[i], runs[i], &ret[i]);
    return size;
}

static size_t start_set(struct sched *sched, struct sched_job *leader, int64_t now,
                        const struct promise *kept, struct sched_decision *ret)
{
    uint32_t gang = leader->gang;
    gangs_begin(sched, gang);
    size_t n = start_all(sched, leader, now, kept, ret);
    gangs_begun(sched, gang, n > 0, now);
    return n;
}

size_t start_try(struct sched *sched, struct sched_job *job, int64_t now,
                 struct sched_decision *ret)
{
    const struct promise *promise = job->promise;
    size_t n = job->leader ? start_set(sched, job, now, NULL, ret)
                           : start_one(sched, job, now, NULL, ret);
    if (n > 0 || !promise || promise->start > now || promise->is_broken)
        return n;
    return job->leader ? start_set(sched, job, now, promise, ret)
                       : start_one(sched, job, now, promise, ret);
}
