/* SPDX-License-Identifier: Apache-2.0
 *
 * sched.c - what the scheduler is told: options, requests, recovery
 */
#include "sched/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "sched/group.h"
#include "sched/history.h"
#include "sched/internal.h"

static void copy_partitions(struct sched *sched, const struct sched_partition *from,
                            size_t n)
{
    sched->partitions = xcalloc(n + 1, sizeof(*sched->partitions));
    sched->pass.blocked_by = xcalloc(n + 1, sizeof(*sched->pass.blocked_by));
    sched->n_partitions = n;
    for (size_t i = 0; i < n; i++) {
        BUG_ON(from[i].nodes->nbits != sched->n_nodes);
        sched->partitions[i] =
            (struct partition){.name = xstrdup(from[i].name),
                               .qos = from[i].qos ? xstrdup(from[i].qos) : NULL,
                               .nodes = bitset_dup(from[i].nodes),
                               .time_max = from[i].time_max,
                               .up = from[i].up,
                               .exclusive = from[i].exclusive,
                               .priority = from[i].priority,
                               .tier = from[i].tier,
                               .preempt = from[i].preempt,
                               .grace = from[i].grace,
                               .nodes_min = from[i].nodes_min,
                               .nodes_max = from[i].nodes_max};
        if (from[i].priority > sched->priority_max)
            sched->priority_max = from[i].priority;
    }
}

static void create_nodes(struct sched *sched, const char *const *names, size_t n)
{
    sched->n_nodes = n;
    sched->names = xcalloc(n + 1, sizeof(*sched->names));
    for (size_t i = 0; i < n; i++)
        sched->names[i] = xstrdup(names[i]);
    sched->cluster = place_cluster_create(
        sched->tree, (const char *const *)sched->names, n, sched->options.numbers_only);
    sched->nodes = xcalloc(n + 1, sizeof(*sched->nodes));
    for (size_t i = 0; i < n; i++)
        timeline_init(&sched->nodes[i].line, &(struct amount){0});
    sched->claimed = bitset_create(n);
    sched->scratch = bitset_create(n);
    sched->mask = bitset_create(n);
    sched->feasible = bitset_create(n);
    sched->caps = xcalloc(n + 1, sizeof(*sched->caps));
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
    struct sched *sched = xcalloc(1, sizeof(*sched));
    sched->options = *options;
    sched->tree = tree;
    sched->up_version = 1;
    sched->history = history_create();
    sched->order.tau = 1;
    RB_INIT(&sched->edges);
    create_nodes(sched, node_names, n_nodes);
    copy_partitions(sched, partitions, n_partitions);
    *ret = sched;
    return 0;
}

static void destroy_nodes(struct sched *sched)
{
    for (size_t i = 0; i < sched->n_nodes; i++) {
        timeline_fini(&sched->nodes[i].line);
        free(sched->nodes[i].holds);
        free(sched->nodes[i].shared);
    }
    free(sched->nodes);
    free(sched->room);
    free(sched->caps);
    struct bitset *sets[] = {sched->claimed, sched->scratch, sched->mask,
                             sched->feasible};
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
        bitset_destroy(sets[i]);
    place_cluster_destroy(sched->cluster);
    strv_free(sched->names);
    switch_tree_destroy(sched->tree);
}

static void destroy_partitions(struct sched *sched)
{
    for (size_t i = 0; i < sched->n_partitions; i++) {
        free(sched->partitions[i].name);
        free(sched->partitions[i].qos);
        bitset_destroy(sched->partitions[i].nodes);
    }
    free(sched->partitions);
    free(sched->pass.blocked_by);
}

static void forget_runs(struct sched *sched)
{
    while (sched->runs) {
        struct run *run = sched->runs;
        if (run->job)
            run->job->n_running--;
        run->job = NULL;
        runs_end(sched, run, run->start);
    }
}

void sched_destroy(struct sched *sched)
{
    if (!sched)
        return;
    forget_runs(sched);
    waiting_fini(sched);
    reservations_fini(sched);
    licences_fini(sched);
    depend_fini(sched);
    order_fini(sched);
    strbuf_fini(&sched->key);
    history_destroy(sched->history);
    free(sched->guard.ended);
    for (size_t i = 0; i < sched->n_features; i++) {
        free(sched->features[i].name);
        bitset_destroy(sched->features[i].nodes);
    }
    free(sched->features);
    for (uint32_t i = 0; i < sched->n_images; i++)
        bitset_destroy(sched->images[i]);
    free(sched->images);
    destroy_partitions(sched);
    destroy_nodes(sched);
    free(sched);
}

void sched_feature_set(struct sched *sched, const char *name,
                       const struct bitset *nodes)
{
    size_t i = 0;
    while (i < sched->n_features && strcmp(sched->features[i].name, name) != 0)
        i++;
    if (i == sched->n_features) {
        sched->features = xrealloc(sched->features, i + 1, sizeof(*sched->features));
        sched->features[i] = (struct feature){.name = xstrdup(name)};
        sched->n_features++;
    }
    bitset_destroy(sched->features[i].nodes);
    sched->features[i].nodes = bitset_dup(nodes);
    groups_refresh(sched);
}

void sched_image_held(struct sched *sched, uint32_t image, uint32_t node)
{
    if (image >= sched->n_images) {
        sched->images = xrealloc(sched->images, image + 1, sizeof(*sched->images));
        while (sched->n_images <= image)
            sched->images[sched->n_images++] = NULL;
    }
    if (!sched->images[image])
        sched->images[image] = bitset_create(sched->n_nodes);
    bitset_set(sched->images[image], node);
}

uint32_t sched_gres_kind(struct sched *sched, const char *name, const char *type)
{
    return place_cluster_kind(sched->cluster, name, type);
}

/* ------------------------------------------------------------- requests */

static int check_time(const struct partition *partition,
                      const struct sched_request *req, struct err *err)
{
    int64_t max = partition->time_max, limit = req->time_limit;
    if (max == TIME_UNLIMITED || (limit != TIME_UNLIMITED && limit <= max))
        return 0;
    cleanup(freep) char *asked = duration_format(limit);
    cleanup(freep) char *most = duration_format(max);
    return err_set(err, EINVAL, "--time=%s: partition %s allows at most %s", asked,
                   partition->name, most);
}

static int check_nodes(const struct partition *partition, const struct demand *demand,
                       struct err *err)
{
    if (partition->nodes_max && demand->nodes_min > partition->nodes_max)
        return err_set(err, EINVAL, "--nodes=%u: partition %s allows at most %u",
                       demand->nodes_min, partition->name, partition->nodes_max);
    if (partition->nodes_min && demand->nodes_max < partition->nodes_min)
        return err_set(err, EINVAL, "--nodes=%u: partition %s wants at least %u",
                       demand->nodes_max, partition->name, partition->nodes_min);
    return 0;
}

static int check_reservation(const struct sched *sched, const struct group *group,
                             struct err *err)
{
    const char *name = group->req.reservation;
    const struct reservation *r = name ? reservation_find(sched, name) : NULL;
    if (name && !r)
        return err_set(err, EINVAL, "--reservation=%.60s: there is no such reservation",
                       name);
    if (r && !reservation_admits(r, group))
        return err_set(err, EACCES, "--reservation=%.60s: it is not yours to use",
                       name);
    return 0;
}

static int check_deadline(const struct sched_request *req, struct err *err)
{
    int64_t start =
        req->eligible_time > req->submit_time ? req->eligible_time : req->submit_time;
    int64_t least = req->time_min > 0 ? req->time_min : req->time_limit;
    if (req->deadline == 0 || least == TIME_UNLIMITED || start + least <= req->deadline)
        return 0;
    return err_set(err, EINVAL, "--deadline: it comes before the job could have ended");
}

static uint32_t count_of(const struct sched_request *req)
{
    return req->array ? array_spec_count(req->array) : 1;
}

static int check_limits(const struct sched *sched, const struct group *group,
                        const struct sched_request *req, struct err *err)
{
    if (!group->has_assoc)
        return 0;
    int rc = assoc_check_job_size(sched->options.assoc, &group->assoc,
                                  &group->demand.tres, req->time_limit, NULL, err);
    if (rc == 0)
        rc = assoc_check_submit(sched->options.assoc, &group->assoc, count_of(req),
                                NULL, err);
    return rc;
}

static int check_place(struct sched *sched, struct group *group, struct err *err)
{
    struct place_request place = group->req.place;
    /* Looks at every node: once for all requests that are alike. */
    if (group->place_checked == sched->up_version)
        return 0;
    cleanup(freep) char *where =
        xasprintf(" in partition %s", sched->partitions[group->partition].name);
    int rc = 0;
    for (uint32_t i = 0; i < group->demand.n_alternatives; i++) {
        group_choose(group, i);
        place.allowed = group->demand.allowed;
        place.quotas = group->demand.quotas;
        place.n_quotas = group->demand.n_quotas;
        rc = place_check(sched->cluster, &place, where, err);
        if (rc == 0)
            break;
    }
    if (rc == 0)
        group->place_checked = sched->up_version;
    if (rc < 0 && group->req.features)
        err_wrap(err, "with --constraint=%.100s", group->req.features);
    return rc;
}

/* More would be waited for in each pass, which has no room to start them. */
static int check_set(const struct sched_request *req, struct err *err)
{
    if (req->set_size <= SCHED_SET_MAX)
        return 0;
    return err_set(err, EINVAL,
                   "components and helper pods are %u: more than %d in all",
                   req->set_size, SCHED_SET_MAX);
}

static int check_group(struct sched *sched, struct group *group,
                       const struct sched_request *req, struct err *err)
{
    const struct partition *partition = &sched->partitions[group->partition];
    struct depend_spec depend = {0};
    int rc = check_set(req, err);
    if (rc == 0)
        rc = check_time(partition, req, err);
    if (rc == 0)
        rc = gangs_check(sched, req, err);
    if (rc == 0)
        rc = check_nodes(partition, &group->demand, err);
    if (rc == 0)
        rc = check_deadline(req, err);
    if (rc == 0)
        rc = licences_check(sched, &group->licences, err);
    if (rc == 0)
        rc = check_reservation(sched, group, err);
    if (rc == 0 && req->dependency) {
        rc = depend_spec_parse(req->dependency, &depend, err);
        depend_spec_fini(&depend);
    }
    if (rc == 0)
        rc = check_place(sched, group, err);
    if (rc == 0)
        rc = check_limits(sched, group, req, err);
    return rc;
}

int sched_check(struct sched *sched, const struct sched_request *req, struct err *err)
{
    struct group *group;
    int rc = groups_find(sched, req, &group, err);
    if (rc < 0)
        return rc;
    rc = check_group(sched, group, req, err);
    groups_unref(sched, group);
    return rc;
}

/* What sched_add and sched_adopt refuse alike. */
static int check_new(const struct sched *sched, const struct sched_request *req,
                     struct sched_id id, struct err *err)
{
    const struct bitset *sets[] = {sched->claimed, sched->scratch, sched->mask,
                                   sched->feasible};
    for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
        BUG_ON(sets[i] && sets[i]->nbits != sched->n_nodes);
    BUG_ON(req->job == 0);
    if (id.task == SCHED_NO_TASK && req->array && array_spec_count(req->array) == 0)
        return err_set(err, EINVAL, "--array: it has no elements");
    bool known = id.task == SCHED_NO_TASK && waiting_find(sched, id.job);
    if (known || runs_find(sched, id))
        return err_set(err, EEXIST, "job %u is known already", req->job);
    return 0;
}

int sched_add(struct sched *sched, const struct sched_request *req, struct err *err)
{
    struct group *group;
    int64_t now =
        sched->pass.now > req->submit_time ? sched->pass.now : req->submit_time;
    int rc = check_new(sched, req, SCHED_JOB(req->job), err);
    if (rc == 0)
        rc = check_set(req, err);
    if (rc == 0)
        rc = groups_find(sched, req, &group, err);
    if (rc < 0)
        return rc;
    if (!waiting_add(sched, req, group, now, err)) {
        groups_unref(sched, group);
        return -EINVAL;
    }
    if (group->has_assoc)
        assoc_submitted(sched->options.assoc, &group->assoc, count_of(req));
    return 0;
}

static void forget_job(struct sched *sched, struct sched_job *job)
{
    struct group *group = job->group;
    uint32_t n = job->is_array ? array_spec_count(&job->left) : 1;
    if (group->has_assoc)
        assoc_unsubmitted(sched->options.assoc, &group->assoc, n);
    waiting_forget(sched, job);
}

static void end_run(struct sched *sched, struct run *run)
{
    if (run->group->has_assoc)
        assoc_unsubmitted(sched->options.assoc, &run->group->assoc, 1);
    if (run->job)
        run->job->n_running--;
    run->job = NULL;
    runs_end(sched, run, sched->pass.now);
}

static void end_runs_of(struct sched *sched, uint32_t job)
{
    struct run *run, *next;
    HASH_ITER(hh, sched->runs, run, next)
    {
        if (run->id.job == job)
            end_run(sched, run);
    }
}

void sched_remove(struct sched *sched, uint32_t id)
{
    struct sched_job *job = waiting_find(sched, id);
    struct run *run = runs_find(sched, SCHED_JOB(id));
    if (!job && !run)
        return;
    if (job && job->is_array && job->n_running > 0)
        end_runs_of(sched, id);
    if (run)
        end_run(sched, run);
    if (job)
        forget_job(sched, job);
    depend_touch(sched, id, sched->pass.now);
}

int sched_remove_task(struct sched *sched, struct sched_id id)
{
    struct sched_job *job = waiting_find(sched, id.job);
    if (!job || !job->is_array || !array_spec_remove(&job->left, id.task))
        return -ENOENT;
    if (job->group->has_assoc)
        assoc_unsubmitted(sched->options.assoc, &job->group->assoc, 1);
    waiting_settle(sched, job, sched->pass.now);
    depend_touch(sched, id.job, sched->pass.now);
    return 0;
}

void sched_remove_left(struct sched *sched, uint32_t id)
{
    struct sched_job *job = waiting_find(sched, id);
    if (!job || !job->is_array)
        return;
    if (job->group->has_assoc)
        assoc_unsubmitted(sched->options.assoc, &job->group->assoc,
                          array_spec_count(&job->left));
    array_spec_fini(&job->left);
    job->left = (struct array_spec){0};
    waiting_settle(sched, job, sched->pass.now);
    depend_touch(sched, id, sched->pass.now);
}

void sched_hold(struct sched *sched, uint32_t id, bool held)
{
    struct sched_job *job = waiting_find(sched, id);
    if (!job || job->held == held)
        return;
    job->held = held;
    waiting_settle(sched, job, sched->pass.now);
}

/* Running tasks of an array belong to another template now; NULL: to none. */
static void adopt_tasks(struct sched *sched, const struct sched_job *from,
                        struct sched_job *to)
{
    uint32_t id = from ? from->id : to->id;
    if (!(from ? from : to)->is_array)
        return;
    for (struct run *run = sched->runs; run; run = run->hh.next) {
        if (run->id.job != id || run->job != from)
            continue;
        run->job = to;
        if (to)
            to->n_running++;
    }
}

int sched_update(struct sched *sched, const struct sched_request *req, struct err *err)
{
    struct sched_job *job = waiting_find(sched, req->job);
    if (!job || (job->is_array && array_spec_count(&job->left) == 0))
        return err_set(err, ENOENT, "job %u does not wait", req->job);
    uint32_t n = job->is_array ? array_spec_count(&job->left) : 1;
    /* It does not come on top of itself. */
    if (job->group->has_assoc)
        assoc_unsubmitted(sched->options.assoc, &job->group->assoc, n);
    int rc = sched_check(sched, req, err);
    if (job->group->has_assoc)
        assoc_submitted(sched->options.assoc, &job->group->assoc, n);
    if (rc < 0)
        return rc;
    int64_t since = job->since;
    struct sched_request changed = *req;
    struct array_spec left = {0};
    if (job->is_array) {
        array_spec_copy(&job->left, &left);
        changed.array = &left;
    }
    adopt_tasks(sched, job, NULL);
    forget_job(sched, job);
    rc = sched_add(sched, &changed, err);
    array_spec_fini(&left);
    job = rc == 0 ? waiting_find(sched, req->job) : NULL;
    if (job)
        adopt_tasks(sched, NULL, job);
    if (job && job->n_running > 0)
        waiting_settle(sched, job, sched->pass.now);
    if (job && job->eligible <= since && job->place == JOB_READY) {
        waiting_unlist(sched, job);
        job->since = since;
        waiting_settle(sched, job, sched->pass.now);
    }
    return rc;
}

int sched_adopt(struct sched *sched, struct sched_id id,
                const struct sched_request *req, const struct place_result *where,
                int64_t started, struct err *err)
{
    struct group *group;
    int rc = check_new(sched, req, id, err);
    for (size_t i = 0; rc == 0 && i < where->n_shares; i++)
        if (where->shares[i].node >= sched->n_nodes)
            return err_set(err, EINVAL, "job %u runs on a node that is gone", id.job);
    if (rc == 0)
        rc = groups_find(sched, req, &group, err);
    if (rc < 0)
        return rc;
    const struct run *holder = nodes_holder(sched, where);
    if (holder) {
        groups_unref(sched, group);
        return err_set(err, EBUSY, "job %u runs on cores of job %u", id.job,
                       holder->id.job);
    }
    struct sched_job *job =
        id.task == SCHED_NO_TASK ? NULL : waiting_find(sched, id.job);
    tell_time(sched, started);
    if (group->has_assoc)
        assoc_submitted(sched->options.assoc, &group->assoc, 1);
    struct run *run = runs_begin(sched, id, group, job, place_result_dup(where),
                                 req->submit_time, started, req->time_limit, started);
    run->leader = req->leader;
    str_replace(&run->name, req->name);
    groups_unref(sched, group);
    if (job)
        waiting_settle(sched, job,
                       sched->pass.now > started ? sched->pass.now : started);
    return 0;
}

/* -------------------------------------------------------------- reasons */

/* What a group whose test needed no more than numbers lacks. */
static void say_numbers(const struct sched *sched, const struct group *group,
                        struct err *words)
{
    uint32_t nodes =
        group->need_unit < sched->n_room ? sched->room[group->need_unit] : 0;
    if (nodes < group->need_nodes)
        err_set(words, EAGAIN, "%u node%s needed, %u %s room now", group->need_nodes,
                group->need_nodes == 1 ? " is" : "s are", nodes,
                nodes == 1 ? "has" : "have");
    else if (group->need_cores > sched->free_cores)
        err_set(words, EAGAIN, "%llu cores are needed, %llu are free now",
                (unsigned long long)group->need_cores,
                (unsigned long long)sched->free_cores);
}

enum sched_reason sched_why(const struct sched *sched, uint32_t id, struct err *words)
{
    const struct sched_job *job = waiting_find(sched, id);
    if (!job)
        return SCHED_NONE;
    if (job->place == JOB_PARKED) {
        if (job->words)
            err_set(words, EAGAIN, "%s", job->words);
        return job->reason;
    }
    const struct group *group = job->group;
    if (job->place == JOB_READY && job != group->jobs) {
        err_set(words, EAGAIN, "waits behind job %u", group->jobs->id);
        return group->reason == SCHED_LIMIT ? SCHED_LIMIT : SCHED_PRIORITY;
    }
    if (group->reason == SCHED_PRIORITY && !group->behind &&
        nodes_lack_room(sched, group)) {
        say_numbers(sched, group, words);
        return SCHED_RESOURCES;
    }
    if (group->reason == SCHED_PRIORITY && group->behind)
        err_set(words, EAGAIN, "waits behind job %u", group->behind);
    else if (group->words)
        err_set(words, EAGAIN, "%s", group->words);
    else if (group->reason == SCHED_RESOURCES)
        say_numbers(sched, group, words);
    return group->reason;
}

limit_reason sched_limit_of(const struct sched *sched, uint32_t id)
{
    const struct sched_job *job = waiting_find(sched, id);
    return job && job->place != JOB_PARKED ? job->group->limit : 0;
}

int64_t sched_promised(const struct sched *sched, uint32_t id)
{
    const struct sched_job *job = waiting_find(sched, id);
    const struct promise *promise = job ? job->promise : NULL;
    return promise && !promise->is_plan && !promise->is_broken ? promise->start : 0;
}

void sched_counts(const struct sched *sched, struct sched_counts *ret)
{
    *ret = sched->counts;
    ret->promises = sched->n_promises;
}
