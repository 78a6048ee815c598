/* SPDX-License-Identifier: Apache-2.0
 *
 * test_bounds.c - control groups of containers, by what they ask for
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "objects/bounds.h"
#include "objects/manifest.h"

static struct manifest manifest;

/* The pod's only container has these resources. */
static const struct mf_pod_spec *pod_with(const char *resources)
{
    char text[1024];
    struct err err;

    manifest_fini(&manifest);
    (void)snprintf(text, sizeof(text),
                   "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {"
                   "containers: [{name: a, image: i, resources: {%s}}]}}",
                   resources);
    if (manifest_read("t", text, strlen(text), &(struct manifest_rules){0}, &manifest,
                      &err))
        fail_msg("%s", err.text);
    assert_non_null(manifest.objects[0].object);
    return ((const struct mf_pod *)manifest.objects[0].object)->spec;
}

static struct pod_bounds bounds_with(const char *resources)
{
    return pod_container_bounds(&pod_with(resources)->containers.items[0]);
}

static int score_with(const char *resources, uint64_t node_memory)
{
    const struct mf_pod_spec *spec = pod_with(resources);

    return pod_oom_score(spec, &spec->containers.items[0], node_memory);
}

static void what_asks_for_nothing_has_least(void **state)
{
    struct pod_bounds bounds = bounds_with("");

    (void)state;
    assert_int_equal(bounds.memory, 0);
    assert_int_equal(bounds.cpu_max, 0);
    assert_int_equal(bounds.cpu_weight, 1);
    assert_int_equal(score_with("", 1 << 30), 1000);
}

static void weights_go_by_requests_and_limits_by_limits(void **state)
{
    struct pod_bounds bounds =
        bounds_with("requests: {cpu: 500m}, limits: {cpu: 1500m, memory: 64Mi}");

    (void)state;
    assert_int_equal(bounds.memory, 64 << 20);
    assert_int_equal(bounds.cpu_max, 1500);
    assert_int_equal(bounds.cpu_weight, 20);
    assert_int_equal(bounds_with("requests: {cpu: 1}").cpu_weight, 39);
    assert_int_equal(bounds_with("requests: {cpu: 100000}").cpu_weight, 10000);
}

static void who_is_guaranteed_is_like_any_job(void **state)
{
    (void)state;
    assert_int_equal(score_with("limits: {cpu: 1, memory: 1Gi}", 4ull << 30), 0);
}

static void what_asks_for_much_is_killed_later(void **state)
{
    int little = score_with("requests: {memory: 64Mi}", 4ull << 30);
    int much = score_with("requests: {memory: 2Gi}", 4ull << 30);
    int all = score_with("requests: {memory: 64Gi}", 4ull << 30);

    (void)state;
    assert_true(little < 1000 && much < little && all < much && all > 2);
    assert_in_range(much, 490, 510);
}

static void graces_of_probes_have_an_end(void **state)
{
    static const char text[] =
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: ["
        "{name: a, image: i, livenessProbe: {exec: {command: [a]}, "
        "terminationGracePeriodSeconds: 2000000000}, startupProbe: {exec: "
        "{command: [a]}}}]}}";
    const struct mf_pod_spec *spec;
    const struct mf_container *container;

    (void)state;
    manifest_fini(&manifest);
    assert_int_equal(manifest_read("t", text, strlen(text), &(struct manifest_rules){0},
                                   &manifest, NULL),
                     0);
    spec = ((const struct mf_pod *)manifest.objects[0].object)->spec;
    container = &spec->containers.items[0];
    assert_int_equal(pod_longest_grace(container), 2000000000);
    pod_cap_graces(spec, 60);
    assert_int_equal(container->liveness->grace, 60);
    assert_int_equal(container->startup->grace, MF_UNSET);
    assert_int_equal(pod_longest_grace(container), 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_asks_for_nothing_has_least),
        cmocka_unit_test(weights_go_by_requests_and_limits_by_limits),
        cmocka_unit_test(who_is_guaranteed_is_like_any_job),
        cmocka_unit_test(what_asks_for_much_is_killed_later),
        cmocka_unit_test(graces_of_probes_have_an_end),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    manifest_fini(&manifest);
    return failed;
}
