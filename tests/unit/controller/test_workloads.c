/* SPDX-License-Identifier: Apache-2.0
 *
 * test_workloads.c - Jobs make pods and CronJobs Jobs, whatever becomes of them
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/objects/objects.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#define CONTAINER                                                                \
    "{name: main, image: 'debian:12', resources: {requests: {cpu: '1', memory: " \
    "10Mi}}}"
#define JOB(fields)                                                             \
    "{apiVersion: batch/v1, kind: Job, metadata: {name: sweep}, spec: {" fields \
    ", template: {metadata: {labels: {app: x}}, spec: {restartPolicy: "         \
    "Never, containers: [" CONTAINER "]}}}}"
#define CRON(fields)                                                                  \
    "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {" fields \
    ", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, "                 \
    "containers: [" CONTAINER "]}}}}}}"

/* ------------------------------------------------------------------ a client */

static Berth__Envelope *apply_reply(struct party *client, const char *text)
{
    ProtobufCBinaryData manifest = {strlen(text), (uint8_t *)(uintptr_t)text};
    Berth__ObjectApply apply = BERTH__OBJECT_APPLY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Envelope *reply;

    apply.manifests = &manifest;
    apply.n_manifests = 1;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_APPLY;
    env.object_apply = &apply;
    reply = party_call(client, &env);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_OBJECT_REPLIES);
    return reply;
}

static void apply(struct party *client, const char *text)
{
    cleanup(free_messagep) Berth__Envelope *reply = apply_reply(client, text);
    const Berth__ObjectReply *one = reply->object_replies->replies[0];

    if (one->status && one->status->code)
        fail_msg("%s", one->status->text);
}

static void assert_refused(struct party *client, const char *text, const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply = apply_reply(client, text);
    const Berth__ObjectReply *one = reply->object_replies->replies[0];

    assert_true(one->status && one->status->code);
    if (!strstr(one->status->text, words))
        fail_msg("'%s' is not in '%s'", words, one->status->text);
}

static void delete_one(struct party *client, const char *kind, const char *name)
{
    Berth__ObjectDelete order = BERTH__OBJECT_DELETE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    char *names[] = {(char *)(uintptr_t)name};

    order.kind = (char *)(uintptr_t)kind;
    order.names = names;
    order.n_names = 1;
    env.body_case = BERTH__ENVELOPE__BODY_OBJECT_DELETE;
    env.object_delete = &order;
    free_message(party_call(client, &env));
}

/* ------------------------------------------------------------------ what there is */

static struct ctl_object *find(struct cluster *cluster, const char *kind,
                               const char *name)
{
    char space[32];

    (void)snprintf(space, sizeof(space), "default:%u", getuid());
    return objects_find(cluster->ctl, space, kind, name);
}

static const Berth__WorkloadStatus *status_of_job(struct cluster *cluster)
{
    const struct ctl_object *job = find(cluster, "Job", "sweep");

    return job ? job->record->workload : NULL;
}

/* Pods that 'sweep' has made and that are not asked to go; their objects in 'ret'. */
static size_t pods_of(struct cluster *cluster, struct ctl_object *ret[16])
{
    const struct ctl_object *job = find(cluster, "Job", "sweep");
    struct ctl_object *made;
    size_t n = 0;

    if (!job)
        return 0;
    DL_FOREACH(job->made, made)
    if (!made->record->deleted_at && n < 16)
        ret[n++] = made;
    return n;
}

struct wanted {
    struct cluster *cluster;
    const char *condition; /* NULL: no Job at all */
    size_t pods;           /* SIZE_MAX: whatever */
};

static bool is_there(void *ctx)
{
    const struct wanted *wanted = ctx;
    const Berth__WorkloadStatus *status = status_of_job(wanted->cluster);
    struct ctl_object *pods[16];

    if (!wanted->condition)
        return !find(wanted->cluster, "Job", "sweep");
    return status && strcmp(status->condition, wanted->condition) == 0 &&
           (wanted->pods == SIZE_MAX || pods_of(wanted->cluster, pods) == wanted->pods);
}

static void run_until(struct cluster *cluster, const char *condition, size_t pods)
{
    struct wanted wanted = {cluster, condition, pods};

    cluster_run_until(cluster, is_there, &wanted);
}

/* ------------------------------------------------------------------ a node's side */

static uint32_t launch(struct party *node)
{
    uint32_t epoch, job = node_accept_launch(node, &epoch);

    node_started(node, job, epoch);
    return job;
}

static void end_pod(struct party *node, uint32_t job, int code)
{
    static char succeeded[] = "Succeeded", failed[] = "Failed", name[] = "main";
    Berth__ContainerEnd end = BERTH__CONTAINER_END__INIT;
    Berth__ContainerStatus container = BERTH__CONTAINER_STATUS__INIT;
    Berth__ContainerStatus *containers[] = {&container};
    Berth__PodStatus status = BERTH__POD_STATUS__INIT;
    Berth__JobEnded ended = BERTH__JOB_ENDED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    end.exit_code = code;
    container.name = name;
    container.state = BERTH__CONTAINER_STATUS__STATE__TERMINATED;
    container.end = &end;
    status.phase = code ? failed : succeeded;
    status.containers = containers;
    status.n_containers = 1;
    ended.job_id = job;
    ended.epoch = 1;
    ended.exit_code = code;
    ended.pod = &status;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_ENDED;
    env.job_ended = &ended;
    reply = party_call(node, &env);
    assert_int_equal(status_of(reply), 0);
}

static uint32_t index_of(struct cluster *cluster, uint32_t job)
{
    struct ctl_object *pods[16];
    size_t n = pods_of(cluster, pods);

    for (size_t i = 0; i < n; i++)
        if (pods[i]->record->job_id == job)
            return pods[i]->record->index - 1;
    fail_msg("job %u is of no pod", job);
    return 0;
}

/* ------------------------------------------------------------------ tests */

static void an_indexed_job_makes_each_of_its_pods_once(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    bool was_seen[5] = {false};

    apply(client, JOB("completions: 5, parallelism: 2, completionMode: Indexed"));
    for (size_t i = 0; i < 5; i++) {
        uint32_t job = launch(node), index = index_of(cluster, job);

        assert_true(index < 5 && !was_seen[index]);
        was_seen[index] = true;
        end_pod(node, job, 0);
    }
    run_until(cluster, "Complete", 5);
    assert_string_equal(status_of_job(cluster)->completed_indexes, "0-4");
    assert_int_equal(status_of_job(cluster)->succeeded, 5);
    assert_int_equal(status_of_job(cluster)->made, 5);
    assert_string_equal(status_of_job(cluster)->reason, "CompletionsReached");
}

static void a_pod_says_which_one_it_is(void **state)
{
    static const char *const parts[] = {
        "\"batch.kubernetes.io/job-completion-index\": \"0\"",
        "\"batch.kubernetes.io/job-name\": \"sweep\"",
        "\"app\": \"x\"",
        "\"hostname\": \"sweep-0\"",
        "\"JOB_COMPLETION_INDEX\"",
        "\"controller-uid\"",
    };
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    struct ctl_object *pods[16];
    cleanup(freep) char *text = NULL;

    apply(client, JOB("completions: 1, completionMode: Indexed"));
    run_until(cluster, "", 1);
    pods_of(cluster, pods);
    text = xstrndup((const char *)pods[0]->record->manifest.data,
                    pods[0]->record->manifest.len);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("%s is not in %s", parts[i], text);
    assert_int_equal(strncmp(pods[0]->record->name, "sweep-0-", 8), 0);
    assert_int_equal(strlen(pods[0]->record->name), 13);
    assert_string_equal(pods[0]->record->made_by_uid,
                        find(cluster, "Job", "sweep")->record->uid);
    assert_string_equal(objects_label(&pods[0], "job-name"), "sweep");
}

static void an_exit_code_fails_the_job_and_ends_the_others(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t first, second;

    apply(client,
          JOB("completions: 3, parallelism: 2, podFailurePolicy: {rules: "
              "[{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}"));
    first = launch(node);
    second = launch(node);
    end_pod(node, first, 42);
    run_until(cluster, "FailureTarget", SIZE_MAX);
    free_message(party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
    end_pod(node, second, 143);
    run_until(cluster, "Failed", SIZE_MAX);
    assert_string_equal(status_of_job(cluster)->reason, "PodFailurePolicy");
    assert_non_null(strstr(status_of_job(cluster)->words, "exit code 42"));
    assert_int_equal(status_of_job(cluster)->made, 2);
}

static void a_job_is_suspended_and_goes_on_by_apply(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");

    apply(client, JOB("completions: 2, parallelism: 2, suspend: true"));
    run_until(cluster, "Suspended", 0);
    apply(client, JOB("completions: 2, parallelism: 2, suspend: false"));
    run_until(cluster, "", 2);
    end_pod(node, launch(node), 0);
    apply(client, JOB("completions: 2, parallelism: 2, suspend: true"));
    run_until(cluster, "Suspended", SIZE_MAX);
    assert_int_equal(status_of_job(cluster)->succeeded, 1);
    assert_int_equal(status_of_job(cluster)->failed, 0);
    assert_int_equal(status_of_job(cluster)->start_time, 0);
}

static void what_the_pods_are_like_does_not_change(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);

    apply(client, JOB("completions: 2, parallelism: 1"));
    apply(client, JOB("completions: 2, parallelism: 2"));
    run_until(cluster, "", 2);
    assert_refused(client, JOB("completions: 3, parallelism: 2"),
                   "spec.completions: it cannot be changed any more");
    assert_refused(client, JOB("completions: 2, completionMode: Indexed"),
                   "spec.completionMode: it cannot be changed");
}

static void a_job_whose_pods_cannot_be_is_refused(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);

    assert_refused(client,
                   "{apiVersion: batch/v1, kind: Job, metadata: {name: big}, spec: "
                   "{template: {spec: {restartPolicy: Never, containers: [{name: a, "
                   "image: i, resources: {limits: {acme.com/fpga: 1}}}]}}}}",
                   "job big: spec.template: ");
    assert_null(find(cluster, "Job", "big"));
}

static void with_a_job_its_pods_go(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job;

    apply(client, JOB("completions: 9, parallelism: 3"));
    job = launch(node);
    run_until(cluster, "", 3);
    delete_one(client, "Job", "sweep");
    run_until(cluster, NULL, 0);
    free_message(party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
    end_pod(node, job, 143);
    run_until_state(cluster, job, JOB_CANCELLED);
    assert_null(find(cluster, "Job", "sweep"));
}

static void an_ended_job_goes_when_its_time_is_over(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");

    apply(client, JOB("ttlSecondsAfterFinished: 0"));
    end_pod(node, launch(node), 0);
    run_until(cluster, NULL, 0);
}

static bool has_ended_pod(void *ctx)
{
    struct ctl_object *pods[16];
    size_t n = pods_of(ctx, pods), ended = 0;

    for (size_t i = 0; i < n; i++)
        ended += strcmp(pods[i]->record->pod->phase, "Succeeded") == 0;
    return ended > 0;
}

static void a_controller_that_starts_again_goes_on(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job;

    apply(client, JOB("completions: 4, parallelism: 1, completionMode: Indexed"));
    job = launch(node);
    assert_int_equal(index_of(cluster, job), 0);
    end_pod(node, job, 0);
    cluster_run_until(cluster, has_ended_pod, cluster);
    for (uint32_t i = 1; i < 4; i++) {
        party_close(node);
        cluster_stop(cluster);
        cluster_start(cluster);
        node = node_up(cluster, "n1");
        job = launch(node);
        assert_int_equal(index_of(cluster, job), i);
        end_pod(node, job, 0);
    }
    run_until(cluster, "Complete", 4);
    assert_int_equal(status_of_job(cluster)->succeeded, 4);
    assert_int_equal(status_of_job(cluster)->made, 4);
}

static bool has_made_a_job(void *ctx)
{
    struct cluster *cluster = ctx;
    const struct ctl_object *cron = find(cluster, "CronJob", "nightly");

    return cron && cron->n_made;
}

static void a_cron_job_makes_the_job_of_its_minute(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    const Berth__WorkloadStatus *status;
    const struct ctl_object *job;
    cleanup(freep) char *name = NULL;

    apply(client, CRON("schedule: '@every 1s', concurrencyPolicy: Forbid"));
    cluster_run_until(cluster, has_made_a_job, cluster);
    status = find(cluster, "CronJob", "nightly")->record->workload;
    assert_true(status->last_schedule > 0);
    name = xasprintf("nightly-%lld", (long long)status->last_schedule / 60);
    job = find(cluster, "Job", name);
    assert_non_null(job);
    assert_non_null(strstr((const char *)job->record->manifest.data,
                           "batch.kubernetes.io/cronjob-scheduled-timestamp"));
    assert_int_equal(status->n_running, 1);
    assert_string_equal(status->running[0], name);
    end_pod(node, launch(node), 0);
    delete_one(client, "CronJob", "nightly");
    assert_null(find(cluster, "CronJob", "nightly"));
    assert_null(find(cluster, "Job", name));
}

/* The time of its Job, once it has one. */
static int64_t made_at(struct cluster *cluster)
{
    cluster_run_until(cluster, has_made_a_job, cluster);
    return find(cluster, "CronJob", "nightly")->record->workload->last_schedule;
}

static void a_gang_of_a_cron_job_is_of_one_job_alone(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    const struct ctl_object *job;
    cleanup(freep) char *name = NULL;
    cleanup(freep) char *gang = NULL;
    const struct ctl_object *pod;
    size_t n = 0;

    apply(client, "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly, "
                  "annotations: {berth/gang: ring, berth/gang-size: '2'}}, spec: "
                  "{schedule: '@every 1s', concurrencyPolicy: Forbid, jobTemplate: "
                  "{spec: {completions: 2, parallelism: 2, template: {spec: "
                  "{restartPolicy: Never, containers: [" CONTAINER "]}}}}}}");
    name = xasprintf("nightly-%lld", (long long)made_at(cluster) / 60);
    gang = xasprintf("ring.%s", name);
    job = find(cluster, "Job", name);
    assert_non_null(job);
    free_message(party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    free_message(party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    DL_FOREACH(job->made, pod)
    {
        const Berth__PodPlace *place = pod->job->job.spec->pod->place;

        assert_string_equal(place->gang, gang);
        assert_int_equal(place->gang_size, 2);
        n++;
    }
    assert_int_equal(n, 2);
}

static void a_zone_that_is_none_is_refused(void **state)
{
    struct party *client = party_connect(*state);

    assert_refused(client, CRON("schedule: '@daily', timeZone: Europe/Nowhere"),
                   "the controller has no /usr/share/zoneinfo/Europe/Nowhere");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_indexed_job_makes_each_of_its_pods_once),
        TEST(a_pod_says_which_one_it_is),
        TEST(an_exit_code_fails_the_job_and_ends_the_others),
        TEST(a_job_is_suspended_and_goes_on_by_apply),
        TEST(what_the_pods_are_like_does_not_change),
        TEST(a_job_whose_pods_cannot_be_is_refused),
        TEST(with_a_job_its_pods_go),
        TEST(an_ended_job_goes_when_its_time_is_over),
        TEST(a_controller_that_starts_again_goes_on),
        TEST(a_cron_job_makes_the_job_of_its_minute),
        TEST(a_gang_of_a_cron_job_is_of_one_job_alone),
        TEST(a_zone_that_is_none_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
