/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_job_spec.c - any bytes as a submitted JobSpec, and as a stored record
 */
#include "fuzz.h"

#include "base/mem.h"
#include "spec/array_spec.h"
#include "spec/depend_spec.h"
#include "spec/feature_spec.h"
#include "spec/gres_spec.h"
#include "state/job.h"
#include "state/job_spec.h"
#include "wire/job_component.h"
#include "wire/pack.h"

#include <string.h>

/* Texts that were judged can be read. */
static void check_texts(const Berth__JobSpec *spec)
{
    cleanup(array_spec_fini) struct array_spec array = {0};
    cleanup(depend_spec_fini) struct depend_spec dependency = {0};
    cleanup(feature_spec_destroyp) struct feature_spec *features = NULL;
    cleanup(gres_spec_fini) struct gres_spec gres = {0};

    BUG_ON(*spec->array && array_spec_parse(spec->array, &array, NULL));
    BUG_ON(depend_spec_parse(spec->dependency, &dependency, NULL));
    BUG_ON(*spec->constraint && feature_spec_parse(spec->constraint, &features, NULL));
    BUG_ON(gres_spec_parse(spec->gres, &gres, NULL));
}

static void try_spec(const uint8_t *data, size_t size)
{
    cleanup(free_messagep) Berth__JobSpec *spec =
        unpack_message(&berth__job_spec__descriptor, data, size);
    enum place_bind bind;
    enum place_policy policy;
    struct err err;

    if (!spec || job_spec_check(spec, &err))
        return;
    /* What the controller goes on to rely on. */
    BUG_ON(spec->script.len == 0 && !spec->interactive);
    BUG_ON(spec->script.len > JOB_SCRIPT_MAX);
    BUG_ON(spec->script.len && memcmp(spec->script.data, "#!", 2) != 0);
    BUG_ON(job_spec_bind(spec, &bind, &err) || job_spec_policy(spec, &policy, &err));
    BUG_ON(spec->mem_per_cpu && spec->mem_per_node);
    check_texts(spec);
    for (size_t i = 0; i < job_component_count(spec); i++) {
        cleanup(free_messagep) Berth__JobSpec *component = job_component(spec, i);

        BUG_ON(component->n_components || component->script.len);
        check_texts(component);
    }
}

static void try_record(const uint8_t *data, size_t size)
{
    Berth__JobRecord *record =
        unpack_message(&berth__job_record__descriptor, data, size);
    struct job job = {0};
    struct err err;

    if (!record)
        return;
    if (job_init_stored(&job, record, NULL, &err)) {
        free_message(record);
        return;
    }
    if (job_state_is_active(job_state_of(&job)))
        BUG_ON(!job_lead(&job));
    for (unsigned int e = 0; e < JOB_EVENT_COUNT; e++)
        (void)job_apply(&job, (enum job_event)e, 1, NULL, &err);
    job_fini(&job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_spec(data, size);
    try_record(data, size);
    return 0;
}
