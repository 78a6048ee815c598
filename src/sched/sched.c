/* SPDX-License-Identifier: Apache-2.0
 *
 * sched.c - what the scheduler is told: nodes, requests, events
 */
#include "sched/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"
#include "sched/internal.h"

const struct sched_options sched_options_default = {
    .weight_age = 1000,
    .weight_size = 1000,
    .age_max = INT64_C(7) * 86400,
    .place = PLACE_WEIGHTS_DEFAULT,
};

static void copy_partitions(struct sched *sched, const struct sched_partition *from,
                            size_t n)
{
    sched->partitions = xcalloc(n + 1, sizeof(*sched->partitions));
    sched->n_partitions = n;
    for (size_t i = 0; i < n; i++)
        sched->partitions[i] = (struct partition){.name = xstrdup(from[i].name),
                                                  .nodes = bitset_dup(from[i].nodes),
                                                  .time_max = from[i].time_max,
                                                  .up = from[i].up};
}

int sched_create(const struct sched_options *options, const struct switch_def *defs,
                 size_t n_defs, const char *const *node_names, size_t n_nodes,
                 const struct sched_partition *partitions, size_t n_partitions,
                 struct sched **ret, struct err *err)
{
    struct switch_tree *tree;
    int rc = switch_tree_build(defs, n_defs, node_names, n_nodes, &tree, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < n_partitions; i++)
        BUG_ON(partitions[i].nodes->nbits != n_nodes);
    struct sched *sched = xcalloc(1, sizeof(*sched));
    sched->options = *options;
    sched->tree = tree;
    for (size_t i = 0; i < n_nodes; i++)
        strv_add(&sched->names, node_names[i]);
    sched->pool = pool_create(tree, (const char *const *)sched->names, n_nodes);
    copy_partitions(sched, partitions, n_partitions);
    *ret = sched;
    return 0;
}

void sched_destroy(struct sched *sched)
{
    if (!sched)
        return;
    for (size_t i = 0; i < sched->n_partitions; i++) {
        free(sched->partitions[i].name);
        bitset_destroy(sched->partitions[i].nodes);
    }
    free(sched->partitions);
    pool_destroy(sched->pool);
    queue_fini(&sched->queue);
    strv_free(sched->names);
    switch_tree_destroy(sched->tree);
    free(sched);
}

void sched_node_set(struct sched *sched, uint32_t node, const struct node_topo *topo,
                    uint64_t memory)
{
    pool_node_set(sched->pool, node, topo, memory);
    /* Sizes are parts of the whole, which has changed. */
    sched->queue.sorted = false;
}

void sched_node_up(struct sched *sched, uint32_t node, bool up)
{
    pool_node_up(sched->pool, node, up);
}

static int find_partition(const struct sched *sched, const char *name, uint32_t *ret,
                          struct err *err)
{
    if (!name)
        name = "";
    cleanup(freep) const char **names =
        xcalloc(sched->n_partitions + 1, sizeof(*names));
    for (uint32_t i = 0; i < sched->n_partitions; i++) {
        names[i] = sched->partitions[i].name;
        if (strcmp(names[i], name) == 0) {
            *ret = i;
            return 0;
        }
    }
    const char *near = nearest_name(name, names, sched->n_partitions);
    return err_set(err, EINVAL, "--partition=%s: there is no such partition%s%s%s",
                   name, near ? " (did you mean " : "", near ? near : "",
                   near ? "?)" : "");
}

static int check_time(const struct partition *partition, int64_t limit, struct err *err)
{
    int64_t max = partition->time_max;
    if (max == TIME_UNLIMITED || (limit != TIME_UNLIMITED && limit <= max))
        return 0;
    cleanup(freep) char *asked = duration_format(limit);
    cleanup(freep) char *most = duration_format(max);
    return err_set(err, EINVAL, "--time=%s: partition %s allows at most %s", asked,
                   partition->name, most);
}

int sched_check(const struct sched *sched, const struct sched_request *req,
                struct err *err)
{
    uint32_t p;
    int rc = find_partition(sched, req->partition, &p, err);
    if (rc == 0)
        rc = check_time(&sched->partitions[p], req->time_limit, err);
    if (rc < 0)
        return rc;
    struct place_request place = req->place;
    place.allowed = sched->partitions[p].nodes;
    cleanup(freep) char *where =
        xasprintf(" in partition %s", sched->partitions[p].name);
    return place_check(pool_cluster(sched->pool), &place, where, err);
}

/* What sched_add and sched_adopt refuse alike. */
static int check_new(const struct sched *sched, const struct sched_request *req,
                     uint32_t *ret_partition, struct err *err)
{
    const struct bitset *sets[] = {req->place.required, req->place.excluded};
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
        BUG_ON(sets[i] && sets[i]->nbits != pool_n_nodes(sched->pool));
    BUG_ON(req->job == 0);
    if (queue_find(&sched->queue, req->job))
        return err_set(err, EEXIST, "job %u is known already", req->job);
    return find_partition(sched, req->partition, ret_partition, err);
}

int sched_add(struct sched *sched, const struct sched_request *req, struct err *err)
{
    uint32_t partition;
    int rc = check_new(sched, req, &partition, err);
    if (rc == 0)
        queue_add(&sched->queue, req, partition, NULL);
    return rc;
}

void sched_remove(struct sched *sched, uint32_t id)
{
    struct sched_job *job = queue_find(&sched->queue, id);
    if (!job)
        return;
    if (job->where)
        pool_release(sched->pool, id, job->where);
    queue_remove(&sched->queue, job);
}

void sched_hold(struct sched *sched, uint32_t id, bool held)
{
    struct sched_job *job = queue_find(&sched->queue, id);
    if (job)
        job->req.held = held;
}

int sched_adopt(struct sched *sched, const struct sched_request *req,
                const struct place_result *where, struct err *err)
{
    uint32_t partition;
    int rc = check_new(sched, req, &partition, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < where->n_shares; i++)
        if (where->shares[i].node >= pool_n_nodes(sched->pool))
            return err_set(err, EINVAL, "job %u runs on a node that is gone", req->job);
    uint32_t holder = pool_holder(sched->pool, where);
    if (holder)
        return err_set(err, EBUSY, "job %u runs on cores of job %u", req->job, holder);
    struct sched_job *job =
        queue_add(&sched->queue, req, partition, place_result_dup(where));
    pool_take(sched->pool, req->job, job->where);
    return 0;
}

enum sched_reason sched_why(const struct sched *sched, uint32_t id, struct err *words)
{
    const struct sched_job *job = queue_find(&sched->queue, id);
    if (!job || job->where)
        return SCHED_NONE;
    /* Held or released since the last pass. */
    if (job->req.held)
        return SCHED_HELD;
    if (job->reason == SCHED_HELD)
        return SCHED_PRIORITY;
    if (job->reason == SCHED_PRIORITY && job->behind)
        err_set(words, EAGAIN, "waits behind job %u", job->behind);
    else if (job->words)
        err_set(words, EAGAIN, "%s", job->words);
    return job->reason;
}

int64_t sched_priority(const struct sched *sched, uint32_t id, int64_t now)
{
    const struct sched_job *job = queue_find(&sched->queue, id);
    return job ? priority_of(sched, job, now) : 0;
}

void sched_node_usage(const struct sched *sched, uint32_t node,
                      uint32_t *ret_cores_used, uint64_t *ret_memory_used)
{
    pool_usage(sched->pool, node, ret_cores_used, ret_memory_used);
}

void sched_check_invariants(const struct sched *sched)
{
    pool_check_invariants(sched->pool);
    queue_check_invariants(&sched->queue);
    size_t shares = 0;
    for (struct sched_job *job = sched->queue.by_id; job; job = job->hh.next)
        shares += job->where ? job->where->n_shares : 0;
    BUG_ON(shares != pool_n_holds(sched->pool));
}
