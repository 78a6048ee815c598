/* SPDX-License-Identifier: Apache-2.0
 *
 * test_reclaim.c - volumes whose claims have gone: emptied, failed, given out again
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/objects/objects.h"
#include "controller/pods/reclaim.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLAIM                                                             \
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, " \
    "spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}}}"
#define VOLUME(name, policy, more)                                       \
    "{apiVersion: v1, kind: PersistentVolume, metadata: {name: " name    \
    "}, spec: {accessModes: [ReadWriteMany], capacity: {storage: 2Gi}, " \
    "persistentVolumeReclaimPolicy: " policy ", " more "}}"
#define AT(path) "hostPath: {path: " path "}"
#define LOCAL(path, nodes)                                                             \
    "local: {path: " path "}, nodeAffinity: {required: {nodeSelectorTerms: "           \
    "[{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [" nodes \
    "]}]}]}}"

/* Administrators alone make volumes. */
static bool is_root(void)
{
    return getuid() == 0;
}

static Berth__Envelope *send_text(struct party *client, Berth__ObjectApply__Verb verb,
                                  const char *text)
{
    ProtobufCBinaryData manifest = {strlen(text), (uint8_t *)(uintptr_t)text};
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Envelope *reply;

    apply.verb = verb;
    apply.manifests = &manifest;
    apply.n_manifests = 1;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_APPLY;
    env.object_apply = &apply;
    reply = party_call(client, &env);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_REPLIES);
    if (reply->object_replies->replies[0]->status)
        fail_msg("%s", reply->object_replies->replies[0]->status->text);
    return reply;
}

static void apply(struct party *client, const char *text)
{
    free_message(send_text(client, BERTH__OBJECT_APPLY__VERB__APPLY, text));
}

static void delete_claim(struct party *client)
{
    Berth__ObjectDelete order = BERTH__OBJECT_DELETE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    char *names[] = {(char[]){"c"}};

    order.kind = (char[]){"PersistentVolumeClaim"};
    order.names = names;
    order.n_names = 1;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_DELETE;
    env.object_delete = &order;
    free_message(party_call(client, &env));
}

static struct ctl_object *volume(struct cluster *cluster, const char *name)
{
    return objects_find(cluster->ctl, ":", "PersistentVolume", name);
}

static const char *phase(struct cluster *cluster, const char *name)
{
    struct ctl_object *object = volume(cluster, name);

    return object ? object->record->claim->phase : "gone";
}

struct awaited {
    struct cluster *cluster;
    const char *name, *phase;
};

static bool is_phase(void *ctx)
{
    const struct awaited *a = ctx;

    return strcmp(phase(a->cluster, a->name), a->phase) == 0;
}

static void until_phase(struct cluster *cluster, const char *name, const char *wanted)
{
    struct awaited a = {cluster, name, wanted};

    cluster_run_until(cluster, is_phase, &a);
}

static bool has_words(void *ctx)
{
    const struct awaited *a = ctx;

    return strcmp(volume(a->cluster, "v")->record->claim->words, a->phase) == 0;
}

static void until_words(struct cluster *cluster, const char *wanted)
{
    struct awaited a = {cluster, "v", wanted};

    cluster_run_until(cluster, has_words, &a);
}

static void answer(struct party *node, const Berth__Envelope *order, int code,
                   const char *words)
{
    Berth__VolumeReclaimed told = BERTH__VOLUME_RECLAIMED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    told.uid = order->volume_reclaim->uid;
    told.code = (uint32_t)code;
    told.words = (char *)(uintptr_t)words;
    env.body_case = BERTH__ENVELOPE__BODY_VOLUME_RECLAIMED;
    env.volume_reclaimed = &told;
    channel_send(node->ch, &env);
}

/* A claim has had the volume "v", on 'node' last, and has gone. */
static struct party *release_from(struct cluster *cluster, const char *text,
                                  const char *node)
{
    struct party *client = party_connect(cluster);

    apply(client, text);
    apply(client, CLAIM);
    assert_string_equal(phase(cluster, "v"), "Bound");
    field_set(&volume(cluster, "v")->record->claim->node, node);
    delete_claim(client);
    return client;
}

static struct party *release(struct cluster *cluster, const char *text)
{
    return release_from(cluster, text, "n1");
}

static void a_node_empties_a_volume_with_delete_as_its_claims_owner(void **state)
{
    struct cluster *cluster = *state;
    struct party *node;
    cleanup(free_messagep) Berth__Envelope *order = NULL;

    if (!is_root())
        skip();
    release(cluster, VOLUME("v", "Delete", AT("/pv/v")));
    /* No node is up: it waits, and does not go. */
    assert_string_equal(phase(cluster, "v"), "Released");
    node = node_up(cluster, "n1");
    volume(cluster, "v")->asked_at = 0; /* its time comes */
    order = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    assert_string_equal(order->volume_reclaim->path, "/pv/v");
    assert_string_equal(order->volume_reclaim->server, "");
    assert_int_equal(order->volume_reclaim->owner_uid, getuid());
    assert_string_equal(phase(cluster, "v"), "Released");
    answer(node, order, 0, "");
    until_phase(cluster, "v", "gone");
}

static void one_that_cannot_be_emptied_is_failed_with_words(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1"), *client;
    cleanup(free_messagep) Berth__Envelope *order = NULL;

    if (!is_root())
        skip();
    client = release(cluster, VOLUME("v", "Delete", AT("/pv/v")));
    order = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    answer(node, order, EIO, "cannot remove /pv/v/x: Permission denied");
    until_phase(cluster, "v", "Failed");
    assert_string_equal(volume(cluster, "v")->record->claim->words,
                        "node n1: cannot remove /pv/v/x: Permission denied");
    /* It is nobody's until an administrator replaces it. */
    apply(client, CLAIM);
    assert_string_equal(phase(cluster, "v"), "Failed");
    free_message(send_text(client, BERTH__OBJECT_APPLY__VERB__REPLACE,
                           VOLUME("v", "Delete", AT("/pv/v"))));
    assert_string_equal(phase(cluster, "v"), "Bound");
}

static void a_released_volume_is_available_again_when_it_is_replaced(void **state)
{
    struct cluster *cluster = *state;
    struct party *client;

    if (!is_root())
        skip();
    client = release(cluster, VOLUME("v", "Retain", AT("/pv/v")));
    assert_string_equal(phase(cluster, "v"), "Released");
    apply(client, VOLUME("v", "Retain", AT("/pv/v")));
    assert_string_equal(phase(cluster, "v"), "Released");
    free_message(send_text(client, BERTH__OBJECT_APPLY__VERB__MARK,
                           VOLUME("v", "Retain", AT("/pv/v"))));
    assert_string_equal(phase(cluster, "v"), "Released");
    free_message(send_text(client, BERTH__OBJECT_APPLY__VERB__REPLACE,
                           VOLUME("v", "Retain", AT("/pv/v"))));
    assert_string_equal(phase(cluster, "v"), "Available");
    assert_string_equal(volume(cluster, "v")->record->claim->other, "");
}

static void files_of_another_volume_are_not_removed(void **state)
{
    struct cluster *cluster = *state;
    struct party *client, *node;

    if (!is_root())
        skip();
    client = release(cluster, VOLUME("v", "Delete", AT("/pv")));
    apply(client, VOLUME("w", "Retain", AT("/pv/w")));
    volume(cluster, "v")->asked_at = 0;
    node = node_up(cluster, "n1");
    until_phase(cluster, "v", "Failed");
    assert_non_null(strstr(volume(cluster, "v")->record->claim->words,
                           "PersistentVolume w has some of its files"));
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM));
}

static void a_directory_is_emptied_on_no_node_that_never_had_it(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1"), *client;

    if (!is_root())
        skip();
    client = release_from(cluster, VOLUME("v", "Delete", AT("/pv/v")), "left");
    until_phase(cluster, "v", "Failed");
    assert_non_null(strstr(volume(cluster, "v")->record->claim->words,
                           "node left, which used it last"));
    free_message(send_text(client, BERTH__OBJECT_APPLY__VERB__REPLACE,
                           VOLUME("v", "Delete", AT("/pv/v"))));
    apply(client, CLAIM);
    assert_string_equal(phase(cluster, "v"), "Bound");
    delete_claim(client);
    until_phase(cluster, "v", "gone");
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM));
}

static void local_volumes_of_different_nodes_share_no_files(void **state)
{
    struct cluster *cluster = *state;
    struct party *client, *node;
    cleanup(free_messagep) Berth__Envelope *order = NULL;

    if (!is_root())
        skip();
    client = release(cluster, VOLUME("v", "Delete", LOCAL("/pv/d", "n1")));
    apply(client, VOLUME("w", "Delete", LOCAL("/pv/d", "n2")));
    node = node_up(cluster, "n1");
    volume(cluster, "v")->asked_at = 0;
    order = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    assert_string_equal(order->volume_reclaim->name, "v");
    apply(client, VOLUME("x", "Delete", LOCAL("/pv/d", "n2, n1")));
    volume(cluster, "v")->asked_at = 0;
    until_phase(cluster, "v", "Failed");
}

static void one_that_waits_for_its_node_lets_others_go_first(void **state)
{
    struct cluster *cluster = *state;
    int64_t now = controller_now();

    if (!is_root())
        skip();
    release_from(cluster, VOLUME("v", "Delete", AT("/pv/v")), "n2");
    apply(party_connect(cluster), VOLUME("w", "Delete", AT("/pv/w")));
    apply(party_connect(cluster), CLAIM);
    assert_string_equal(phase(cluster, "w"), "Bound");
    field_set(&volume(cluster, "w")->record->claim->node, "n1");
    delete_claim(party_connect(cluster));
    node_up(cluster, "n1");
    volume(cluster, "v")->asked_at = now - 2000;
    volume(cluster, "w")->asked_at = 0;
    reclaim_tick(cluster->ctl, now);
    assert_true(volume(cluster, "w")->busy_until > now);
    assert_int_equal(volume(cluster, "v")->asked_at, now - 2000);
    reclaim_tick(cluster->ctl, now);
    assert_true(volume(cluster, "v")->is_waiting);
}

static void one_that_is_being_emptied_is_not_given_out(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1"), *client;
    cleanup(free_messagep) Berth__Envelope *order = NULL;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    if (!is_root())
        skip();
    client = release(cluster, VOLUME("v", "Delete", AT("/pv/v")));
    order = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    reply = send_text(client, BERTH__OBJECT_APPLY__VERB__REPLACE,
                      VOLUME("v", "Delete", AT("/pv/v")));
    assert_string_equal(phase(cluster, "v"), "Released");
    answer(node, order, 0, "");
    until_phase(cluster, "v", "gone");
}

static void a_controller_that_starts_again_asks_again(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1");
    cleanup(free_messagep) Berth__Envelope *first = NULL;
    cleanup(free_messagep) Berth__Envelope *second = NULL;

    if (!is_root())
        skip();
    release(cluster, VOLUME("v", "Delete", AT("/pv/v")));
    first = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    cluster_stop(cluster);
    cluster_start(cluster);
    assert_string_equal(phase(cluster, "v"), "Released");
    node = node_up(cluster, "n1");
    volume(cluster, "v")->asked_at = 0;
    second = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    assert_string_equal(second->volume_reclaim->uid, first->volume_reclaim->uid);
    answer(node, second, 0, "");
    until_phase(cluster, "v", "gone");
}

/* Nor for a controller that did not order it itself. */
static void after_a_restart_too(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1"), *client;
    cleanup(free_messagep) Berth__Envelope *first = NULL;
    cleanup(free_messagep) Berth__Envelope *second = NULL;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    if (!is_root())
        skip();
    release(cluster, VOLUME("v", "Delete", AT("/pv/v")));
    first = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    assert_string_equal(volume(cluster, "v")->record->claim->words,
                        "node n1 removes what it holds");
    cluster_stop(cluster);
    cluster_start(cluster);
    client = party_connect(cluster);
    /* Its policy does not matter to the node that is at it. */
    reply = send_text(client, BERTH__OBJECT_APPLY__VERB__REPLACE,
                      VOLUME("v", "Retain", AT("/pv/v")));
    assert_string_equal(phase(cluster, "v"), "Released");
    free_message(send_text(client, BERTH__OBJECT_APPLY__VERB__REPLACE,
                           VOLUME("v", "Delete", AT("/pv/v"))));
    assert_string_equal(phase(cluster, "v"), "Released");
    node = node_up(cluster, "n1");
    volume(cluster, "v")->asked_at = 0;
    second = party_expect(node, BERTH__ENVELOPE__BODY_VOLUME_RECLAIM);
    /* It does others, and has not begun. */
    answer(node, second, EAGAIN, "busy");
    until_words(cluster, "");
    free_message(send_text(client, BERTH__OBJECT_APPLY__VERB__REPLACE,
                           VOLUME("v", "Delete", AT("/pv/v"))));
    assert_string_equal(phase(cluster, "v"), "Available");
}

static void who_reserves_a_volume_for_default_is_told_whose_that_is(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    const Berth__ObjectReply *one;

    if (!is_root())
        skip();
    reply = send_text(
        client, BERTH__OBJECT_APPLY__VERB__APPLY,
        VOLUME("v", "Retain", AT("/pv/v") ", claimRef: {namespace: default, name: c}"));
    one = reply->object_replies->replies[0];
    assert_int_equal(one->n_warnings, 1);
    assert_non_null(strstr(one->warnings[0], "that of root is meant"));
    apply(client,
          VOLUME("w", "Retain",
                 AT("/pv/w") ", claimRef: {namespace: default:nobody, name: c}"));
    apply(client, CLAIM);
    assert_string_equal(phase(cluster, "v"), "Bound");
    assert_string_equal(volume(cluster, "v")->record->claim->other, "default:root/c");
    assert_string_equal(phase(cluster, "w"), "Available");
}

static bool is_warned_of(const char *server, const char *path)
{
    struct config config = {.pods = {.reclaim_paths = (char[]){"/nfs"},
                                     .nfs_mounts = (char[]){"filer:/home=/nfs/home"},
                                     .nfs = (char[]){"filer:/scratch:rw"}}};
    struct controller ctl = {.config = &config};
    struct mf_nfs nfs = {.server = (char *)(uintptr_t)server,
                         .path = (char *)(uintptr_t)path};
    struct mf_volume_spec spec = {.nfs = &nfs, .reclaim = MF_RECLAIM_DELETE};
    struct mf_persistent_volume read = {.spec = &spec};
    cleanup(freep) char *warning = NULL;

    reclaim_judge(&ctl, &read, &warning);
    return warning && strstr(warning, "pods.nfs_mounts");
}

static void an_export_that_nodes_have_not_mounted_is_warned_of(void **state)
{
    (void)state;
    assert_false(is_warned_of("filer", "/home/a"));
    assert_true(is_warned_of("filer", "/home"));
    assert_true(is_warned_of("filer", "/homes/a"));
    assert_true(is_warned_of("other", "/home/a"));
    assert_true(is_warned_of("filer", "/scratch/a"));
}

#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, cluster_setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_node_empties_a_volume_with_delete_as_its_claims_owner),
        TEST(one_that_cannot_be_emptied_is_failed_with_words),
        TEST(a_released_volume_is_available_again_when_it_is_replaced),
        TEST(files_of_another_volume_are_not_removed),
        TEST(a_directory_is_emptied_on_no_node_that_never_had_it),
        TEST(local_volumes_of_different_nodes_share_no_files),
        TEST(one_that_waits_for_its_node_lets_others_go_first),
        cmocka_unit_test(an_export_that_nodes_have_not_mounted_is_warned_of),
        TEST(one_that_is_being_emptied_is_not_given_out),
        TEST(after_a_restart_too),
        TEST(a_controller_that_starts_again_asks_again),
        TEST(who_reserves_a_volume_for_default_is_told_whose_that_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
