/* SPDX-License-Identifier: Apache-2.0
 *
 * nodes.c - the nodes, who holds what of them, and what will be free when
 *
 * The cluster (src/place) knows what is free now, core by core; the timelines know
 * how much is free at any time to come. Both are told of each change here. A node
 * remembers its holders' shares, so that it may become known after its jobs
 * (recovery) or come back with other hardware.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sched/group.h"
#include "sched/internal.h"

static void add_kinds(const struct sched *sched, uint32_t node,
                      const struct bitset *devices, struct amount *to)
{
    size_t n = place_cluster_n_kinds(sched->cluster);
    cleanup(freep) uint16_t *counts = xcalloc(n + 1, sizeof(*counts));
    place_cluster_count(sched->cluster, node, devices, counts);
    for (size_t k = 0; k < n && k < AMOUNT_GRES; k++)
        to->gres[k] = (int16_t)counts[k];
}

struct amount share_amount(const struct sched *sched, const struct place_share *share)
{
    struct amount amount = {.cores = (int32_t)place_share_cores(share),
                            .memory = (int64_t)share->memory};
    if (share->devices)
        add_kinds(sched, share->node, share->devices, &amount);
    return amount;
}

struct tres result_tres(const struct sched *sched, const struct place_result *where)
{
    struct tres tres = {.nodes = where->n_shares};
    for (size_t i = 0; i < where->n_shares; i++) {
        struct amount amount = share_amount(sched, &where->shares[i]);
        tres.cores += (uint64_t)amount.cores;
        tres.milli += where->shares[i].milli;
        tres.mem_mb += (uint64_t)amount.memory;
        tres.gpus += (uint64_t)amount.gres[PLACE_KIND_GPU];
    }
    return tres;
}

void nodes_note_gain(struct sched *sched, uint32_t node, int64_t until)
{
    const struct place_node *is = place_cluster_node(sched->cluster, node);
    struct amount free = {.cores = (int32_t)is->n_free,
                          .memory = (int64_t)place_node_free_memory(is)};
    sched->gain.any = true;
    if (until > sched->gain.until)
        sched->gain.until = until;
    if (free.cores > sched->gain.most.cores)
        sched->gain.most.cores = free.cores;
    if (free.memory > sched->gain.most.memory)
        sched->gain.most.memory = free.memory;
    if (is->roomiest > sched->gain.roomiest)
        sched->gain.roomiest = is->roomiest;
}

/* ------------------------------------------------------------------ holds */

static void add_hold(struct sched_node *node, struct run *run, uint32_t share)
{
    if (node->n_holds == node->cap_holds) {
        node->cap_holds = node->cap_holds ? 2 * node->cap_holds : 4;
        node->holds = xrealloc(node->holds, node->cap_holds, sizeof(*node->holds));
    }
    node->holds[node->n_holds++] = (struct hold){.run = run, .share = share};
}

static void drop_hold(struct sched_node *node, const struct run *run)
{
    uint32_t at = 0;
    while (at < node->n_holds && node->holds[at].run != run)
        at++;
    BUG_ON(at == node->n_holds);
    node->holds[at] = node->holds[--node->n_holds];
}

/* Let the node stand in sched.room for what it has free now. */
static void count_room(struct sched *sched, uint32_t index)
{
    struct sched_node *node = &sched->nodes[index];
    const struct place_node *is = place_cluster_node(sched->cluster, index);
    uint32_t now = node->is_up && node->is_known ? is->n_free : 0;
    if (now >= sched->n_room) {
        sched->room = xrealloc(sched->room, now + 1, sizeof(*sched->room));
        while (sched->n_room <= now)
            sched->room[sched->n_room++] = 0;
    }
    for (; node->counted < now; node->counted++)
        sched->room[node->counted + 1]++;
    for (; node->counted > now; node->counted--)
        sched->room[node->counted]--;
}

bool nodes_lack_room(const struct sched *sched, const struct group *group)
{
    bool lacks = group->need_cores > sched->free_cores ||
                 group->need_unit >= sched->n_room ||
                 sched->room[group->need_unit] < group->need_nodes;
    return lacks && slices_lack_all(sched, group);
}

/* Only nodes whose hardware is known count free cores. */
static void count_free(struct sched *sched, const struct sched_node *node, int64_t by)
{
    if (node->is_known)
        sched->free_cores += (uint64_t)by;
}

void nodes_plan(struct sched *sched, const struct run *run, int64_t from, int64_t to,
                bool take)
{
    for (size_t i = 0; i < run->where->n_shares; i++) {
        const struct place_share *share = &run->where->shares[i];
        struct amount amount = share_amount(sched, share);
        struct timeline *line = &sched->nodes[share->node].line;
        timeline_trim(line, sched->pass.now);
        if (take)
            timeline_take(line, from, to, &amount);
        else
            timeline_give(line, from, to, &amount);
        if (share->milli)
            slices_plan(sched, share->node, share->shared, from);
    }
}

/* Whoever counts who runs where is told. */
static void tell_company(struct sched *sched, const struct run *run, uint32_t node,
                         int by)
{
    const struct sched_company *company = &sched->options.company;
    sched->pass.company_came |= run->group->req.class && by > 0;
    if (run->group->req.class && company->moved)
        company->moved(company->ctx, run->group->req.class, node, by);
}

void nodes_tell_run(struct sched *sched, const struct run *run, int by)
{
    for (uint32_t i = 0; i < run->where->n_shares; i++)
        tell_company(sched, run, run->where->shares[i].node, by);
}

void nodes_hold(struct sched *sched, struct run *run, int64_t from, int64_t to)
{
    for (uint32_t i = 0; i < run->where->n_shares; i++) {
        const struct place_share *share = &run->where->shares[i];
        struct sched_node *node = &sched->nodes[share->node];
        place_cluster_take(sched->cluster, share);
        add_hold(node, run, i);
        tell_company(sched, run, share->node, 1);
        count_free(sched, node, -(int64_t)place_share_cores(share));
        count_room(sched, share->node);
    }
    nodes_plan(sched, run, from, to, true);
}

void nodes_release(struct sched *sched, struct run *run, int64_t from, int64_t to)
{
    for (uint32_t i = 0; i < run->where->n_shares; i++) {
        const struct place_share *share = &run->where->shares[i];
        struct sched_node *node = &sched->nodes[share->node];
        place_cluster_release(sched->cluster, share);
        drop_hold(node, run);
        tell_company(sched, run, share->node, -1);
        count_free(sched, node, place_share_cores(share));
        count_room(sched, share->node);
        nodes_note_gain(sched, share->node, to);
    }
    nodes_plan(sched, run, from, to, false);
}

static bool have_common(const struct bitset *a, const struct bitset *b)
{
    for (size_t i = bitset_next(a, 0); i < a->nbits && i < b->nbits;
         i = bitset_next(a, i + 1))
        if (bitset_test(b, i))
            return true;
    return false;
}

/* Both have slices of one core and nothing else in common, and there is room. */
static bool share_one_core(const struct sched *sched, const struct place_share *held,
                           const struct place_share *share)
{
    const struct place_node *node = place_cluster_node(sched->cluster, share->node);
    if (!held->milli || !share->milli || held->shared != share->shared)
        return false;
    cleanup(bitset_destroyp) struct bitset *rest = bitset_dup(share->cores);
    bitset_clear(rest, share->shared);
    return !have_common(held->cores, rest) &&
           (!node->known || place_node_may_slice(node, share->shared, share->milli));
}

const struct run *nodes_holder(const struct sched *sched,
                               const struct place_result *where)
{
    for (size_t i = 0; i < where->n_shares; i++) {
        const struct place_share *share = &where->shares[i];
        const struct sched_node *node = &sched->nodes[share->node];
        for (uint32_t h = 0; share->cores && h < node->n_holds; h++) {
            const struct run *run = node->holds[h].run;
            const struct place_share *held = &run->where->shares[node->holds[h].share];
            if (run->state != RUN_STOPPED && held->cores &&
                have_common(held->cores, share->cores) &&
                !share_one_core(sched, held, share))
                return run;
        }
    }
    return NULL;
}

/* --------------------------------------------------------------- capacity */

/* Kinds past those that are planned ahead count as being there: starting tells. */
static struct place_request without_unplanned(const struct place_request *place,
                                              struct place_gres **ret_gres)
{
    struct place_request planned = *place;
    uint32_t n = 0;
    for (uint32_t i = 0; i < place->n_gres; i++)
        n += place->gres[i].kind < AMOUNT_GRES;
    if (n == place->n_gres)
        return planned;
    *ret_gres = xcalloc(n + 1, sizeof(**ret_gres));
    planned.gres = *ret_gres;
    planned.n_gres = 0;
    for (uint32_t i = 0; i < place->n_gres; i++)
        if (place->gres[i].kind < AMOUNT_GRES)
            (*ret_gres)[planned.n_gres++] = place->gres[i];
    return planned;
}

uint32_t nodes_capacity(const struct sched *sched, uint32_t node,
                        const struct group *group, int64_t from, int64_t length)
{
    const struct sched_node *is = &sched->nodes[node];
    struct amount least = timeline_least(&is->line, from, time_after(from, length));
    uint16_t devices[AMOUNT_GRES];
    if (!is->is_known)
        return 0;
    /* As if the core that a slice joins were free. */
    if (group->req.place.milli && !slices_need_core(sched, node, group, from, length))
        least.cores++;
    if (least.cores <= 0)
        return 0;
    for (int k = 0; k < AMOUNT_GRES; k++)
        devices[k] = least.gres[k] > 0 ? (uint16_t)least.gres[k] : 0;
    struct place_room room = {.cores = (uint32_t)is->total.cores,
                              .free_cores = (uint32_t)least.cores,
                              .free_memory =
                                  least.memory > 0 ? (uint64_t)least.memory : 0,
                              .devices = devices};
    cleanup(freep) struct place_gres *gres = NULL;
    struct place_request place = without_unplanned(&group->req.place, &gres);
    return place_capacity(place_cluster_node(sched->cluster, node)->topo, &room,
                          &place);
}

static void need_devices(const struct group *group, uint32_t tasks, struct amount *need)
{
    const struct place_request *place = &group->req.place;
    for (uint32_t i = 0; i < place->n_gres; i++) {
        const struct place_gres *gres = &place->gres[i];
        uint32_t n = gres->count;
        if (gres->per == PLACE_PER_TASK)
            n *= tasks;
        need->memory += (int64_t)(gres->memory * n);
        const uint32_t kinds[] = {gres->kind, group->general[i]};
        for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
            if (kinds[k] < AMOUNT_GRES)
                need->gres[kinds[k]] = (int16_t)(need->gres[kinds[k]] + (int16_t)n);
    }
}

struct amount nodes_need(const struct sched *sched, uint32_t node,
                         const struct group *group, uint32_t tasks)
{
    const struct place_request *place = &group->req.place;
    const struct amount *total = &sched->nodes[node].total;
    struct place_want want = place_want_of(place);
    if (place->exclusive)
        return *total;
    struct amount need = {
        .cores = (int32_t)place_want_cores(&want, tasks, (uint32_t)total->cores)};
    need.memory =
        (int64_t)(place->mem_per_node ? place->mem_per_node
                                      : place->mem_per_cpu * (uint64_t)need.cores);
    need_devices(group, tasks, &need);
    return need;
}

/* --------------------------------------------------------- what there is */

/* What all runs and promises plan for this node, once more. */
static void plan_again(struct sched *sched, uint32_t index)
{
    struct sched_node *node = &sched->nodes[index];
    timeline_fini(&node->line);
    timeline_init(&node->line, &node->total);
    slices_forget(sched, node);
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct run *run = node->holds[h].run;
        const struct place_share *share = &run->where->shares[node->holds[h].share];
        struct amount amount = share_amount(sched, share);
        timeline_take(&node->line, run->start, run->edge.time, &amount);
        if (share->milli)
            slices_plan(sched, index, share->shared, run->start);
        place_cluster_take(sched->cluster, share);
        count_free(sched, node, -(int64_t)place_share_cores(share));
    }
    for (struct run *run = sched->runs; run && sched->n_stopped > 0; run = run->hh.next)
        for (size_t i = 0; run->kept && i < run->kept->n_shares; i++) {
            const struct place_share *share = &run->kept->shares[i];
            struct amount amount = share_amount(sched, share);
            if (share->node != index)
                continue;
            timeline_take(&node->line, run->start, TIME_NEVER, &amount);
            place_cluster_take(sched->cluster, share);
        }
    for (struct promise *p = sched->promises; p; p = p->next)
        for (uint32_t i = 0; i < p->n_nodes; i++)
            if (p->nodes[i].node == index)
                timeline_take(&node->line, p->start, p->end, &p->nodes[i].amount);
}

static void forget_free(struct sched *sched, const struct sched_node *node)
{
    sched->cores -= (uint64_t)node->total.cores;
    count_free(sched, node, -(int64_t)node->total.cores);
    for (uint32_t h = 0; h < node->n_holds; h++)
        if (node->holds[h].run->state != RUN_STOPPED)
            count_free(sched, node,
                       place_share_cores(
                           &node->holds[h].run->where->shares[node->holds[h].share]));
}

static void break_promises(struct sched *sched, uint32_t index)
{
    for (struct promise *p = sched->promises; p; p = p->next)
        for (uint32_t i = 0; i < p->n_nodes; i++)
            p->is_broken |= p->nodes[i].node == index;
}

static void set_node(struct sched *sched, uint32_t index, int32_t cores, bool known)
{
    struct sched_node *node = &sched->nodes[index];
    struct amount before = node->total;
    uint64_t memory = place_cluster_node(sched->cluster, index)->memory;
    forget_free(sched, node);
    node->total = (struct amount){.cores = cores, .memory = (int64_t)memory};
    node->is_known = known;
    if (known)
        add_kinds(sched, index, NULL, &node->total);
    sched->cores += (uint64_t)cores;
    count_free(sched, node, cores);
    plan_again(sched, index);
    if (!amount_covers(&node->total, &before))
        break_promises(sched, index);
    count_room(sched, index);
    sched->order.is_stale = true;
    sched->up_version++;
    sched->gain.other = true;
}

void sched_node_set(struct sched *sched, uint32_t node, const struct node_topo *topo,
                    uint64_t memory)
{
    place_cluster_set(sched->cluster, node, topo, memory);
    set_node(sched, node, topo ? (int32_t)topo->n_cores : 0, topo != NULL);
}

void sched_node_set_flat(struct sched *sched, uint32_t node, uint32_t cores,
                         uint64_t memory)
{
    place_cluster_set_flat(sched->cluster, node, cores, memory);
    set_node(sched, node, (int32_t)cores, true);
}

void sched_node_up(struct sched *sched, uint32_t index, bool up)
{
    struct sched_node *node = &sched->nodes[index];
    if (node->is_up == up)
        return;
    node->is_up = up;
    sched->n_up += up ? 1u : UINT32_MAX;
    place_cluster_up(sched->cluster, index, up);
    count_room(sched, index);
    sched->up_version++;
    sched->gain.other = true;
    if (!up)
        break_promises(sched, index);
}

void sched_node_usage(const struct sched *sched, uint32_t index,
                      uint32_t *ret_cores_used, uint64_t *ret_memory_used)
{
    const struct sched_node *node = &sched->nodes[index];
    *ret_cores_used = node->n_shared;
    *ret_memory_used = 0;
    for (uint32_t h = 0; h < node->n_holds; h++) {
        const struct run *run = node->holds[h].run;
        const struct place_share *share = &run->where->shares[node->holds[h].share];
        *ret_cores_used += run->state == RUN_STOPPED ? 0 : place_share_cores(share);
        *ret_memory_used += share->memory;
    }
    for (const struct run *run = sched->runs; run && sched->n_stopped > 0;
         run = run->hh.next)
        for (size_t i = 0; run->kept && i < run->kept->n_shares; i++)
            if (run->kept->shares[i].node == index)
                *ret_memory_used += run->kept->shares[i].memory;
}
