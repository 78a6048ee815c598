/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_grant.c - what of its node a pod was granted
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "node/pod_grant.h"
#include "wire/pack.h"

struct launch {
    Berth__LaunchJob job;
    Berth__JobSpec spec;
    Berth__PodWish pod;
    Berth__PodExport own, claimed;
    Berth__PodExport *owns[1], *claims[1];
};

static char filer[] = "filer", home[] = "/home/alice", data[] = "/data";
static char partition[] = "long";

static int setup(void **state)
{
    struct launch *l = xcalloc(1, sizeof(*l));

    berth__launch_job__init(&l->job);
    berth__job_spec__init(&l->spec);
    berth__pod_wish__init(&l->pod);
    berth__pod_export__init(&l->own);
    berth__pod_export__init(&l->claimed);
    l->job.spec = &l->spec;
    l->spec.pod = &l->pod;
    l->spec.partition = partition;
    l->pod.manifest = (ProtobufCBinaryData){.data = (uint8_t *)filer, .len = 5};
    l->own.server = l->claimed.server = filer;
    l->own.path = home;
    l->claimed.path = data;
    l->owns[0] = &l->own;
    l->claims[0] = &l->claimed;
    l->pod.exports = l->owns;
    l->job.pod_exports = l->claims;
    l->pod.n_exports = l->job.n_pod_exports = 1;
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void exports_of_volumes_and_of_claims_are_granted_and_no_others(void **state)
{
    struct launch *l = *state;
    cleanup(free_messagep) Berth__PodGrant *granted = pod_grant_make(&l->job);

    assert_string_equal(granted->partition, "long");
    assert_true(pod_grant_has_export(granted, "filer", "/home/alice"));
    assert_true(pod_grant_has_export(granted, "filer", "/data"));
    assert_false(pod_grant_has_export(granted, "filer", "/home"));
    assert_false(pod_grant_has_export(granted, "filer", "/home/alice/x"));
    assert_false(pod_grant_has_export(granted, "filer", "/home/bob"));
    assert_false(pod_grant_has_export(granted, "file", "/data"));
    assert_false(pod_grant_has_export(granted, "", ""));
}

static void what_names_none_is_granted_none(void **state)
{
    struct launch *l = *state;
    cleanup(free_messagep) Berth__PodGrant *granted = NULL;

    l->pod.n_exports = l->job.n_pod_exports = 0;
    granted = pod_grant_make(&l->job);
    assert_non_null(granted);
    assert_false(pod_grant_has_export(granted, "filer", "/data"));
}

/* Its script could ask as a lead does, and it has a wish without a manifest. */
static void a_batch_job_is_granted_nothing(void **state)
{
    struct launch *l = *state;

    l->pod.manifest.len = 0;
    assert_null(pod_grant_make(&l->job));
    l->spec.pod = NULL;
    assert_null(pod_grant_make(&l->job));
    assert_false(pod_grant_has_export(NULL, "filer", "/data"));
}

#define GRANT_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRANT_TEST(exports_of_volumes_and_of_claims_are_granted_and_no_others),
        GRANT_TEST(what_names_none_is_granted_none),
        GRANT_TEST(a_batch_job_is_granted_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
