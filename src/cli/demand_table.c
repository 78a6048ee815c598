/* SPDX-License-Identifier: Apache-2.0
 *
 * demand_table.c - rows for pods, Jobs and CronJobs; others ask for nothing
 */
#include "cli/demand_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "objects/demand.h"

static const struct column columns[] = {
    {"NAME", false, false},  {"PODS", true, false},   {"CPU", true, false},
    {"MEMORY", true, false}, {"OTHER", false, true},  {"QUALITY", false, false},
    {"LIMIT", true, false},  {"IMAGES", false, true},
};

struct table *demand_table_create(void)
{
    return table_create(columns, ARRAY_SIZE(columns));
}

/* The pod of an object, and of a Job its spec. */
static const struct mf_pod_spec *pod_of(const struct mf_object *object,
                                        const struct mf_job_spec **ret_job)
{
    const struct mf_job *job = NULL;

    switch (object->kind->id) {
    case MF_POD:
        return ((const struct mf_pod *)object->object)->spec;
    case MF_JOB:
        job = object->object;
        break;
    case MF_CRON_JOB:
        job = ((const struct mf_cron_job *)object->object)->spec->template;
        break;
    case MF_CONFIG_MAP:
    case MF_SECRET:
    case MF_PERSISTENT_VOLUME:
    case MF_PERSISTENT_VOLUME_CLAIM:
    case MF_BATCH_JOB:
    case MF_OTHER:
        return NULL;
    }
    *ret_job = job->spec;
    return job->spec->template->spec;
}

/* How many pods, and how many of them at a time: "100 (10)". */
static char *pods_text(const struct mf_job_spec *job)
{
    if (!job)
        return xstrdup("1");
    if (job->completions == MF_UNSET)
        return xasprintf("%" PRId64, job->parallelism);
    return job->parallelism < job->completions
               ? xasprintf("%" PRId64 " (%" PRId64 ")", job->completions,
                           job->parallelism)
               : xasprintf("%" PRId64, job->completions);
}

static char *demand_text(const struct mf_pod_spec *pod, const char *resource)
{
    struct quantity quantity;

    if (pod_demand(pod, resource, &quantity) < 0)
        return xstrdup("too much");
    return quantity.whole || quantity.nano ? quantity_format(&quantity) : xstrdup("-");
}

static char *other_text(const struct mf_pod_spec *pod)
{
    cleanup(strv_freep) char **names = pod_resources(pod);
    struct strbuf out = STRBUF_INIT;

    strv_foreach (name, names) {
        cleanup(freep) char *amount = NULL;

        if (strcmp(*name, "cpu") == 0 || strcmp(*name, "memory") == 0)
            continue;
        amount = demand_text(pod, *name);
        strbuf_printf(&out, "%s%s:%s", out.len ? "," : "", *name, amount);
    }
    return out.len ? strbuf_take(&out) : xstrdup("-");
}

static char *images_text(const struct mf_pod_spec *pod)
{
    struct strbuf out = STRBUF_INIT;

    for (size_t i = 0; i < pod->containers.n; i++)
        strbuf_printf(&out, i ? ",%s" : "%s", pod->containers.items[i].image);
    return strbuf_take(&out);
}

void demand_table_add(struct table *table, const char *name,
                      const struct mf_object *object)
{
    const struct mf_job_spec *job = NULL;
    const struct mf_pod_spec *pod = pod_of(object, &job);

    table_add(table, name);
    if (!pod) {
        for (size_t i = 1; i < ARRAY_SIZE(columns); i++)
            table_add(table, "-");
        return;
    }
    table_take(table, pods_text(job));
    table_take(table, demand_text(pod, "cpu"));
    table_take(table, demand_text(pod, "memory"));
    table_take(table, other_text(pod));
    table_add(table, pod_quality_name(pod_quality(pod)));
    if (pod->deadline == MF_UNSET)
        table_add(table, "-");
    else
        table_take(table, duration_format(pod->deadline));
    table_take(table, images_text(pod));
}
