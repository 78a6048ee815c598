/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_evict.c - taints that come and go, drains, lost nodes: who has to leave
 */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "controller/objects/objects.h"
#include "wire/pack.h"

#define NEVER "  restartPolicy: Never\n"
#define TOLERATES(more) \
    "  tolerations: [{key: upkeep, operator: Exists, effect: NoExecute" more "}]\n"

/* A pod on n1 (unless 'more' says where) that asks for one core. */
static void make(struct cluster *cluster, const char *name, const char *more)
{
    cleanup(freep) char *text =
        xasprintf("apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n"
                  "  terminationGracePeriodSeconds: 7\n  containers:\n  - name: c\n"
                  "    image: debian:12\n"
                  "    resources: {requests: {cpu: 1, memory: 10Mi}}\n%s",
                  name, more);
    ProtobufCBinaryData manifest = {strlen(text), (uint8_t *)text};
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct party *client = party_connect(cluster);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    apply.verb = BERTH__OBJECT_APPLY__VERB__APPLY;
    apply.manifests = &manifest;
    apply.n_manifests = 1;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_APPLY;
    env.object_apply = &apply;
    reply = party_call(client, &env);
    party_close(client);
    if (reply->object_replies->replies[0]->status &&
        reply->object_replies->replies[0]->status->code)
        fail_msg("%s", reply->object_replies->replies[0]->status->text);
}

static uint32_t run(struct cluster *cluster, struct party *node, const char *name,
                    const char *more, uint32_t *ret_epoch)
{
    uint32_t job;

    make(cluster, name, more);
    job = node_accept_launch(node, ret_epoch);
    node_started(node, job, *ret_epoch);
    run_until_state(cluster, job, JOB_RUNNING);
    return job;
}

/* What an order to n1 is answered with: 0 or the code. */
static int control(struct cluster *cluster, Berth__NodeControl__Op op,
                   const char *taint, bool evict)
{
    cleanup(freep) char *words = xstrdup(taint);
    char n1[] = "n1", why[] = "upkeep", *names[] = {n1}, *taints[] = {words};
    Berth__NodeControl order = BERTH__NODE_CONTROL__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct party *client = party_connect(cluster);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    order.op = op;
    order.names = names;
    order.n_names = 1;
    order.taints = taints;
    order.n_taints = *taint ? 1 : 0;
    order.reason = why;
    order.evict = evict;
    env.body_case = BERTH__ENVELOPE__BODY_NODE_CONTROL;
    env.node_control = &order;
    reply = party_call(client, &env);
    party_close(client);
    return status_of(reply);
}

static void taint(struct cluster *cluster, const char *words)
{
    assert_int_equal(control(cluster, BERTH__NODE_CONTROL__OP__TAINT, words, false), 0);
}

static void assert_asked_to_go(struct party *node, uint32_t job,
                               Berth__SignalJob__Cause cause, const char *why)
{
    cleanup(free_messagep) Berth__Envelope *order =
        party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);

    assert_int_equal(order->signal_job->job_id, job);
    assert_int_equal(order->signal_job->signal, 0);
    assert_int_equal(order->signal_job->grace, 7);
    assert_int_equal(order->signal_job->cause, cause);
    assert_string_equal(order->signal_job->why, why);
    party_answer(node, order, 0, "");
}

static const struct ctl_object *object_of(struct cluster *cluster, const char *name)
{
    char space[32];

    (void)snprintf(space, sizeof(space), "default:%u", getuid());
    return objects_find(cluster->ctl, space, "Pod", name);
}

#define EVICTED BERTH__SIGNAL_JOB__CAUSE__EVICTED
#define BY_TAINT "evicted: node n1 has the taint upkeep:NoExecute"

static void a_taint_ends_who_does_not_tolerate_it(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1"), *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t epoch, e, batch = client_submit(client, &spec, "");

    assert_int_equal(node_accept_launch(node, &e), batch);
    node_started(node, batch, e);
    uint32_t strong = run(cluster, node, "strong", TOLERATES(""), &e);
    uint32_t weak = run(cluster, node, "weak", NEVER, &epoch);
    taint(cluster, "upkeep:NoExecute");
    assert_asked_to_go(node, weak, EVICTED, BY_TAINT);
    node_ended(node, weak, epoch, 0);
    run_until_state(cluster, weak, JOB_PREEMPTED);
    assert_string_equal(object_of(cluster, "weak")->record->pod->phase, "Failed");
    assert_true(*object_of(cluster, "weak")->record->pod->disruption);
    assert_string_equal(state_of(cluster, strong), "RUNNING");
    assert_string_equal(state_of(cluster, batch), "RUNNING");
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
}

static void one_that_may_run_again_waits_for_the_taint_to_go(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1");
    uint32_t epoch, weak = run(cluster, node, "weak", "", &epoch);

    taint(cluster, "upkeep:NoExecute");
    assert_asked_to_go(node, weak, EVICTED, BY_TAINT);
    node_ended(node, weak, epoch, 0);
    run_until_state(cluster, weak, JOB_PENDING);
    /* It is kept over a restart, and so is what keeps it waiting. */
    cluster_stop(cluster);
    cluster_start(cluster);
    assert_int_equal(nodes_find(cluster->ctl, "n1")->taints->n_taints, 1);
    node = node_up(cluster, "n1");
    cluster_run_for(cluster, 100);
    assert_string_equal(state_of(cluster, weak), "PENDING");
    make(cluster, "strong", TOLERATES(""));
    assert_int_equal(node_accept_launch(node, &epoch),
                     object_of(cluster, "strong")->record->job_id);
    cluster_run_for(cluster, 100);
    assert_string_equal(state_of(cluster, weak), "PENDING");
    taint(cluster, "upkeep-");
    assert_int_equal(node_accept_launch(node, &epoch), weak);
}

static void who_tolerates_it_for_a_while_goes_then(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1");
    uint32_t epoch, job = run(cluster, node, "patient",
                              TOLERATES(", tolerationSeconds: 2") NEVER, &epoch);
    int64_t began = controller_now();

    taint(cluster, "upkeep:NoExecute");
    assert_asked_to_go(node, job, EVICTED, BY_TAINT);
    assert_true(controller_now() >= began + 2);
}

static void a_taint_is_taken_back_in_time(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1");
    uint32_t epoch, job = run(cluster, node, "patient",
                              TOLERATES(", tolerationSeconds: 3600"), &epoch);

    taint(cluster, "upkeep=a:NoExecute");
    /* One value for a key and effect. */
    taint(cluster, "upkeep=b:NoExecute");
    assert_int_equal(nodes_find(cluster->ctl, "n1")->taints->n_taints, 1);
    taint(cluster, "upkeep:NoExecute-");
    assert_null(nodes_find(cluster->ctl, "n1")->taints);
    assert_int_equal(control(cluster, BERTH__NODE_CONTROL__OP__TAINT, "upkeep-", false),
                     ENOENT);
    assert_int_equal(
        control(cluster, BERTH__NODE_CONTROL__OP__TAINT, "upkeep:NoExecut", false),
        EINVAL);
    assert_string_equal(state_of(cluster, job), "RUNNING");
}

static void a_drain_asks_pods_to_go_and_leaves_jobs(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1"), *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t epoch, e, batch = client_submit(client, &spec, "");

    assert_int_equal(node_accept_launch(node, &e), batch);
    node_started(node, batch, e);
    uint32_t pod = run(cluster, node, "web", NEVER, &epoch);
    assert_int_equal(control(cluster, BERTH__NODE_CONTROL__OP__DRAIN, "", true), 0);
    assert_asked_to_go(node, pod, EVICTED, "evicted: node n1 is drained: upkeep");
    node_ended(node, pod, epoch, 0);
    run_until_state(cluster, pod, JOB_PREEMPTED);
    assert_string_equal(state_of(cluster, batch), "RUNNING");
}

/* The toleration is of the node's own taint, as Kubernetes has it. */
#define STAYS(more)                                                            \
    "  tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, " \
    "effect: NoExecute" more "}]\n"

static void pods_of_a_lost_node_stay_as_long_as_they_say(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1");
    uint32_t e, epoch;
    uint32_t plain = run(cluster, node, "plain", "", &e);
    uint32_t ever = run(cluster, node, "ever", STAYS(""), &epoch);
    uint32_t some = run(cluster, node, "some", STAYS(", tolerationSeconds: 2"), &e);
    const struct ctl_node *n1 = nodes_find(cluster->ctl, "n1");

    cluster->config->node.lost_after = 2;
    party_close(node);
    run_until_state(cluster, plain, JOB_NODE_FAIL);
    assert_string_equal(state_of(cluster, some), "RUNNING");
    run_until_state(cluster, some, JOB_NODE_FAIL);
    assert_true(controller_now() >= n1->lost_at + 2);
    assert_string_equal(object_of(cluster, "some")->record->pod->reason, "NodeLost");
    assert_string_equal(state_of(cluster, ever), "RUNNING");
    cluster->config->node.lost_after = 600;
    node = party_connect(cluster);
    free_message(
        node_register(node, "n1", "boot-1", &(struct running){ever, epoch, true}, 1));
    assert_string_equal(state_of(cluster, ever), "RUNNING");
    node_ended(node, ever, epoch, 0);
    run_until_state(cluster, ever, JOB_COMPLETED);
}

/* Partition "small" (n4) goes before "main". */
static void a_pod_that_makes_room_says_for_whom(void **state)
{
    struct cluster *cluster = *state;
    static char small[] = "small";
    Berth__JobSpec spec = spec_of(8);
    struct party *node, *client;
    uint32_t epoch, pod, high;
    cleanup(freep) char *why = NULL;

    cluster_stop(cluster);
    cluster->config->scheduling.preempt = CONFIG_PREEMPT_PARTITION;
    cluster->config->scheduling.preempt_mode = CONFIG_MODE_REQUEUE;
    cluster->config->partitions[1].priority = 9;
    cluster_start(cluster);
    node = node_up(cluster, "n4");
    client = party_connect(cluster);
    pod = run(cluster, node, "low", NEVER, &epoch);
    spec.partition = small;
    high = client_submit(client, &spec, "");
    why = xasprintf("preempted by job %u", high);
    assert_asked_to_go(node, pod, BERTH__SIGNAL_JOB__CAUSE__PREEMPTED, why);
    node_ended(node, pod, epoch, 0);
    run_until_state(cluster, pod, JOB_PREEMPTED);
    assert_string_equal(object_of(cluster, "low")->record->pod->disruption,
                        "PreemptionByScheduler");
    assert_int_equal(node_accept_launch(node, &epoch), high);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cluster_setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_taint_ends_who_does_not_tolerate_it),
        TEST(one_that_may_run_again_waits_for_the_taint_to_go),
        TEST(who_tolerates_it_for_a_while_goes_then),
        TEST(a_taint_is_taken_back_in_time),
        TEST(a_drain_asks_pods_to_go_and_leaves_jobs),
        TEST(pods_of_a_lost_node_stay_as_long_as_they_say),
        TEST(a_pod_that_makes_room_says_for_whom),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
