/* SPDX-License-Identifier: Apache-2.0
 *
 * test_helpers.c - pods that a batch job brings along are waited for and end with it
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/objects/objects.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POD(name, more)                                                \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: " name "}\nspec:\n"   \
    "  terminationGracePeriodSeconds: 7\n  containers:\n  - name: c\n" \
    "    image: debian:12\n    resources: {requests: {cpu: 1, memory: 10Mi}}\n" more

/* ------------------------------------------------------------------ a client's side */

static Berth__Envelope *submit_reply(struct party *client, const char *name,
                                     const char *pod, const char *array)
{
    Berth__PodHelper helper = BERTH__POD_HELPER__INIT;
    Berth__PodHelper *helpers[] = {&helper};
    Berth__PodWish wish = BERTH__POD_WISH__INIT;
    Berth__JobSpec spec = spec_of(1);

    helper.name = (char *)(uintptr_t)name;
    helper.manifest.data = (uint8_t *)(uintptr_t)pod;
    helper.manifest.len = strlen(pod);
    wish.helpers = helpers;
    wish.n_helpers = 1;
    spec.pod = &wish;
    spec.array = (char *)(uintptr_t)array;
    return client_submit_reply(client, &spec, "");
}

/* The script has all of n1, and its pod is elsewhere. */
static uint32_t submit_apart(struct party *client)
{
    static char n1[] = "n1", name[] = "my-db", pod[] = POD("my-db", "");
    Berth__PodHelper helper = BERTH__POD_HELPER__INIT;
    Berth__PodHelper *helpers[] = {&helper};
    Berth__PodWish wish = BERTH__POD_WISH__INIT;
    Berth__JobSpec spec = spec_of(1);

    helper.name = name;
    helper.manifest.data = (uint8_t *)pod;
    helper.manifest.len = strlen(pod);
    wish.helpers = helpers;
    wish.n_helpers = 1;
    spec.pod = &wish;
    spec.nodelist = n1;
    spec.exclusive = true;
    return client_submit(client, &spec, "");
}

static uint32_t submit(struct party *client)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        submit_reply(client, "my-db", POD("my-db", ""), "");

    if (reply->body_case != BERTH__ENVELOPE__BODY_SUBMITTED)
        fail_msg("%s", words_of(reply));
    return reply->submitted->job_id;
}

static void assert_refused(struct party *client, const char *name, const char *pod,
                           const char *array, const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        submit_reply(client, name, pod, array);

    assert_int_equal(status_of(reply), EINVAL);
    assert_string_equal(words_of(reply), words);
}

static struct ctl_object *pod_of(struct cluster *cluster, uint32_t job)
{
    char space[32], name[32];

    (void)snprintf(space, sizeof(space), "default:%u", getuid());
    (void)snprintf(name, sizeof(name), "my-db-%u", job);
    return objects_find(cluster->ctl, space, "Pod", name);
}

static const char *words_of_job(struct cluster *cluster, uint32_t job)
{
    return jobs_find(cluster->ctl, job)->job.record->state_words;
}

/* ------------------------------------------------------------------ a node's side */

static void tell_pod(struct party *node, uint32_t job, uint32_t epoch, uint32_t seq,
                     bool is_ready)
{
    static char running[] = "Running", ip[] = "10.88.0.5";
    Berth__PodStatus status = BERTH__POD_STATUS__INIT;
    Berth__PodChanged changed = BERTH__POD_CHANGED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    status.phase = running;
    status.ready = is_ready;
    status.pod_ip = ip;
    changed.job_id = job;
    changed.epoch = epoch;
    changed.seq = seq;
    changed.status = &status;
    env.body_case = BERTH__ENVELOPE__BODY_POD_CHANGED;
    env.pod_changed = &changed;
    reply = party_call(node, &env);
    assert_int_equal(status_of(reply), 0);
}

/* Take the launch of 'job', which is the next one; the caller frees it. */
static Berth__Envelope *take_launch(struct party *node, uint32_t job)
{
    Berth__Envelope *launch = party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);

    assert_int_equal(launch->launch_job->grant ? 0 : 1, 0);
    assert_true((launch->launch_job->spec->script.len > 0) == (job != 0));
    party_answer(node, launch, 0, "");
    return launch;
}

/* The pod's, and not yet the script's. */
static void take_pods_launch(struct party *node)
{
    free_message(take_launch(node, 0));
}

static void expect_end(struct party *node, uint32_t job, uint32_t grace)
{
    cleanup(free_messagep) Berth__Envelope *order =
        party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);

    assert_int_equal(order->signal_job->job_id, job);
    assert_int_equal(order->signal_job->grace, grace);
}

/* ------------------------------------------------------------------ tests */

static void a_script_finds_the_name_of_a_pod_of_the_clusters_network(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job = submit(client);
    cleanup(free_messagep) Berth__Envelope *launch = NULL;
    cleanup(freep) char *line = xasprintf("10.88.0.5 my-db my-db-%u", job);
    const Berth__PodWish *wish;

    str_replace(&cluster->config->pods.cidr, "10.88.0.0/16");
    take_pods_launch(node);
    node_started(node, job + 1, 1);
    tell_pod(node, job + 1, 1, 1, true);
    launch = take_launch(node, job);
    wish = launch->launch_job->spec->pod;
    assert_non_null(wish);
    assert_int_equal(wish->n_hosts, 1);
    assert_string_equal(wish->hosts[0], line);
    assert_int_equal(wish->manifest.len, 0);
    str_replace(&cluster->config->pods.cidr, NULL);
}

static void a_script_is_launched_when_its_pod_is_ready_and_ends_it(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job = submit(client);
    cleanup(free_messagep) Berth__Envelope *launch = NULL, *shown = NULL;
    cleanup(freep) char *name = xasprintf("BERTH_POD_MY_DB_NAME=my-db-%u", job);

    take_pods_launch(node);
    node_started(node, job + 1, 1);
    tell_pod(node, job + 1, 1, 1, false);
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    shown = client_show(client, job);
    assert_string_equal(shown->job_list->jobs[0]->reason, "HelperPods");
    assert_null(shown->job_list->jobs[0]->spec->pod);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));

    tell_pod(node, job + 1, 1, 2, true);
    launch = take_launch(node, job);
    assert_true(has_env(launch->launch_job->spec, "BERTH_PODS=my-db"));
    assert_true(has_env(launch->launch_job->spec, "BERTH_POD_MY_DB_IP=10.88.0.5"));
    assert_true(has_env(launch->launch_job->spec, "BERTH_POD_MY_DB_NODE=n1"));
    assert_true(has_env(launch->launch_job->spec, name));
    assert_false(has_env(launch->launch_job->spec, "SLURM_HET_SIZE=2"));
    /* There is no network of pods that the address is of. */
    assert_null(launch->launch_job->spec->pod);
    node_started(node, job, 1);
    /* That it is not ready any more changes nothing. */
    tell_pod(node, job + 1, 1, 3, false);
    assert_string_equal(state_of(cluster, job), "RUNNING");

    node_ended(node, job, 1, 0);
    expect_end(node, job + 1, 7);
    node_ended(node, job + 1, 1, 143);
    run_until_state(cluster, job + 1, JOB_COMPLETED);
    assert_string_equal(state_of(cluster, job), "COMPLETED");
    assert_string_equal(pod_of(cluster, job)->record->pod->phase, "Succeeded");
}

static void a_restart_forgets_neither_the_wait_nor_that_it_is_over(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job = submit(client);
    const struct running pod = {.job = job + 1, .epoch = 1, .lead = true};

    take_pods_launch(node);
    node_started(node, job + 1, 1);
    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1", &pod, 1));
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    tell_pod(node, job + 1, 1, 1, true);
    free_message(take_launch(node, job));

    /* Its answer was lost: it is launched again, once. */
    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1", &pod, 1));
    free_message(take_launch(node, job));
    tell_pod(node, job + 1, 1, 2, true);
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
}

static void a_pod_that_ends_first_ends_its_job_with_words(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job = submit(client);
    cleanup(freep) char *failed = xasprintf("helper pod my-db-%u has failed", job);

    take_pods_launch(node);
    node_started(node, job + 1, 1);
    node_ended(node, job + 1, 1, 3);
    run_until_state(cluster, job, JOB_FAILED);
    assert_string_equal(words_of_job(cluster, job), failed);

    /* Behind the launch the node has to end the script. */
    job = submit(client);
    take_pods_launch(node);
    node_started(node, job + 1, 1);
    tell_pod(node, job + 1, 1, 1, true);
    free_message(take_launch(node, job));
    node_started(node, job, 1);
    node_ended(node, job + 1, 1, 3);
    cluster_run_for(cluster, 20);
    assert_string_equal(state_of(cluster, job), "COMPLETING");
    node_ended(node, job, 1, 143);
    run_until_state(cluster, job, JOB_CANCELLED);
}

static void the_wait_is_of_the_jobs_time(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job = submit(client);
    cleanup(free_messagep) Berth__Envelope *launch = NULL;
    struct ctl_job *cj;

    take_pods_launch(node);
    node_started(node, job + 1, 1);
    cj = jobs_find(cluster->ctl, job);
    cj->job.record->time_given = 600;
    cj->job.record->start_time -= 400;
    tell_pod(node, job + 1, 1, 1, true);
    launch = take_launch(node, job);
    assert_true(launch->launch_job->spec->time_limit <= 200);
    assert_true(launch->launch_job->spec->time_limit > 0);
    assert_int_equal(job_time_limit(&cj->job), 600);
}

static void a_script_whose_node_is_away_begins_when_it_is_back(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    struct party *away = node_up(cluster, "n1"), *node = node_up(cluster, "n2");
    uint32_t job = submit_apart(client);

    take_pods_launch(node);
    node_started(node, job + 1, 1);
    party_close(away);
    cluster_run_for(cluster, 50);
    tell_pod(node, job + 1, 1, 1, true);
    cluster_run_for(cluster, 50);
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    assert_string_equal(state_of(cluster, job + 1), "RUNNING");
    away = party_connect(cluster);
    free_message(node_register(away, "n1", "boot-1", NULL, 0));
    free_message(take_launch(away, job));
    node_started(away, job, 1);
    run_until_state(cluster, job, JOB_RUNNING);
}

static void both_are_queued_again_or_neither(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job = submit(client);
    cleanup(free_messagep) Berth__Envelope *refused = NULL;

    take_pods_launch(node);
    node_started(node, job + 1, 1);
    tell_pod(node, job + 1, 1, 1, true);
    free_message(take_launch(node, job));
    node_started(node, job, 1);
    refused = client_control(client, BERTH__JOB_CONTROL__OP__REQUEUE, job + 1);
    assert_int_equal(refused->job_controlled->statuses[0]->code, EINVAL);
    free_message(client_control(client, BERTH__JOB_CONTROL__OP__REQUEUE, job));
    node_ended(node, job, 1, 143);
    run_until_state(cluster, job, JOB_PENDING);
    assert_string_equal(state_of(cluster, job + 1), "COMPLETING");
    node_ended(node, job + 1, 1, 143);
    /* Both start anew, and the script waits anew. */
    take_pods_launch(node);
    assert_false(pod_of(cluster, job)->record->pod->ready);
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    node_started(node, job + 1, 2);
    tell_pod(node, job + 1, 2, 1, true);
    free_message(take_launch(node, job));
}

static void nodes_are_not_held_for_ever(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t job;

    cluster->config->pods.helper_wait = 1;
    job = submit(client);
    take_pods_launch(node);
    node_started(node, job + 1, 1);
    run_until_state(cluster, job, JOB_FAILED);
    assert_non_null(strstr(words_of_job(cluster, job), "pods.helper_wait"));
    assert_non_null(strstr(words_of_job(cluster, job), "my-db-"));
    expect_end(node, job + 1, 7);
}

/* The scheduler is made to refuse it, behind all that was judged. */
static void pods_of_a_job_that_was_refused_at_once_end_too(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    const struct sched_request known = {
        .job = cluster->ctl->next_job, .partition = "main", .time_limit = 60};
    struct err err;
    uint32_t job;

    if (sched_add(cluster->ctl->sched, &known, &err))
        fail_msg("%s", err.text);
    job = submit(client);
    assert_string_equal(state_of(cluster, job), "FAILED");
    assert_string_equal(state_of(cluster, job + 1), "CANCELLED");
}

static void what_cannot_be_a_helper_is_refused(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);

    assert_refused(client, "db", POD("db", ""), "0-3",
                   "--pod: an array has no helper pods, as each element would need its "
                   "own: submit a job for each of them, in a loop");
    assert_refused(client, "db", POD("other", ""), "",
                   "helper pod db: metadata.name: it is not 'db'");
    assert_refused(client, "cm",
                   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n", "",
                   "helper pod cm: a ConfigMap is no helper: only pods are");
    assert_refused(
        client, "db", POD("db", "    imag: x\n"), "",
        "helper pod db: db: spec.containers[0].imag: unknown field; nearest: "
        "image");
    assert_int_equal(cluster->ctl->n_jobs, 0);
    assert_int_equal(cluster->ctl->n_objects, 0);
}

static void components_and_helpers_are_no_more_than_start_together(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobComponent component = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent *components[SCHED_SET_MAX - 1];
    Berth__PodHelper helper = BERTH__POD_HELPER__INIT;
    Berth__PodHelper *helpers[] = {&helper};
    Berth__PodWish wish = BERTH__POD_WISH__INIT;
    Berth__JobSpec spec = spec_of(1);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    component.tasks = 1;
    for (size_t i = 0; i < SCHED_SET_MAX - 1; i++)
        components[i] = &component;
    spec.components = components;
    spec.n_components = SCHED_SET_MAX - 1;
    wish.helpers = helpers;
    wish.n_helpers = 1;
    spec.pod = &wish;
    reply = client_submit_reply(client, &spec, "");
    assert_int_equal(status_of(reply), E2BIG);
    assert_string_equal(words_of(reply), "--pod: components and helper pods are 129: "
                                         "more than 128 in all");
}

int main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_script_is_launched_when_its_pod_is_ready_and_ends_it),
        TEST(a_script_finds_the_name_of_a_pod_of_the_clusters_network),
        TEST(a_restart_forgets_neither_the_wait_nor_that_it_is_over),
        TEST(a_pod_that_ends_first_ends_its_job_with_words),
        TEST(the_wait_is_of_the_jobs_time),
        TEST(a_script_whose_node_is_away_begins_when_it_is_back),
        TEST(both_are_queued_again_or_neither),
        TEST(nodes_are_not_held_for_ever),
        TEST(pods_of_a_job_that_was_refused_at_once_end_too),
        TEST(what_cannot_be_a_helper_is_refused),
        TEST(components_and_helpers_are_no_more_than_start_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
