/* SPDX-License-Identifier: Apache-2.0
 *
 * test_claim_bind.c - which volume a claim gets, as a table
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "controller/pods/claim_bind.h"
#include "objects/manifest.h"

#define VOLUME(name, more)                                            \
    "{apiVersion: v1, kind: PersistentVolume, metadata: {name: " name \
    "}, spec: {" more ", hostPath: {path: /d}}}"

/* All volumes, in this order; "busy" is not free. */
static const char *const volume_texts[] = {
    VOLUME("big", "capacity: {storage: 100Gi}, accessModes: [ReadWriteOnce]"),
    VOLUME("small", "capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce]"),
    VOLUME("also-small", "capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce]"),
    VOLUME("busy", "capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]"),
    VOLUME("shared", "capacity: {storage: 50Gi}, accessModes: [ReadWriteMany, "
                     "ReadOnlyMany]"),
    VOLUME("fast", "capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce], "
                   "storageClassName: nvme"),
    VOLUME("mine", "capacity: {storage: 500Gi}, accessModes: [ReadWriteOnce], "
                   "claimRef: {namespace: default, name: wanted}"),
    "{apiVersion: v1, kind: PersistentVolume, metadata: {name: red, labels: {c: red}}, "
    "spec: {capacity: {storage: 900Gi}, accessModes: [ReadWriteOnce], "
    "hostPath: {path: /d}}}",
};
#define N ARRAY_SIZE(volume_texts)

static const struct row {
    const char *claim;  /* its name */
    const char *spec;   /* without the braces */
    const char *volume; /* NULL: none fits */
} rows[] = {
    {"a", "accessModes: [ReadWriteOnce], resources: {requests: {storage: 3Gi}}",
     "also-small"},
    {"a", "accessModes: [ReadWriteOnce], resources: {requests: {storage: 11Gi}}",
     "big"},
    {"a", "accessModes: [ReadWriteOnce], resources: {requests: {storage: 950Gi}}",
     NULL},
    {"a", "accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}",
     "shared"},
    {"a",
     "accessModes: [ReadWriteMany, ReadWriteOnce], resources: {requests: {storage: "
     "1Gi}}",
     NULL},
    {"a", "accessModes: [ReadWriteOncePod], resources: {requests: {storage: 1Gi}}",
     NULL},
    {"a",
     "accessModes: [ReadWriteOnce], storageClassName: nvme, resources: {requests: "
     "{storage: 1Gi}}",
     "fast"},
    {"a",
     "accessModes: [ReadWriteOnce], storageClassName: \"\", resources: {requests: "
     "{storage: 10Gi}}",
     "also-small"},
    {"wanted", "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}",
     "mine"},
    {"a",
     "accessModes: [ReadWriteOnce], volumeName: big, resources: {requests: {storage: "
     "1Gi}}",
     "big"},
    {"a",
     "accessModes: [ReadWriteOnce], volumeName: busy, resources: {requests: {storage: "
     "1Gi}}",
     NULL},
    {"a",
     "accessModes: [ReadWriteOnce], volumeName: mine, resources: {requests: {storage: "
     "1Gi}}",
     NULL},
    {"a",
     "accessModes: [ReadWriteOnce], selector: {matchLabels: {c: red}}, resources: "
     "{requests: {storage: 1Gi}}",
     "red"},
    {"a",
     "accessModes: [ReadWriteOnce], selector: {matchExpressions: [{key: c, operator: "
     "NotIn, values: [red]}]}, resources: {requests: {storage: 200Gi}}",
     NULL},
};

static void read(const char *text, struct manifest *ret)
{
    struct manifest_rules rules = {.name_space = NULL};
    struct err err = {0};

    if (manifest_read("test", text, strlen(text), &rules, ret, &err))
        fail_msg("%s", err.text);
    assert_int_equal(ret->n, 1);
    if (!ret->objects[0].object)
        fail_msg("%s: %s", text, ret->objects[0].report.problems[0].text);
}

static void check_row(const struct row *row, const struct claim_volume *volumes)
{
    struct manifest manifest;
    char text[512];
    struct claim_wish wish = {.name_space = "default",
                              .name = row->claim,
                              .uid = "u-1",
                              .user = "alice",
                              .owner = 1000};
    size_t chosen;

    (void)snprintf(
        text, sizeof(text),
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: %s}, "
        "spec: {%s}}",
        row->claim, row->spec);
    read(text, &manifest);
    wish.claim = manifest.objects[0].object;
    chosen = claim_choose(&wish, volumes, N);
    if (row->volume && chosen == CLAIM_NONE)
        fail_msg("%s: none instead of %s", row->spec, row->volume);
    if (row->volume)
        assert_string_equal(volumes[chosen].name, row->volume);
    else if (chosen != CLAIM_NONE)
        fail_msg("%s: %s instead of none", row->spec, volumes[chosen].name);
    manifest_fini(&manifest);
}

static void each_row_holds(void **state)
{
    struct manifest manifests[N];
    struct claim_volume volumes[N];

    (void)state;
    for (size_t i = 0; i < N; i++) {
        read(volume_texts[i], &manifests[i]);
        volumes[i].volume = manifests[i].objects[0].object;
        volumes[i].name = manifests[i].objects[0].name;
        volumes[i].maker = "alice";
        volumes[i].is_free = strcmp(volumes[i].name, "busy") != 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_row(&rows[i], volumes);
    for (size_t i = 0; i < N; i++)
        manifest_fini(&manifests[i]);
}

static bool is_for(const char *ref, const char *maker, const struct claim_wish *wish)
{
    struct manifest manifest;
    struct claim_volume volume = {.name = "v", .maker = maker, .is_free = true};
    char text[512];
    bool found;

    (void)snprintf(text, sizeof(text),
                   VOLUME("v", "capacity: {storage: 1Gi}, accessModes: "
                               "[ReadWriteOnce], claimRef: {%s}"),
                   ref);
    read(text, &manifest);
    volume.volume = manifest.objects[0].object;
    found = claim_choose(wish, &volume, 1) == 0;
    manifest_fini(&manifest);
    return found;
}

static void a_volume_is_reserved_for_one_users_claim_or_one_claim(void **state)
{
    static const char claim[] =
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: "
        "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}";
    struct manifest manifest;
    struct claim_wish wish = {.name_space = "default",
                              .name = "c",
                              .uid = "u-1",
                              .user = "alice",
                              .owner = 1000};

    (void)state;
    read(claim, &manifest);
    wish.claim = manifest.objects[0].object;
    assert_true(is_for("name: c, namespace: default", "alice", &wish));
    assert_false(is_for("name: c, namespace: default", "root", &wish));
    assert_false(is_for("name: c", "root", &wish));
    assert_true(is_for("name: c, namespace: \"default:alice\"", "root", &wish));
    assert_true(is_for("name: c, namespace: \"default:1000\"", "root", &wish));
    assert_false(is_for("name: c, namespace: \"default:bob\"", "alice", &wish));
    assert_false(is_for("name: c, namespace: physics", "alice", &wish));
    assert_true(is_for("name: c, namespace: default, uid: u-1", "root", &wish));
    assert_false(is_for("name: c, namespace: default, uid: u-2", "alice", &wish));
    wish.name_space = "physics";
    assert_true(is_for("name: c, namespace: physics", "root", &wish));
    assert_false(is_for("name: c, namespace: \"default:alice\"", "root", &wish));
    manifest_fini(&manifest);
}

static void one_node_and_one_pod_are_told_by_the_modes(void **state)
{
    int once[] = {MF_READ_WRITE_ONCE},
        both[] = {MF_READ_WRITE_ONCE, MF_READ_WRITE_MANY}, pod[] = {MF_READ_WRITE_POD};
    mf_choices modes = {once, 1};

    (void)state;
    assert_true(claim_is_of_one_node(&modes));
    assert_false(claim_is_of_one_pod(&modes));
    modes = (mf_choices){both, 2};
    assert_false(claim_is_of_one_node(&modes));
    modes = (mf_choices){pod, 1};
    assert_false(claim_is_of_one_node(&modes));
    assert_true(claim_is_of_one_pod(&modes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(a_volume_is_reserved_for_one_users_claim_or_one_claim),
        cmocka_unit_test(one_node_and_one_pod_are_told_by_the_modes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
