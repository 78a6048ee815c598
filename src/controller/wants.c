/* SPDX-License-Identifier: Apache-2.0
 *
 * wants.c - devices, features, licences and the like, from spec to request
 */
#include "controller/wants.h"

#include "base/mem.h"
#include "spec/distribution_spec.h"
#include "spec/gres_spec.h"
#include "spec/switches_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* NULL asks for nothing. */
static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

/* ------------------------------------------------------------------ GPUs */

static uint32_t gpus_of(const char *text)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    if (*text)
        (void)gres_spec_parse_gpus(text, &spec, NULL);
    return (uint32_t)gres_spec_count(&spec, "gpu");
}

static uint32_t gpus_a_node(const Berth__JobSpec *spec)
{
    cleanup(gres_spec_fini) struct gres_spec gres = {0};

    if (*spec->gpus_per_node)
        return gpus_of(spec->gpus_per_node);
    if (*spec->gres)
        (void)gres_spec_parse(spec->gres, &gres, NULL);
    return (uint32_t)gres_spec_count(&gres, "gpu");
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return b ? a / b + (a % b != 0) : a;
}

static int divide(const char *option, uint32_t total, const char *by_option,
                  uint32_t by, uint32_t *ret, struct err *err)
{
    if (total % by)
        return err_set(err, EINVAL, "%s=%u: cannot be divided by %s=%u", option, total,
                       by_option, by);
    *ret = total / by;
    return 0;
}

/* --gpus with --gpus-per-node or --gpus-per-task says how many of these there are. */
static int divide_total(Berth__JobSpec *spec, uint32_t total, struct err *err)
{
    uint32_t a_node = gpus_a_node(spec), a_task = gpus_of(spec->gpus_per_task);
    uint32_t n = 0;
    int rc = 0;

    if (a_node && spec->nodes_min == 0) {
        rc = divide("--gpus", total, "--gpus-per-node", a_node, &n, err);
        if (rc == 0)
            spec->nodes_min = spec->nodes_max = n;
    }
    if (rc == 0 && a_task && spec->tasks == 0)
        rc = divide("--gpus", total, "--gpus-per-task", a_task, &spec->tasks, err);
    return rc;
}

static void count_tasks(Berth__JobSpec *spec, uint32_t total)
{
    uint32_t a_node = gpus_a_node(spec), a_task = gpus_of(spec->gpus_per_task);

    if (spec->tasks_per_gpu && total && spec->tasks == 0)
        spec->tasks = spec->tasks_per_gpu * total;
    else if (spec->tasks_per_gpu && a_node)
        spec->tasks_per_node = spec->tasks_per_gpu * a_node;
    if (a_node && a_task && spec->tasks_per_node == 0 && a_node >= a_task)
        spec->tasks_per_node = a_node / a_task;
}

/* --cpus-per-gpu: the cores of a task are those of its share of the GPUs. */
static void count_cores(Berth__JobSpec *spec, uint32_t total)
{
    uint32_t a_node = gpus_a_node(spec), a_task = gpus_of(spec->gpus_per_task);
    uint32_t each = spec->cpus_per_gpu;

    if (each == 0 || spec->cpus_per_task)
        return;
    if (a_task)
        spec->cpus_per_task = each * a_task;
    else if (a_node)
        spec->cpus_per_task =
            ceil_div(each * a_node, spec->tasks_per_node ? spec->tasks_per_node : 1);
    else
        spec->cpus_per_task = ceil_div(each * total, spec->tasks ? spec->tasks : 1);
}

int wants_complete(Berth__JobSpec *spec, struct err *err)
{
    uint32_t total = gpus_of(spec->gpus);
    int rc = total ? divide_total(spec, total, err) : 0;

    if (rc)
        return rc;
    count_tasks(spec, total);
    count_cores(spec, total);
    return 0;
}

/* ------------------------------------------------------------------ devices */

struct devices {
    const struct controller *ctl;
    struct request *to;
    uint64_t gpu_memory;
};

static int add(struct devices *devices, const char *option,
               const struct gres_item *item, enum place_per per, struct err *err)
{
    struct place_request *place = &devices->to->sched.place;
    bool is_gpu = strcmp(item->name, "gpu") == 0;

    if (item->count > UINT16_MAX)
        return err_set(err, EINVAL, "%s: %llu of '%.60s' are more than a node can have",
                       option, (unsigned long long)item->count, item->name);
    devices->to->gres =
        xrealloc(devices->to->gres, place->n_gres + 1, sizeof(*devices->to->gres));
    devices->to->gres[place->n_gres++] = (struct place_gres){
        .kind = sched_gres_kind(devices->ctl->sched, item->name, item->type),
        .count = (uint32_t)item->count,
        .per = per,
        .memory = is_gpu ? devices->gpu_memory : 0};
    place->gres = devices->to->gres;
    return 0;
}

static int add_gpus(struct devices *devices, const char *option, const char *text,
                    enum place_per per, struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};
    int rc = *text ? gres_spec_parse_gpus(text, &spec, err) : 0;

    for (size_t i = 0; rc == 0 && i < spec.n; i++)
        rc = add(devices, option, &spec.items[i], per, err);
    return rc;
}

static int add_gres(struct devices *devices, const char *text, bool with_gpus,
                    struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};
    int rc = *text ? gres_spec_parse(text, &spec, err) : 0;

    for (size_t i = 0; rc == 0 && i < spec.n; i++)
        if (with_gpus || strcmp(spec.items[i].name, "gpu") != 0)
            rc = add(devices, "--gres", &spec.items[i], PLACE_PER_NODE, err);
    return rc;
}

/* --ntasks-per-gpu with tasks, and nothing that says how many GPUs. */
static int add_by_tasks(struct devices *devices, const Berth__JobSpec *spec,
                        struct err *err)
{
    struct gres_item item = {.name = (char[]){"gpu"},
                             .count = ceil_div(spec->tasks, spec->tasks_per_gpu)};

    return add(devices, "--ntasks-per-gpu", &item, PLACE_PER_JOB, err);
}

/* GPUs may be said in several ways at once; what is said most closely counts, and
 * wants_complete has made the sizes fit the rest. */
static int fill_devices(const struct controller *ctl, const Berth__JobSpec *spec,
                        struct request *ret, struct err *err)
{
    struct devices devices = {.ctl = ctl, .to = ret, .gpu_memory = spec->mem_per_gpu};
    bool close = *spec->gpus_per_task || *spec->gpus_per_socket;
    bool a_node = !close && gpus_a_node(spec) > 0;
    int rc = add_gres(&devices, spec->gres, !close && !*spec->gpus_per_node, err);

    if (rc == 0)
        rc = add_gpus(&devices, "--gpus-per-task", spec->gpus_per_task, PLACE_PER_TASK,
                      err);
    if (rc == 0)
        rc = add_gpus(&devices, "--gpus-per-socket", spec->gpus_per_socket,
                      PLACE_PER_PACKAGE, err);
    if (rc == 0 && !close)
        rc = add_gpus(&devices, "--gpus-per-node", spec->gpus_per_node, PLACE_PER_NODE,
                      err);
    if (rc == 0 && !close && !a_node)
        rc = add_gpus(&devices, "--gpus", spec->gpus, PLACE_PER_JOB, err);
    if (rc == 0 && !close && !a_node && !*spec->gpus && spec->tasks_per_gpu)
        rc = add_by_tasks(&devices, spec, err);
    return rc;
}

/* ------------------------------------------------------------------ the rest */

static enum place_order order_of(enum deal_kind kind)
{
    switch (kind) {
    case DEAL_BLOCK:
        return PLACE_BLOCK;
    case DEAL_CYCLIC:
    case DEAL_FCYCLIC:
        return PLACE_CYCLIC;
    case DEAL_PLANE:
        return PLACE_PLANE;
    case DEAL_DEFAULT:
    case DEAL_ARBITRARY:
        break;
    }
    return PLACE_AS_IS;
}

static void fill_place(const Berth__JobSpec *spec, struct place_request *place)
{
    struct distribution_spec dist;

    place->tasks_per_package = spec->tasks_per_socket;
    place->tasks_per_core = spec->tasks_per_core;
    place->contiguous = spec->contiguous;
    if (distribution_parse(spec->distribution, &dist, NULL))
        return;
    place->node_order = order_of(dist.nodes);
    place->plane = dist.plane;
    place->package_order = order_of(dist.sockets);
}

static int fill_switches(const Berth__JobSpec *spec, struct sched_request *req,
                         struct err *err)
{
    struct switches_spec switches = {0};
    int rc = switches_spec_parse(spec->switches, &switches, err);

    if (rc)
        return err_wrap(err, "--switches");
    req->place.switches_max = switches.count;
    req->switches_wait = switches.wait < 0 ? INT64_C(1) << 40 : switches.wait;
    return 0;
}

static void fill_texts(const Berth__JobSpec *spec, struct sched_request *req)
{
    req->uid = spec->uid;
    req->any_account = controller_is_admin(spec->uid);
    req->name = or_null(spec->name);
    req->user = or_null(spec->user);
    req->account = or_null(spec->account);
    req->qos = or_null(spec->qos);
    req->features = or_null(spec->constraint);
    req->licences = or_null(spec->licences);
    req->reservation = or_null(spec->reservation);
    req->dependency = or_null(spec->dependency);
}

int wants_fill(const struct controller *ctl, const struct job *job, struct request *ret,
               struct err *err)
{
    const Berth__JobSpec *spec = job->spec;
    struct sched_request *req = &ret->sched;
    int rc = fill_switches(spec, req, err);

    fill_place(spec, &req->place);
    fill_texts(spec, req);
    req->time_min = spec->time_min;
    req->deadline = spec->deadline;
    /* A helper is queued again with its job, whatever its own way is. */
    req->follows = spec->pod && spec->pod->helps;
    req->no_preempt =
        !req->follows && (spec->interactive || strcmp(spec->requeue, "no") == 0);
    if (spec->exclusive)
        req->exclusive = SCHED_WHOLE_NODES;
    else if (spec->exclusive_user)
        req->exclusive = SCHED_OWN_NODES;
    return rc ? rc : fill_devices(ctl, spec, ret, err);
}
