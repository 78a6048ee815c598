/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_place.c - where pods run: slices of cores, labels, other pods
 */
#include "fixture.h"

#include "base/mem.h"
#include "base/strv.h"
#include "controller/job_table.h"
#include "controller/objects/objects.h"
#include "controller/pods/pod_nodes.h"
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

static void assert_refused_with(struct cluster *cluster, const char *labels,
                                const char *more, const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        apply(cluster, "refused", "1", labels, more);
    const Berth__ObjectReply *one = reply->object_replies->replies[0];

    assert_non_null(one->status);
    if (!strstr(one->status->text, words))
        fail_msg("'%s' is not in: %s", words, one->status->text);
}

static void assert_refused(struct cluster *cluster, const char *more, const char *words)
{
    assert_refused_with(cluster, "", more, words);
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

#define PORT(more) "    ports: [{containerPort: 80, hostPort: 30080" more "}]\n"

static void a_port_of_a_node_leads_to_one_pod(void **state)
{
    struct cluster *cluster = *state;

    str_replace(&cluster->config->pods.cidr, "10.88.0.0/16");
    make(cluster, "a", "100m", "", PORT(""));
    make(cluster, "b", "100m", "", PORT(", hostIP: 10.0.0.1"));
    make(cluster, "c", "100m", "", PORT(", hostIP: 10.0.0.2"));
    make(cluster, "d", "100m", "", PORT(", hostIP: 10.0.0.1"));
    make(cluster, "udp", "100m", "", PORT(", protocol: UDP"));
    make(cluster, "e", "100m", "", PORT(", hostIP: 0.0.0.0"));
    assert_on(cluster, "a", "n1");
    assert_on(cluster, "b", "n2");
    assert_on(cluster, "c", "n2");
    assert_on(cluster, "d", "n3");
    assert_on(cluster, "udp", "n2");
    assert_on(cluster, "e", "n4");
    make(cluster, "f", "100m", "", PORT(""));
    cluster_run_for(cluster, 100);
    assert_null(job_of(cluster, "f")->job.record->placement);
    str_replace(&cluster->config->pods.cidr, NULL);
}

static void nobody_takes_a_port_by_a_label(void **state)
{
    assert_refused_with(*state, "':30080/TCP': ''", "", ":30080");
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

/* Of a pod that is there, with other labels. */
static void labels_that_change_are_what_others_see(void **state)
{
    struct cluster *cluster = *state;

    make(cluster, "a", "100m", "app: db", "");
    assert_on(cluster, "a", "n1");
    make(cluster, "b", "100m", "app: web", APART);
    assert_on(cluster, "b", "n1");
    make(cluster, "a", "100m", "app: web", "");
    make(cluster, "c", "100m", "app: web", APART);
    assert_on(cluster, "c", "n2");
    make(cluster, "b", "100m", "", APART);
    make(cluster, "a", "100m", "", "");
    assert_int_equal(job_of(cluster, "a")->job.spec->pod->place->n_labels, 0);
    make(cluster, "d", "100m", "", APART);
    assert_on(cluster, "d", "n1");
}

static void one_that_waits_is_queued_with_its_new_labels(void **state)
{
    struct cluster *cluster = *state;

    make(cluster, "all", "8", "app: web",
         APART "  nodeSelector: {kubernetes.io/hostname: n1}\n");
    assert_on(cluster, "all", "n1");
    make(cluster, "waits", "100m", "app: web",
         APART "  nodeSelector: {kubernetes.io/hostname: n1}\n");
    cluster_run_for(cluster, 100);
    assert_null(job_of(cluster, "waits")->job.record->placement);
    assert_int_equal(pod_nodes_counts(cluster->ctl).classes, 1);
    make(cluster, "waits", "100m", "app: db",
         APART "  nodeSelector: {kubernetes.io/hostname: n1}\n");
    assert_int_equal(pod_nodes_counts(cluster->ctl).classes, 2);
    assert_string_equal(job_of(cluster, "waits")->job.spec->pod->place->labels[0],
                        "app=db");
}

/* ------------------------------------------------------------------ how many */

#define WAVE 500

/* Each asks differently, and is of a Job and a gang of its own. */
static char *unlike_pod(uint32_t number)
{
    return xasprintf("{apiVersion: v1, kind: Pod, metadata: {name: u%u, labels: "
                     "{job-name: j%u}, annotations: {berth/gang: g%u, "
                     "berth/gang-size: '2'}}, spec: {restartPolicy: Never, "
                     "containers: [{name: c, image: i, resources: {requests: {cpu: 1, "
                     "memory: 10Mi}}}], tolerations: [{key: t%u, operator: Exists}]}}",
                     number, number, number, number);
}

static void apply_wave(struct cluster *cluster, uint32_t from, bool dry_run)
{
    cleanup(strv_freep) char **texts = NULL;
    ProtobufCBinaryData manifests[WAVE];
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    struct party *client = party_connect(cluster);

    for (uint32_t i = 0; i < WAVE; i++) {
        strv_take(&texts, unlike_pod(from + i));
        manifests[i] =
            (ProtobufCBinaryData){strlen(texts[i]), (uint8_t *)(void *)texts[i]};
    }
    apply.verb = BERTH__OBJECT_APPLY__VERB__APPLY;
    apply.manifests = manifests;
    apply.n_manifests = WAVE;
    apply.dry_run = dry_run;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_APPLY;
    env.object_apply = &apply;
    reply = party_call(client, &env);
    party_close(client);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_REPLIES);
    for (uint32_t i = 0; i < WAVE; i++) {
        const Berth__ObjectReply *one = reply->object_replies->replies[i];

        if (one->status && one->status->code)
            fail_msg("%s", one->status->text);
    }
}

static void delete_all_pods(struct cluster *cluster)
{
    Berth__ObjectDelete delete = BERTH__OBJECT_DELETE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    struct party *client = party_connect(cluster);
    char pod[] = "Pod";

    delete.kind = pod;
    delete.all = true;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_DELETE;
    env.object_delete = &delete;
    reply = party_call(client, &env);
    party_close(client);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_REPLIES);
}

static void ten_thousand_pods_leave_nothing_behind(void **state)
{
    struct cluster *cluster = *state;
    struct pod_nodes_counts counts;

    for (uint32_t from = 0; from < 10000; from += WAVE) {
        apply_wave(cluster, from, from % (2 * WAVE) == 0);
        counts = pod_nodes_counts(cluster->ctl);
        assert_in_range(counts.classes, 0, WAVE);
        assert_in_range(counts.gangs, 0, WAVE);
        assert_in_range(counts.selections, 1, 256);
        delete_all_pods(cluster);
    }
    counts = pod_nodes_counts(cluster->ctl);
    assert_int_equal(counts.classes, 0);
    assert_int_equal(counts.gangs, 0);
}

static void a_dry_run_leaves_nothing_behind(void **state)
{
    struct cluster *cluster = *state;

    apply_wave(cluster, 0, true);
    assert_int_equal(pod_nodes_counts(cluster->ctl).classes, 0);
    assert_int_equal(pod_nodes_counts(cluster->ctl).gangs, 0);
}

static void who_runs_is_known_as_long_as_it_runs(void **state)
{
    struct cluster *cluster = *state;

    make(cluster, "runs", "1", "app: web", "");
    assert_on(cluster, "runs", "n1");
    assert_int_equal(pod_nodes_counts(cluster->ctl).classes, 1);
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
        TEST(a_port_of_a_node_leads_to_one_pod),
        TEST(nobody_takes_a_port_by_a_label),
        TEST(labels_that_change_are_what_others_see),
        TEST(one_that_waits_is_queued_with_its_new_labels),
        TEST(ten_thousand_pods_leave_nothing_behind),
        TEST(a_dry_run_leaves_nothing_behind),
        TEST(who_runs_is_known_as_long_as_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
