/* SPDX-License-Identifier: Apache-2.0
 *
 * object_kinds.c - the kinds that are kept, and who carries them out
 */
#include "controller/objects/objects.h"

#include <string.h>

#include "base/mem.h"
#include "controller/pods/claims.h"
#include "controller/pods/pod_data.h"
#include "controller/pods/pods.h"
#include "controller/workloads/workloads.h"

static const struct object_kind *const kinds[] = {
    &pods_kind,          &pod_data_config_map_kind, &pod_data_secret_kind,
    &workload_job_kind,  &workload_cron_kind,       &claims_claim_kind,
    &claims_volume_kind,
};

const struct object_kind *object_kind_find(const char *kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (strcmp(kinds[i]->kind, kind) == 0)
            return kinds[i];
    return NULL;
}
