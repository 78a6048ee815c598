/* SPDX-License-Identifier: Apache-2.0
 *
 * request.c - translate specs to requests, decisions to placements and back
 */
#include "controller/request.h"

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "controller/nodes.h"
#include "controller/pods/pod_nodes.h"
#include "controller/wants.h"
#include "place/cluster.h"
#include "state/job_spec.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ defaults */

static const struct config_partition *default_partition(const struct config *config)
{
    for (size_t i = 0; i < config->n_partitions; i++)
        if (config->partitions[i].is_default)
            return &config->partitions[i];
    return config->n_partitions ? &config->partitions[0] : NULL;
}

static char *join_names(const char *const *names, size_t n)
{
    struct strbuf text = STRBUF_INIT;

    for (size_t i = 0; i < n; i++)
        strbuf_printf(&text, "%s%s", i ? ", " : "", names[i]);
    return strbuf_take(&text);
}

static const struct config_partition *find_partition(const struct config *config,
                                                     const char *name, struct err *err)
{
    cleanup(freep) const char **names = xcalloc(config->n_partitions, sizeof(*names));
    const char *near;

    for (size_t i = 0; i < config->n_partitions; i++) {
        names[i] = config->partitions[i].name;
        if (strcmp(names[i], name) == 0)
            return &config->partitions[i];
    }
    near = nearest_name(name, names, config->n_partitions);
    if (!near) {
        cleanup(freep) char *all = join_names(names, config->n_partitions);

        (void)err_set(
            err, EINVAL,
            "--partition=%.60s: Invalid partition name specified; there is %s", name,
            all);
        return NULL;
    }
    (void)err_set(err, EINVAL,
                  "--partition=%.60s: Invalid partition name specified; did you mean "
                  "'%s'?",
                  name, near);
    return NULL;
}

static int default_time(const struct config_partition *partition, Berth__JobSpec *spec,
                        struct err *err)
{
    int64_t most = partition->time_max;
    cleanup(freep) char *asked = NULL;
    cleanup(freep) char *allowed = NULL;

    if (spec->time_limit == 0) {
        spec->time_limit = partition->time_default ? partition->time_default : most;
        if (most > 0 && (spec->time_limit <= 0 || spec->time_limit > most))
            spec->time_limit = most;
        return 0;
    }
    if (most <= 0 || (spec->time_limit > 0 && spec->time_limit <= most))
        return 0;
    asked = duration_format(spec->time_limit);
    allowed = duration_format(most);
    return err_set(err, EINVAL,
                   "--time=%s: partition '%s' allows at most %s (Requested time limit "
                   "is invalid)",
                   asked, partition->name, allowed);
}

static int default_memory(const struct config_partition *partition,
                          Berth__JobSpec *spec, struct err *err)
{
    uint32_t most = partition->max_cores_per_node;

    if (most && spec->cpus_per_task > most)
        return err_set(err, EINVAL,
                       "--cpus-per-task=%u: partition '%s' gives at most %u cores of a "
                       "node to a job",
                       spec->cpus_per_task, partition->name, most);
    if (!spec->mem_per_node && !spec->mem_per_cpu && !spec->mem_per_gpu &&
        !spec->mem_all)
        spec->mem_per_cpu = partition->mem_per_cpu;
    return 0;
}

/* Slurm's way with more nodes than tasks: take fewer nodes, and say so. */
static void default_counts(Berth__JobSpec *spec, char **warning)
{
    if (spec->cpus_per_task == 0 && !(spec->pod && spec->pod->cpu_milli))
        spec->cpus_per_task = 1;
    if (spec->nodes_min && spec->nodes_max == 0)
        spec->nodes_max = spec->nodes_min;
    if (spec->tasks == 0 || spec->nodes_min <= spec->tasks)
        return;
    *warning = xasprintf("can't run %u tasks on %u nodes, setting --nodes to %u",
                         spec->tasks, spec->nodes_min, spec->tasks);
    spec->nodes_min = spec->tasks;
    spec->nodes_max = spec->tasks;
}

int request_defaults(const struct controller *ctl, Berth__JobSpec *spec, char **warning,
                     struct err *err)
{
    const struct config_partition *partition;
    int rc;

    if (spec->partition[0])
        partition = find_partition(ctl->config, spec->partition, err);
    else
        partition = default_partition(ctl->config);
    if (!partition)
        return -EINVAL;
    if (!spec->partition[0])
        field_set(&spec->partition, partition->name);
    rc = wants_complete(spec, err);
    if (rc)
        return rc;
    default_counts(spec, warning);
    rc = default_memory(partition, spec, err);
    return rc ? rc : default_time(partition, spec, err);
}

/* ------------------------------------------------------------------ requests */

static int node_set(const struct controller *ctl, const char *option, const char *list,
                    struct bitset **ret, struct err *err)
{
    cleanup(strv_freep) char **names = NULL;
    struct bitset *set;
    int rc;

    *ret = NULL;
    if (!*list)
        return 0;
    rc = hostlist_expand(list, &names, err);
    if (rc) {
        (void)err_wrap(err, "%s", option);
        return rc;
    }
    set = bitset_create(ctl->config->n_nodes);
    strv_foreach (name, names) {
        const struct ctl_node *node = nodes_find(ctl, *name);

        if (!node) {
            bitset_destroy(set);
            return err_set(err, EINVAL,
                           "%s=%.60s: Invalid node name specified: '%.60s'", option,
                           list, *name);
        }
        bitset_set(set, node->index);
    }
    *ret = set;
    return 0;
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

static void fill_nodes(const Berth__JobSpec *spec, struct place_request *place)
{
    uint32_t per_node = spec->tasks_per_node;

    place->tasks = spec->tasks;
    if (spec->nodes_min) {
        place->nodes_min = spec->nodes_min;
        place->nodes_max = spec->nodes_max ? spec->nodes_max : spec->nodes_min;
        if (!place->tasks && per_node)
            place->tasks = per_node * place->nodes_min;
        return;
    }
    /* No --nodes: from the fewest that could hold the tasks to one for each. */
    if (!place->tasks)
        place->tasks = per_node ? per_node : 1;
    place->nodes_min = per_node ? ceil_div(place->tasks, per_node) : 1;
    place->nodes_max = place->tasks;
}

static void fill_place(const Berth__JobSpec *spec, struct place_request *place)
{
    fill_nodes(spec, place);
    place->tasks_per_node = spec->tasks_per_node;
    place->cpus_per_task = spec->cpus_per_task;
    if (!spec->cpus_per_task && !(spec->pod && spec->pod->cpu_milli))
        place->cpus_per_task = 1;
    place->mem_per_node = spec->mem_per_node;
    place->mem_per_cpu = spec->mem_per_cpu;
    place->exclusive = spec->exclusive;
    place->overcommit = spec->overcommit;
}

/* What the partition gives to a job of a node at most. */
static void cap_cores(const struct controller *ctl, const Berth__JobSpec *spec,
                      struct place_request *place)
{
    const struct config_partition *partition =
        find_partition(ctl->config, spec->partition, NULL);
    uint32_t most = partition ? partition->max_cores_per_node : 0;
    uint32_t tasks = place->cpus_per_task ? most / place->cpus_per_task : most;

    if (most == 0 || place->tasks == 0 || place->overcommit)
        return;
    if (place->tasks_per_node == 0 || place->tasks_per_node > tasks)
        place->tasks_per_node = tasks ? tasks : 1;
}

/* --nodelist without --nodes asks for at least the nodes it names. */
static void raise_to_nodelist(const Berth__JobSpec *spec, const struct bitset *named,
                              struct place_request *place)
{
    uint32_t n = named ? (uint32_t)bitset_count(named) : 0;

    if (spec->nodes_min || n <= place->nodes_min)
        return;
    place->nodes_min = n;
    if (place->nodes_max < n)
        place->nodes_max = n;
    if (!spec->tasks)
        place->tasks = n * (spec->tasks_per_node ? spec->tasks_per_node : 1);
}

/* Of a component, how many there are; of an array, what has not begun yet; of what
 * began before, only the job itself. */
static int fill_kin(const struct job *job, struct request *ret, struct err *err)
{
    const Berth__JobRecord *record = job->record;
    int rc;

    if (record->het_leader == record->id)
        ret->sched.set_size = record->het_size;
    if (record->array_job || record->epoch)
        ret->sched.dependency = NULL;
    if (!job->spec->array[0] || record->array_job)
        return 0;
    rc = array_spec_parse(record->array_left[0] ? record->array_left : job->spec->array,
                          &ret->array, err);
    ret->sched.array = &ret->array;
    return rc ? err_wrap(err, "--array") : 0;
}

int request_init(const struct controller *ctl, const struct job *job,
                 struct request *ret, struct err *err)
{
    const Berth__JobSpec *spec = job->spec;
    struct place_request *place = &ret->sched.place;
    int rc;

    *ret = (struct request){.sched = {.job = job->record->id,
                                      .partition = spec->partition,
                                      .submit_time = job->record->submit_time,
                                      .eligible_time = job->record->eligible_time,
                                      .time_limit = spec->time_limit,
                                      .nice = spec->nice,
                                      .priority = spec->priority,
                                      .leader = job->record->het_leader,
                                      .held = job->record->held}};
    fill_place(spec, place);
    cap_cores(ctl, spec, place);
    rc = job_spec_bind(spec, &place->bind, err);
    if (rc == 0)
        rc = job_spec_policy(spec, &place->policy, err);
    if (rc == 0)
        rc = wants_fill(ctl, job, ret, err);
    if (rc == 0)
        rc = fill_kin(job, ret, err);
    if (rc == 0)
        rc = node_set(ctl, "--nodelist", spec->nodelist, &ret->required, err);
    if (rc == 0)
        rc = node_set(ctl, "--exclude", spec->exclude, &ret->excluded, err);
    place->required = ret->required;
    place->excluded = ret->excluded;
    raise_to_nodelist(spec, ret->required, place);
    if (rc == 0 && spec->pod)
        rc = pod_nodes_fill(ctl, spec->pod, ret, err);
    if (rc)
        request_fini(ret);
    return rc;
}

void request_fini(struct request *request)
{
    bitset_destroyp(&request->required);
    bitset_destroyp(&request->excluded);
    free(take(request->gres));
    array_spec_fini(&request->array);
    pod_nodes_release(request);
}

/* ------------------------------------------------------------------ placements */

/* What each of them is called: leads give devices to steps, and know no topology. */
static void add_kinds(const struct node_topo *topo, const struct bitset *devices,
                      Berth__NodeShare *message)
{
    message->device_kinds =
        xcalloc(bitset_count(devices), sizeof(*message->device_kinds));
    for (size_t i = bitset_next(devices, 0); i < topo->n_devices;
         i = bitset_next(devices, i + 1)) {
        const struct topo_device *device = &topo->devices[i];

        message->device_kinds[message->n_device_kinds++] =
            device->type ? xasprintf("%s:%s", device->name, device->type)
                         : xstrdup(device->name);
    }
}

static Berth__NodeShare *share_message(const struct controller *ctl,
                                       const struct place_share *share)
{
    const struct ctl_node *node = &ctl->nodes[share->node];
    Berth__NodeShare *message = xmalloc(sizeof(*message));

    berth__node_share__init(message);
    message->node = xstrdup(node->config->name);
    message->address = xstrdup(node->config->address);
    message->port = nodes_port(node);
    message->cores = bitset_format(share->cores);
    message->cpu_milli = share->milli;
    message->shared_core = share->milli ? share->shared : 0;
    message->memory = share->memory;
    if (share->devices) {
        message->devices = bitset_format(share->devices);
        add_kinds(node->topo, share->devices, message);
    }
    message->tasks = share->tasks;
    message->n_task_cores = share->tasks;
    message->task_cores = xcalloc(share->tasks, sizeof(*message->task_cores));
    for (uint32_t i = 0; i < share->tasks; i++)
        message->task_cores[i] =
            share->task_cores ? bitset_format(share->task_cores[i]) : xstrdup("");
    if (!share->task_devices)
        return message;
    message->n_task_devices = share->tasks;
    message->task_devices = xcalloc(share->tasks, sizeof(*message->task_devices));
    for (uint32_t i = 0; i < share->tasks; i++)
        message->task_devices[i] = share->task_devices[i]
                                       ? bitset_format(share->task_devices[i])
                                       : xstrdup("");
    return message;
}

Berth__Placement *request_placement(const struct controller *ctl,
                                    const struct place_result *where)
{
    Berth__Placement *placement = xmalloc(sizeof(*placement));

    berth__placement__init(placement);
    placement->score = where->score;
    placement->why = xstrdup(where->why ? where->why : "");
    placement->runner_up = xstrdup(where->runner_up ? where->runner_up : "");
    placement->runner_up_score = where->runner_up ? where->runner_up_score : 0;
    placement->n_shares = where->n_shares;
    placement->shares = xcalloc(where->n_shares, sizeof(*placement->shares));
    for (size_t i = 0; i < where->n_shares; i++)
        placement->shares[i] = share_message(ctl, &where->shares[i]);
    return placement;
}

static int share_result(const struct controller *ctl, const Berth__NodeShare *message,
                        struct place_share *share, struct err *err)
{
    const struct ctl_node *node = nodes_find(ctl, message->node);
    size_t n_cores;
    int rc;

    if (!node || !node->topo)
        return err_set(err, ENOENT, "node %s is %s", message->node,
                       node ? "not known yet" : "no longer part of the cluster");
    n_cores = node->topo->n_cores;
    share->node = node->index;
    share->memory = message->memory;
    share->milli = message->cpu_milli;
    share->shared = message->shared_core;
    if (share->milli >= PLACE_WHOLE || (share->milli && share->shared >= n_cores))
        return err_set(err, EINVAL, "%s has no slice of core %u", message->node,
                       message->shared_core);
    rc = bitset_parse(message->cores, n_cores, &share->cores, err);
    if (rc == 0 && message->devices[0])
        rc =
            bitset_parse(message->devices, node->topo->n_devices, &share->devices, err);
    share->task_cores = xcalloc(message->n_task_cores, sizeof(struct bitset *));
    for (size_t i = 0; rc == 0 && i < message->n_task_cores; i++) {
        rc = bitset_parse(message->task_cores[i], n_cores, &share->task_cores[i], err);
        if (rc == 0)
            share->tasks++;
    }
    return rc;
}

int request_result(const struct controller *ctl, const Berth__Placement *placement,
                   struct place_result **ret, struct err *err)
{
    struct place_result *result = xcalloc(1, sizeof(*result));
    int rc = 0;

    result->score = placement->score;
    result->why = xstrdup(placement->why);
    result->shares = xcalloc(placement->n_shares, sizeof(*result->shares));
    for (size_t i = 0; rc == 0 && i < placement->n_shares; i++) {
        result->n_shares++;
        rc = share_result(ctl, placement->shares[i], &result->shares[i], err);
    }
    if (rc) {
        place_result_destroy(result);
        return rc;
    }
    *ret = result;
    return 0;
}
