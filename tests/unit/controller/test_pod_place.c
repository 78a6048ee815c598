/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_place.c - where pods run: slices of cores, labels, other pods
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/job_table.h"
#include "controller/objects.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state)
{
    int rc = cluster_setup(state);

    for (int i = 1; rc == 0 && i <= NODES; i++) {
        char name[8];

        (void)snprintf(name, sizeof(name), "n%d", i);
        (void)node_up(*state, name);
    }
    return rc;
}

#define GANG "  annotations: {berth/gang: ring, berth/gang-size: '3'}\n"

/* A pod that asks for so much of a core; 'labels' and 'more' as YAML. */
static char *pod_text(const char *name, const char *cpu, const char *labels,
                      const char *more)
{
    const char *annotations = strstr(more, "#gang") ? GANG : "";

    return xasprintf("apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n"
                     "  labels: {%s}\n%sspec:\n"
                     "  restartPolicy: Never\n  containers:\n  - name: c\n"
                     "    image: debian:12\n"
                     "    resources: {requests: {cpu: %s, memory: 10Mi}}\n%s",
                     name, labels, annotations, cpu, more);
}

static Berth__Envelope *apply(struct cluster *cluster, const char *name,
                              const char *cpu, const char *labels, const char *more)
{
    cleanup(freep) char *text = pod_text(name, cpu, labels, more);
    ProtobufCBinaryData manifest = {strlen(text), (uint8_t *)text};
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT, *reply;
    struct party *client = party_connect(cluster);

    apply.verb = BERTH__OBJECT_APPLY__VERB__APPLY;
    apply.manifests = &manifest;
    apply.n_manifests = 1;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_APPLY;
    env.object_apply = &apply;
    reply = party_call(client, &env);
    party_close(client);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_REPLIES);
    return reply;
}

static void assert_refused(struct cluster *cluster, const char *more, const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        apply(cluster, "refused", "1", "", more);
    const Berth__ObjectReply *one = reply->object_replies->replies[0];

    assert_non_null(one->status);
    if (!strstr(one->status->text, words))
        fail_msg("'%s' is not in: %s", words, one->status->text);
}

static void make(struct cluster *cluster, const char *name, const char *cpu,
                 const char *labels, const char *more)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        apply(cluster, name, cpu, labels, more);
    const Berth__ObjectReply *one = reply->object_replies->replies[0];

    if (one->status && one->status->code)
        fail_msg("%s", one->status->text);
}

static const struct ctl_job *job_of(struct cluster *cluster, const char *name)
{
    char space[32];
    const struct ctl_object *pod;

    (void)snprintf(space, sizeof(space), "default:%u", getuid());
    pod = objects_find(cluster->ctl, space, "Pod", name);
    assert_non_null(pod);
    return jobs_find(cluster->ctl, pod->record->job_id);
}

struct placing {
    struct cluster *cluster;
    const char *name;
};

static bool is_placed(void *ctx)
{
    const struct placing *p = ctx;
    const struct ctl_job *cj = job_of(p->cluster, p->name);

    return cj && cj->job.record->placement;
}

static const Berth__NodeShare *share_of(struct cluster *cluster, const char *name)
{
    struct placing placing = {cluster, name};

    cluster_run_until(cluster, is_placed, &placing);
    return job_of(cluster, name)->job.record->placement->shares[0];
}

static void assert_on(struct cluster *cluster, const char *name, const char *node)
{
    assert_string_equal(share_of(cluster, name)->node, node);
}

/* ------------------------------------------------------------------ slices */

static void small_pods_share_a_core(void **state)
{
    const Berth__NodeShare *share;

    for (int i = 0; i < 11; i++) {
        cleanup(freep) char *name = xasprintf("p%d", i);

        make(*state, name, "100m", "", "");
        share = share_of(*state, name);
        assert_string_equal(share->node, "n1");
        assert_int_equal(share->cpu_milli, 100);
        assert_string_equal(share->cores, i < 10 ? "0" : "1");
        assert_int_equal(share->shared_core, i < 10 ? 0 : 1);
    }
    make(*state, "big", "2500m", "", "");
    share = share_of(*state, "big");
    assert_string_equal(share->cores, "1-3");
    assert_int_equal(share->cpu_milli, 500);
    assert_int_equal(share->shared_core, 1);
    make(*state, "whole", "1", "", "");
    assert_int_equal(share_of(*state, "whole")->cpu_milli, 0);
}

static void a_pod_that_asks_for_nothing_gets_a_little(void **state)
{
    make(*state, "idle", "0", "", "");
    assert_int_equal(share_of(*state, "idle")->cpu_milli, 50);
}

/* ------------------------------------------------------------------ labels */

static void selectors_choose_nodes_by_their_labels(void **state)
{
    make(*state, "by-name", "1", "", "  nodeSelector: {kubernetes.io/hostname: n3}\n");
    assert_on(*state, "by-name", "n3");
    make(*state, "by-partition", "1", "",
         "  nodeSelector: {berth/partition.small: ''}\n");
    assert_on(*state, "by-partition", "n4");
    make(*state, "by-affinity", "1", "",
         "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
         "{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, "
         "operator: NotIn, values: [n1, n3, n4]}]}]}}}\n");
    assert_on(*state, "by-affinity", "n2");
    make(*state, "by-liking", "1", "",
         "  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: "
         "[{weight: 50, preference: {matchFields: [{key: metadata.name, operator: In, "
         "values: [n1]}]}}]}}\n");
    assert_on(*state, "by-liking", "n1");
}

static void what_no_node_has_is_refused_with_the_nearest_label(void **state)
{
    assert_refused(*state, "  nodeSelector: {kubernetes.io/hostnam: n3}\n",
                   "no node has the label 'kubernetes.io/hostnam'");
    assert_refused(*state, "  nodeSelector: {kubernetes.io/arc: n3}\n",
                   "did you mean 'kubernetes.io/arch'?");
    assert_refused(*state, "  nodeSelector: {kubernetes.io/hostname: n33}\n",
                   "did you mean 'n3'?");
}

/* ------------------------------------------------------------------ other pods */

#define APART                                                                         \
    "  affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: " \
    "[{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: "      \
    "web}}}]}}\n"

static void two_that_want_to_be_apart_are_on_two_nodes(void **state)
{
    make(*state, "a", "100m", "app: web", APART);
    assert_on(*state, "a", "n1");
    make(*state, "b", "100m", "app: web", APART);
    assert_on(*state, "b", "n2");
    make(*state, "c", "100m", "app: web", "");
    assert_on(*state, "c", "n3");
    make(*state, "d", "100m", "app: other", "");
    assert_on(*state, "d", "n1");
}

static void who_wants_company_waits_for_it(void **state)
{
    struct cluster *cluster = *state;

    make(cluster, "web", "1", "app: web",
         "  affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
         "[{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: "
         "db}}}]}}\n");
    cluster_run_for(cluster, 100);
    assert_null(job_of(cluster, "web")->job.record->placement);
    make(cluster, "db", "1", "app: db",
         "  nodeSelector: {kubernetes.io/hostname: n3}\n");
    assert_on(cluster, "db", "n3");
    assert_on(cluster, "web", "n3");
}

static void spread_goes_over_nodes_one_by_one(void **state)
{
    const char *const nodes[] = {"n1", "n2", "n3", "n4", "n1"};

    for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
        cleanup(freep) char *name = xasprintf("s%zu", i);

        make(*state, name, "100m", "app: s",
             "  topologySpreadConstraints: [{maxSkew: 1, whenUnsatisfiable: "
             "DoNotSchedule, topologyKey: kubernetes.io/hostname, labelSelector: "
             "{matchLabels: {app: s}}}]\n");
        assert_on(*state, name, nodes[i]);
    }
}

static void a_gang_waits_until_all_are_there(void **state)
{
    struct cluster *cluster = *state;
    const char *gang = "  #gang\n";

    make(cluster, "g0", "8", "", gang);
    make(cluster, "g1", "8", "", gang);
    cluster_run_for(cluster, 100);
    assert_null(job_of(cluster, "g0")->job.record->placement);
    assert_null(job_of(cluster, "g1")->job.record->placement);
    make(cluster, "g2", "8", "", gang);
    assert_on(cluster, "g0", "n1");
    assert_on(cluster, "g1", "n2");
    assert_on(cluster, "g2", "n3");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(small_pods_share_a_core),
        TEST(a_pod_that_asks_for_nothing_gets_a_little),
        TEST(selectors_choose_nodes_by_their_labels),
        TEST(what_no_node_has_is_refused_with_the_nearest_label),
        TEST(two_that_want_to_be_apart_are_on_two_nodes),
        TEST(who_wants_company_waits_for_it),
        TEST(spread_goes_over_nodes_one_by_one),
        TEST(a_gang_waits_until_all_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
