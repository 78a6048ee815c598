/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_admit.c - translate a pod to a JobSpec
 *
 * What it may not ask for, pod_checks.c says.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "controller/objects/object_make.h"
#include "controller/pods/pod_admit_priv.h"
#include "controller/pods/pod_place.h"
#include "objects/bounds.h"
#include "objects/demand.h"
#include "objects/find.h"
#include "sched/sched.h"
#include "state/job.h"

#define STORAGE "ephemeral-storage"
#define GIB (INT64_C(1) << 30)
#define MIB (INT64_C(1) << 20)
#define CORES_MAX INT64_C(1000000)
/* All of a gang are decided on at once. */
#define GANG_MAX SCHED_SET_MAX

/* Where the job goes that it helps, and for whom. */
static int fill_help(struct admission *a)
{
    const Berth__JobSpec *job = a->help ? a->help->job : NULL;
    const char *account = pod_account_of(a->record);

    if (!job)
        return 0;
    field_set(&a->spec->partition, job->partition);
    field_set(&a->spec->account, job->account);
    field_set(&a->spec->reservation, job->reservation);
    if (!a->pod->spec->priority_class)
        field_set(&a->spec->qos, job->qos);
    a->spec->pod->helps = a->help->id;
    field_set(&a->spec->pod->helper, a->help->name);
    if (annotation_find(a->pod->meta, "berth/gang"))
        return err_set(a->err, EINVAL,
                       "metadata.annotations[berth/gang]: a helper pod starts with its "
                       "job, and with no others");
    if (account && strcmp(account, job->account) != 0)
        return err_set(a->err, EINVAL,
                       "metadata.namespace: '%.64s' is not the job's account, '%.64s'",
                       account, job->account);
    return 0;
}

static int fill_owner(struct admission *a)
{
    const Berth__ObjectRecord *record = a->record;
    const struct mf_meta *meta = a->pod->meta;
    const char *account = pod_account_of(record);
    const struct {
        const char *annotation;
        char **field;
    } said[] = {{"berth/account", &a->spec->account},
                {"berth/partition", &a->spec->partition},
                {"berth/qos", &a->spec->qos},
                {"berth/reservation", &a->spec->reservation}};

    a->spec->uid = record->owner_uid;
    a->spec->gid = record->owner_gid;
    field_set(&a->spec->user, record->owner_user);
    field_set(&a->spec->name, record->name);
    field_set(&a->spec->cwd, "/");
    /* Who made it makes another, and counts this one. */
    if (*record->made_by_uid || a->pod->spec->restart == MF_RESTART_NEVER)
        field_set(&a->spec->requeue, "no");
    if (account)
        field_set(&a->spec->account, account);
    if (a->pod->spec->priority_class)
        a->spec->qos = pod_place_qos(a->config, a->pod->spec->priority_class);
    for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
        const char *value = annotation_find(meta, said[i].annotation);

        if (value)
            field_set(said[i].field, value);
    }
    return 0;
}

/* ------------------------------------------------------------------ how much */

static int fill_cores(struct admission *a)
{
    struct quantity cpu;
    int64_t milli;

    if (pod_demand(a->pod->spec, "cpu", &cpu))
        return err_set(a->err, ERANGE, "resources: cpu: more than there is");
    milli = quantity_milli(&cpu);
    if (milli / 1000 > CORES_MAX)
        return err_set(a->err, ERANGE, "resources: cpu: more than any machine has");
    if (milli == 0)
        milli = a->config->pods.least_cpu;
    a->spec->cpus_per_task = (uint32_t)(milli / 1000);
    a->spec->pod->cpu_milli = (uint32_t)(milli % 1000);
    return 0;
}

static int64_t mebibytes(const struct quantity *q)
{
    int64_t bytes = quantity_units(q);

    return bytes / MIB + (bytes % MIB != 0);
}

/* What all may use together, MiB; 0: some container has no limit. */
static int64_t memory_limit(const struct mf_pod_spec *spec)
{
    struct quantity sum = {.whole = 0}, most = sum;

    for (size_t i = 0; i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);
        const struct quantity *limit = amount_limit(c, "memory");
        bool stays = i >= spec->init.n || c->restart == MF_RESTART_ALWAYS;

        if (!limit)
            return 0;
        if (stays && quantity_add(&sum, limit, &sum))
            return 0;
        if (!stays && quantity_compare(limit, &most) > 0)
            most = *limit;
    }
    return mebibytes(quantity_compare(&most, &sum) > 0 ? &most : &sum);
}

static int fill_memory(struct admission *a)
{
    Berth__PodWish *wish = a->spec->pod;
    struct quantity memory;
    int64_t asked, limit = memory_limit(a->pod->spec);

    if (pod_demand(a->pod->spec, "memory", &memory))
        return err_set(a->err, ERANGE, "resources: memory: more than there is");
    asked = mebibytes(&memory);
    if (asked == 0) {
        asked = (int64_t)a->config->pods.memory;
        admission_warn(
            a, "it asks for no memory: it gets %" PRId64 " MiB (pods.memory)", asked);
    }
    if (limit > asked && a->config->pods.overcommit) {
        wish->mem_limit = (uint64_t)limit;
    } else if (limit > asked) {
        admission_warn(
            a,
            "its limits of memory are more than it asks for: it asks for all of them, "
            "%" PRId64 " MiB (pods.overcommit)",
            limit);
        asked = limit;
    }
    a->spec->mem_per_node = (uint64_t)asked;
    return 0;
}

/* The gres of "nvidia.com/gpu": heap, NULL when there is none. */
static char *gres_of(const struct config *config, const char *resource)
{
    cleanup(strv_freep) char **rows =
        config->pods.resources ? strv_split(config->pods.resources, ", ") : NULL;
    size_t len = strlen(resource);

    strv_foreach (row, rows)
        if (strncmp(*row, resource, len) == 0 && (*row)[len] == '=')
            return xstrdup(*row + len + 1);
    return NULL;
}

static int add_device(const struct admission *a, const char *resource,
                      struct strbuf *gres)
{
    cleanup(freep) char *name = gres_of(a->config, resource);
    struct quantity amount;
    int64_t count;

    if (pod_demand(a->pod->spec, resource, &amount))
        return err_set(a->err, ERANGE, "resources: %.64s: more than there is",
                       resource);
    count = quantity_units(&amount);
    if (count == 0)
        return 0;
    if (!name)
        return err_set(a->err, EINVAL,
                       "resources: %.64s: this cluster has no such device; it has %s "
                       "(pods.resources)",
                       resource,
                       a->config->pods.resources ? a->config->pods.resources : "none");
    strbuf_printf(gres, "%s%s:%" PRId64, gres->len ? "," : "", name, count);
    return 0;
}

/* Where the site counts it, as a gres of GiB; limits are kept in any case. */
static int add_storage(const struct admission *a, struct strbuf *gres)
{
    cleanup(freep) char *name = gres_of(a->config, STORAGE);
    struct quantity amount;
    int64_t bytes, count;

    if (pod_demand(a->pod->spec, STORAGE, &amount))
        return err_set(a->err, ERANGE, "resources: " STORAGE ": more than there is");
    bytes = quantity_units(&amount);
    count = bytes / GIB + (bytes % GIB != 0);
    if (count && name)
        strbuf_printf(gres, "%s%s:%" PRId64, gres->len ? "," : "", name, count);
    else if (count)
        admission_warn(
            a, "resources: " STORAGE ": its limits are kept; nodes here do not tell of "
               "storage, so what it asks for chooses no node (pods.resources)");
    return 0;
}

static int fill_devices(struct admission *a)
{
    cleanup(strv_freep) char **names = pod_resources(a->pod->spec);
    cleanup(strbuf_fini) struct strbuf gres = STRBUF_INIT;
    int rc = 0;

    strv_foreach (name, names) {
        if (strcmp(*name, "cpu") == 0 || strcmp(*name, "memory") == 0)
            continue;
        if (strcmp(*name, STORAGE) == 0)
            rc = add_storage(a, &gres);
        else if (strncmp(*name, "hugepages-", 10) == 0)
            rc = err_set(a->err, EINVAL, "resources: %.40s: they are not given out",
                         *name);
        else
            rc = add_device(a, *name, &gres);
        if (rc)
            return rc;
    }
    if (gres.len)
        field_set(&a->spec->gres, gres.s);
    return 0;
}

/* ------------------------------------------------------------------ when */

static const struct config_partition *partition_of(const struct admission *a)
{
    const struct config *config = a->config;
    const struct config_partition *found = NULL;

    for (size_t i = 0; i < config->n_partitions; i++) {
        const struct config_partition *p = &config->partitions[i];

        if (*a->spec->partition ? strcmp(p->name, a->spec->partition) == 0
                                : p->is_default || !found)
            found = p;
    }
    return found;
}

/* A probe may give a container more, or less, than its pod gets. */
static void bound_probes(struct admission *a)
{
    const struct mf_pod_spec *spec = a->pod->spec;
    int64_t most = a->config->pods.grace_max;

    for (size_t i = 0; i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);

        if (pod_longest_grace(c) <= most)
            continue;
        admission_warn(a,
                       "container %s: terminationGracePeriodSeconds of a probe: "
                       "%" PRId64 " seconds are allowed (pods.grace_max)",
                       c->name, most);
        a->spec->pod->grace_max = (uint32_t)most + 1;
    }
}

/* Nobody's node, drained or taken, waits longer. */
static void fill_grace(struct admission *a)
{
    int64_t grace = a->pod->spec->grace, most = a->config->pods.grace_max;

    bound_probes(a);
    if (grace == MF_UNSET)
        return;
    if (grace > most) {
        admission_warn(a,
                       "spec.terminationGracePeriodSeconds: %" PRId64
                       " seconds are allowed "
                       "(pods.grace_max)",
                       most);
        grace = most;
    }
    a->spec->pod->grace = (uint32_t)grace + 1;
}

/* A name that there is not is told of by whoever completes the job. */
static int fill_times(struct admission *a)
{
    const struct config_partition *partition = partition_of(a);
    const struct mf_pod_spec *spec = a->pod->spec;
    int64_t most = partition ? partition->time_max : 0;
    const char *expected = annotation_find(a->pod->meta, "berth/time");
    cleanup(freep) char *allowed = NULL;

    if (expected)
        (void)duration_parse(expected, &a->spec->pod->time_expected, NULL);
    fill_grace(a);
    a->spec->time_limit = spec->deadline != MF_UNSET ? spec->deadline : TIME_UNLIMITED;
    if (a->help && spec->deadline == MF_UNSET) {
        a->spec->time_limit = a->help->job->time_limit;
        return 0;
    }
    if (most <= 0 || (spec->deadline != MF_UNSET && spec->deadline <= most))
        return 0;
    allowed = duration_format(most);
    if (spec->deadline != MF_UNSET)
        return err_set(a->err, EINVAL,
                       "spec.activeDeadlineSeconds: partition '%s' allows at most %s",
                       partition->name, allowed);
    a->spec->time_limit = most;
    admission_warn(
        a, "without spec.activeDeadlineSeconds, partition '%s' ends it after %s",
        partition->name, allowed);
    return 0;
}

/* ------------------------------------------------------------------ where */

/* Members of a gang are told by its name within the namespace; rules of the manifest
 * have looked at the number. */
static int fill_gang(struct admission *a)
{
    const char *gang = annotation_find(a->pod->meta, "berth/gang");
    const char *size = annotation_find(a->pod->meta, "berth/gang-size");
    int64_t n = 0;

    if (!gang || !size)
        return 0;
    if (number_parse(size, 1, GANG_MAX, &n, NULL) < 0)
        return err_set(a->err, EINVAL,
                       "metadata.annotations[berth/gang-size]: %.20s: a gang has at "
                       "most %d members",
                       size, GANG_MAX);
    field_set(&a->spec->pod->place->gang, gang);
    a->spec->pod->place->gang_size = (uint32_t)n;
    return 0;
}

static int fill_place(struct admission *a)
{
    const struct mf_pod_spec *spec = a->pod->spec;
    int rc;

    a->spec->tasks = 1;
    a->spec->nodes_min = a->spec->nodes_max = 1;
    if (spec->node_name)
        field_set(&a->spec->nodelist, spec->node_name);
    a->spec->pod->never_preempts = spec->preemption == MF_PREEMPT_NEVER;
    rc = pod_place_make(a->ctl, a->record, a->pod, &a->spec->pod->place, a->warning,
                        a->err);
    return rc ? rc : fill_gang(a);
}

/* What the job is shown with; its lead takes images from the manifest. */
static int fill_image(struct admission *a)
{
    Berth__ContainerSpec *container = xmalloc(sizeof(*container));

    berth__container_spec__init(container);
    container->image = xstrdup(a->pod->spec->containers.items[0].image
                                   ? a->pod->spec->containers.items[0].image
                                   : "");
    a->spec->container = container;
    return 0;
}

static int fill_wish(struct admission *a)
{
    const Berth__ObjectRecord *record = a->record;
    Berth__PodWish *wish = a->spec->pod;

    wish->manifest.data = xmemdup(record->manifest.data, record->manifest.len);
    wish->manifest.len = record->manifest.len;
    field_set(&wish->uid, record->uid);
    if (*record->made_by_uid)
        wish->owner = xasprintf("%s/%s/%s", record->name_space, record->made_by_kind,
                                record->made_by_name);
    return 0;
}

static void add_group(Berth__PodWish *wish, const struct mf_container *container)
{
    const struct pod_bounds bounds = pod_container_bounds(container);
    Berth__PodGroup *group = xmalloc(sizeof(*group));

    berth__pod_group__init(group);
    group->container = xstrdup(container->name);
    group->memory = bounds.memory;
    group->cpu_weight = bounds.cpu_weight;
    group->cpu_max = bounds.cpu_max;
    wish->groups[wish->n_groups++] = group;
}

static int fill_groups(struct admission *a)
{
    const struct mf_pod_spec *spec = a->pod->spec;
    Berth__PodWish *wish = a->spec->pod;

    wish->groups =
        xcalloc(spec->init.n + spec->containers.n, sizeof(Berth__PodGroup *));
    for (size_t i = 0; i < spec->init.n; i++)
        add_group(wish, &spec->init.items[i]);
    for (size_t i = 0; i < spec->containers.n; i++)
        add_group(wish, &spec->containers.items[i]);
    return 0;
}

/* ------------------------------------------------------------------ network */

static const char *protocol_of(enum mf_protocol protocol)
{
    switch (protocol) {
    case MF_UDP:
        return "UDP";
    case MF_SCTP:
        return "SCTP";
    case MF_PROTOCOL_UNSAID:
    case MF_TCP:
        break;
    }
    return "TCP";
}

static void add_port(Berth__PodWish *wish, const struct mf_port *port)
{
    Berth__PodPort *made = xmalloc(sizeof(*made));

    berth__pod_port__init(made);
    made->host_port = (uint32_t)port->host_port;
    made->container_port = (uint32_t)port->container_port;
    made->protocol = xstrdup(protocol_of(port->protocol));
    if (port->host_ip)
        made->host_ip = xstrdup(port->host_ip);
    wish->ports = xrealloc(wish->ports, wish->n_ports + 1, sizeof(*wish->ports));
    wish->ports[wish->n_ports++] = made;
}

/* In the node's own network they are only told of. */
static int fill_ports(struct admission *a)
{
    const struct mf_pod_spec *spec = a->pod->spec;

    for (size_t i = 0; !spec->has_host_network && i < pod_n_containers(spec); i++) {
        const struct mf_container *c = pod_container_at(spec, i);

        for (size_t k = 0; k < c->ports.n; k++)
            if (c->ports.items[k].host_port > 0)
                add_port(a->spec->pod, &c->ports.items[k]);
    }
    return 0;
}

Berth__PodExport *pod_export_message(const struct mf_nfs *nfs)
{
    Berth__PodExport *message = xmalloc(sizeof(*message));

    berth__pod_export__init(message);
    message->server = xstrdup(nfs->server);
    message->path = xstrdup(nfs->path);
    return message;
}

/* Those of claims are known when it is launched. */
static int fill_exports(struct admission *a)
{
    const struct mf_pod_spec *spec = a->pod->spec;
    Berth__PodWish *wish = a->spec->pod;

    for (size_t i = 0; i < spec->volumes.n; i++) {
        const struct mf_nfs *nfs = spec->volumes.items[i].nfs;

        if (!nfs)
            continue;
        wish->exports =
            xrealloc(wish->exports, wish->n_exports + 1, sizeof(*wish->exports));
        wish->exports[wish->n_exports++] = pod_export_message(nfs);
    }
    return 0;
}

/* In this order: what comes later reads what came before. */
static int (*const steps[])(struct admission *a) = {
    fill_help,    fill_owner, fill_image, fill_wish,   fill_groups,  fill_ports,
    fill_exports, fill_place, fill_cores, fill_memory, fill_devices, fill_times,
};

int pod_admit(const struct controller *ctl, const Berth__ObjectRecord *record,
              const struct mf_pod *pod, const struct pod_help *help,
              Berth__JobSpec **ret, char **warning, struct err *err)
{
    Berth__JobSpec *spec = xmalloc(sizeof(*spec));
    struct admission a = {ctl, ctl->config, record, pod, help, spec, warning, err};
    int rc = 0;

    berth__job_spec__init(spec);
    spec->pod = xmalloc(sizeof(*spec->pod));
    berth__pod_wish__init(spec->pod);
    rc = pod_checks(&a);
    for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(steps); i++)
        rc = steps[i](&a);
    if (rc)
        berth__job_spec__free_unpacked(spec, NULL);
    else
        *ret = spec;
    return rc;
}
