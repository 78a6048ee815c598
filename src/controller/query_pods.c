/* SPDX-License-Identifier: Apache-2.0
 *
 * query_pods.c - the pods of a job, for those who see it
 */
#include "controller/query_pods.h"

#include <stdlib.h>

#include "base/mem.h"
#include "controller/pods/helpers.h"
#include "controller/objects/objects.h"

static Berth__ObjectRecord *shallow(const struct ctl_object *pod, bool with_manifest)
{
    Berth__ObjectRecord *record = xmemdup(pod->record, sizeof(*record));

    if (!with_manifest)
        record->manifest = (ProtobufCBinaryData){0};
    return record;
}

static void add_helpers(const struct controller *ctl, const struct ctl_job *cj,
                        bool with_manifest, Berth__JobPods *pods)
{
    uint32_t size = cj->job.record->het_size;
    const struct ctl_job *helper;

    if (cj->job.record->het_leader != cj->id)
        return;
    pods->helpers = xcalloc(size + 1, sizeof(Berth__ObjectRecord *));
    for (uint32_t i = 1; i < size; i++)
        if ((helper = helpers_member(ctl, cj, i)) && helper->pod)
            pods->helpers[pods->n_helpers++] = shallow(helper->pod, with_manifest);
}

Berth__JobPods *query_pods(const struct controller *ctl, const struct ctl_job *cj,
                           bool with_manifest)
{
    Berth__JobPods *pods = xmalloc(sizeof(*pods));

    berth__job_pods__init(pods);
    if (cj->pod)
        pods->own = shallow(cj->pod, with_manifest);
    if (cj->job.spec->pod)
        pods->helps = cj->job.spec->pod->helps;
    add_helpers(ctl, cj, with_manifest, pods);
    if (pods->own || pods->helps || pods->n_helpers)
        return pods;
    query_pods_free(pods);
    return NULL;
}

void query_pods_free(Berth__JobPods *pods)
{
    if (!pods)
        return;
    for (size_t i = 0; i < pods->n_helpers; i++)
        free(pods->helpers[i]);
    free(pods->helpers);
    free(pods->own);
    free(pods);
}
