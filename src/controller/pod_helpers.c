/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_helpers.c - read the helpers of a batch job, and print them again
 */
#include "controller/pod_helpers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "controller/object_make.h"
#include "objects/manifest.h"

#define HELPER_BYTES_MAX (256u << 10)

static int judge_one(ProtobufCBinaryData *helper, struct err *err)
{
    struct manifest_rules rules = {.name_space = NULL};
    struct manifest manifest;
    const struct mf_object *one;
    size_t len;
    int rc;

    if (helper->len > HELPER_BYTES_MAX)
        return err_set(err, E2BIG, "more than %u KiB", HELPER_BYTES_MAX >> 10);
    rc = manifest_read("helper", (const char *)helper->data, helper->len, &rules,
                       &manifest, err);
    if (rc)
        return rc;
    one = manifest.n == 1 ? manifest.objects : NULL;
    if (!one || !one->kind || one->kind->id != MF_POD)
        rc = err_set(err, EINVAL, "it is no Pod");
    else if (!one->object)
        rc = object_tell_errors(&one->report, one->name, err);
    if (rc == 0) {
        free(helper->data);
        helper->data = (uint8_t *)object_print(one->root, &len);
        helper->len = len;
    }
    manifest_fini(&manifest);
    return rc;
}

int pod_helpers_judge(Berth__JobSpec *spec, struct err *err)
{
    Berth__PodWish *said = spec->pod;
    Berth__PodWish *kept;
    int rc = 0;

    if (!said)
        return 0;
    if (said->manifest.len)
        return err_set(err, EINVAL, "a pod is no job to submit: use 'berth apply'");
    if (said->n_helpers > POD_HELPERS_MAX)
        return err_set(err, E2BIG, "more than %d helpers", POD_HELPERS_MAX);
    for (size_t i = 0; rc == 0 && i < said->n_helpers; i++)
        if (judge_one(&said->helpers[i], err))
            rc = err_wrap(err, "helper %zu", i);
    if (rc)
        return rc;
    kept = xmalloc(sizeof(*kept));
    berth__pod_wish__init(kept);
    kept->helpers = take(said->helpers);
    kept->n_helpers = said->n_helpers;
    said->n_helpers = 0;
    berth__pod_wish__free_unpacked(said, NULL);
    spec->pod = kept->n_helpers ? kept : NULL;
    if (!spec->pod)
        berth__pod_wish__free_unpacked(kept, NULL);
    return 0;
}
