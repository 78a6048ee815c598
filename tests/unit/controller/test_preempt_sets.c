/* SPDX-License-Identifier: Apache-2.0
 *
 * test_preempt_sets.c - jobs of several parts make room as a whole, and come back whole
 */
#include "preempt_calls.h"

#include "base/mem.h"
#include "controller/objects/objects.h"
#include "controller/reconcile.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define POD                                                        \
    "apiVersion: v1\nkind: Pod\nmetadata: {name: my-db}\nspec:\n"  \
    "  terminationGracePeriodSeconds: 7\n  restartPolicy: Never\n" \
    "  containers:\n  - name: c\n    image: debian:12\n"           \
    "    resources: {requests: {cpu: 1, memory: 10Mi}}\n"
#define PREEMPTED BERTH__SIGNAL_JOB__CAUSE__PREEMPTED

/* All of n4. */
static uint32_t submit_urgent(struct party *client)
{
    static char small[] = "small";
    Berth__JobSpec spec = spec_of(8);

    spec.partition = small;
    return client_submit(client, &spec, "");
}

/* One task on n1, and beside it all of n4. */
static uint32_t submit_two(struct party *client)
{
    static char n1[] = "n1", n4[] = "n4";
    Berth__JobComponent component = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent *components[] = {&component};
    Berth__JobSpec spec = spec_of(1);

    spec.nodelist = n1;
    component.tasks = 8;
    component.nodelist = n4;
    spec.components = components;
    spec.n_components = 1;
    return client_submit(client, &spec, "");
}

/* A script that takes seven cores, and its pod the eighth. */
static uint32_t submit_helped(struct party *client)
{
    static char n4[] = "n4", name[] = "my-db", pod[] = POD;
    Berth__PodHelper helper = BERTH__POD_HELPER__INIT;
    Berth__PodHelper *helpers[] = {&helper};
    Berth__PodWish wish = BERTH__POD_WISH__INIT;
    Berth__JobSpec spec = spec_of(7);

    helper.name = name;
    helper.manifest.data = (uint8_t *)pod;
    helper.manifest.len = strlen(pod);
    wish.helpers = helpers;
    wish.n_helpers = 1;
    spec.pod = &wish;
    spec.nodelist = n4;
    return client_submit(client, &spec, "");
}

static void run_next(struct party *node, uint32_t job, uint32_t epoch)
{
    uint32_t launched_epoch;

    assert_int_equal(node_accept_launch(node, &launched_epoch), job);
    assert_int_equal(launched_epoch, epoch);
    node_started(node, job, epoch);
}

static void tell_ready(struct party *node, uint32_t job, uint32_t epoch)
{
    static char running[] = "Running";
    Berth__PodStatus status = BERTH__POD_STATUS__INIT;
    Berth__PodChanged changed = BERTH__POD_CHANGED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    status.phase = running;
    status.ready = true;
    changed.job_id = job;
    changed.epoch = epoch;
    changed.seq = 1;
    changed.status = &status;
    env.body_case = BERTH__ENVELOPE__BODY_POD_CHANGED;
    env.pod_changed = &changed;
    free_message(party_call(node, &env));
}

/* The pod runs and is ready, then the script runs. */
static void run_helped(struct party *node, uint32_t job, uint32_t epoch)
{
    run_next(node, job + 1, epoch);
    tell_ready(node, job + 1, epoch);
    run_next(node, job, epoch);
}

static void assert_asked_to_go(struct party *node, uint32_t job, uint32_t by,
                               uint32_t grace)
{
    cleanup(freep) char *words = xasprintf("preempted by job %u", by);
    cleanup(free_messagep) Berth__Envelope *order =
        party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);

    assert_int_equal(order->signal_job->job_id, job);
    assert_int_equal(order->signal_job->cause, PREEMPTED);
    assert_int_equal(order->signal_job->grace, grace);
    assert_string_equal(order->signal_job->why, words);
    party_answer(node, order, 0, "");
}

static const char *pod_disruption(struct cluster *cluster, uint32_t job)
{
    char space[32], name[32];

    (void)snprintf(space, sizeof(space), "default:%u", getuid());
    (void)snprintf(name, sizeof(name), "my-db-%u", job);
    return objects_find(cluster->ctl, space, "Pod", name)->record->pod->disruption;
}

/* ------------------------------------------------------------------ components */

static void components_leave_together_and_start_together(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_REQUEUE);
    struct party *client = party_connect(cluster);
    struct party *n1 = node_up(cluster, "n1"), *n4 = node_up(cluster, "n4");
    uint32_t job = submit_two(client), high;

    run_next(n1, job, 1);
    run_next(n4, job + 1, 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    high = submit_urgent(client);
    assert_asked_to_go(n1, job, high, 1);
    assert_asked_to_go(n4, job + 1, high, 1);
    node_ended(n4, job + 1, 1, 143);
    run_until_state(cluster, job + 1, JOB_PENDING);
    assert_string_equal(state_of(cluster, job), "COMPLETING");
    run_next(n4, high, 1);
    node_ended(n1, job, 1, 143);
    run_until_state(cluster, job, JOB_PENDING);
    node_ended(n4, high, 1, 0);
    run_next(n1, job, 2);
    run_next(n4, job + 1, 2);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    assert_int_equal(jobs_find(cluster->ctl, job)->job.record->restarts, 1);
}

static void components_end_together(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_CANCEL);
    struct party *client = party_connect(cluster);
    struct party *n1 = node_up(cluster, "n1"), *n4 = node_up(cluster, "n4");
    uint32_t job = submit_two(client), high;

    run_next(n1, job, 1);
    run_next(n4, job + 1, 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    high = submit_urgent(client);
    assert_asked_to_go(n1, job, high, 1);
    assert_asked_to_go(n4, job + 1, high, 1);
    node_ended(n1, job, 1, 143);
    node_ended(n4, job + 1, 1, 143);
    run_until_state(cluster, job, JOB_PREEMPTED);
    run_until_state(cluster, job + 1, JOB_PREEMPTED);
    run_next(n4, high, 1);
}

/* By its number or by that of a component. */
static void all_are_queued_again_by_order(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    struct party *n1 = node_up(cluster, "n1"), *n4 = node_up(cluster, "n4");
    uint32_t job = submit_two(client);

    for (uint32_t epoch = 1; epoch <= 2; epoch++) {
        run_next(n1, job, epoch);
        run_next(n4, job + 1, epoch);
        run_until_state(cluster, job + 1, JOB_RUNNING);
        free_message(
            client_control(client, BERTH__JOB_CONTROL__OP__REQUEUE, job + epoch - 1));
        assert_ordered(n1, job, 0);
        node_ended(n1, job, epoch, 143);
        assert_ordered(n4, job + 1, 0);
        node_ended(n4, job + 1, epoch, 143);
    }
    run_next(n1, job, 3);
    run_next(n4, job + 1, 3);
}

/* ------------------------------------------------------------------ helper pods */

static void a_helper_leaves_behind_its_job_and_comes_back_before_it(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_REQUEUE);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_helped(client), high;

    run_helped(node, job, 1);
    run_until_state(cluster, job, JOB_RUNNING);
    high = submit_urgent(client);
    assert_asked_to_go(node, job, high, 1);
    /* The script may need it still. */
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
    assert_string_equal(state_of(cluster, job + 1), "RUNNING");
    node_ended(node, job, 1, 143);
    assert_asked_to_go(node, job + 1, high, 7);
    assert_string_equal(state_of(cluster, job), "PENDING");
    node_ended(node, job + 1, 1, 143);
    run_next(node, high, 1);
    assert_string_equal(state_of(cluster, job + 1), "PENDING");
    node_ended(node, high, 1, 0);
    run_helped(node, job, 2);
    run_until_state(cluster, job, JOB_RUNNING);
}

/* Also when the controller is another one meanwhile. */
static void a_helper_is_preempted_with_its_job(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_CANCEL);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_helped(client), high;
    struct running running[2];

    run_helped(node, job, 1);
    run_until_state(cluster, job, JOB_RUNNING);
    high = submit_urgent(client);
    assert_asked_to_go(node, job, high, 1);
    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    running[0] = (struct running){.job = job, .epoch = 1, .lead = true};
    running[1] = (struct running){.job = job + 1, .epoch = 1, .lead = true};
    free_message(node_register(node, "n4", "boot-1", running, 2));
    assert_ordered(node, job, 0);
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
    node_ended(node, job, 1, 143);
    run_until_state(cluster, job, JOB_PREEMPTED);
    assert_asked_to_go(node, job + 1, high, 7);
    node_ended(node, job + 1, 1, 143);
    run_until_state(cluster, job + 1, JOB_PREEMPTED);
    assert_string_equal(pod_disruption(cluster, job), "PreemptionByScheduler");
    run_next(node, high, 1);
}

/* A script that waits for its pod has nothing to say goodbye to. */
static void a_script_that_was_not_launched_makes_room_too(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_REQUEUE);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_helped(client), high;
    cleanup(free_messagep) Berth__Envelope *order = NULL;

    run_next(node, job + 1, 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    high = submit_urgent(client);
    order = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_int_equal(order->signal_job->job_id, job);
    party_answer(node, order, ESRCH, "no such job");
    assert_asked_to_go(node, job + 1, high, 7);
    node_ended(node, job + 1, 1, 143);
    run_next(node, high, 1);
    node_ended(node, high, 1, 0);
    run_helped(node, job, 2);
}

/* ------------------------------------------------------------------ stopping */

static void what_is_stopped_while_it_starts_is_stopped_then(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_SUSPEND);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    static char n4[] = "n4";
    Berth__JobSpec spec = spec_of(8);
    uint32_t job, high, epoch;

    spec.nodelist = n4;
    job = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(node, &epoch), job);
    high = submit_urgent(client);
    run_next(node, high, 1);
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    node_started(node, job, 1);
    assert_ordered(node, job, SIGSTOP);
    assert_string_equal(state_of(cluster, job), "SUSPENDED");
    node_ended(node, high, 1, 0);
    assert_ordered(node, job, SIGCONT);
    assert_string_equal(state_of(cluster, job), "RUNNING");
}

/* A restart meets the job that was stopped and the one that has its cores. */
static struct party *restart(struct cluster *cluster, uint32_t pod, uint32_t high)
{
    struct running running[] = {{.job = pod, .epoch = 1, .lead = true},
                                {.job = high, .epoch = 1, .lead = true}};
    struct party *node;

    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    free_message(node_register(node, "n4", "boot-1", running, 2));
    assert_string_equal(state_of(cluster, high), "RUNNING");
    return node;
}

/* Its pod is stopped, and it waits for that. */
static void a_restart_does_not_forget_that_a_script_was_stopped(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_SUSPEND);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_helped(client), high;
    struct sched_id id;

    run_next(node, job + 1, 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    high = submit_urgent(client);
    assert_ordered(node, job + 1, SIGSTOP);
    run_next(node, high, 1);
    run_until_state(cluster, high, JOB_RUNNING);
    node = restart(cluster, job + 1, high);
    assert_ordered(node, job + 1, SIGSTOP);
    id = jobs_sched_id(jobs_find(cluster->ctl, job));
    assert_true(sched_is_stopped(cluster->ctl->sched, id));
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    tell_ready(node, job + 1, 1);
    node_ended(node, high, 1, 0);
    assert_ordered(node, job + 1, SIGCONT);
    run_next(node, job, 1);
    run_until_state(cluster, job, JOB_RUNNING);
    assert_true(jobs_find(cluster->ctl, job)->job.record->suspended_for > 0);
    assert_false(sched_is_stopped(cluster->ctl->sched, id));
}

/* It is told as it is being stopped. */
static void that_a_stopped_pod_is_ready_counts_when_it_goes_on(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_SUSPEND);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_helped(client), high;

    run_next(node, job + 1, 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    high = submit_urgent(client);
    assert_ordered(node, job + 1, SIGSTOP);
    run_next(node, high, 1);
    tell_ready(node, job + 1, 1);
    cluster_run_for(cluster, 20);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    node_ended(node, high, 1, 0);
    assert_ordered(node, job + 1, SIGCONT);
    run_next(node, job, 1);
    run_until_state(cluster, job, JOB_RUNNING);
}

static void time_that_stands_still_is_no_wait_for_helpers(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_SUSPEND);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_helped(client), high;

    cluster->config->pods.helper_wait = 100;
    run_next(node, job + 1, 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    high = submit_urgent(client);
    assert_ordered(node, job + 1, SIGSTOP);
    run_next(node, high, 1);
    jobs_find(cluster->ctl, job)->job.record->start_time -= 1000;
    jobs_find(cluster->ctl, job + 1)->job.record->suspended_at -= 950;
    reconcile_tick(cluster->ctl, controller_now());
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    node_ended(node, high, 1, 0);
    assert_ordered(node, job + 1, SIGCONT);
    reconcile_tick(cluster->ctl, controller_now());
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    cluster->config->pods.helper_wait = 10;
    reconcile_tick(cluster->ctl, controller_now());
    assert_string_equal(state_of(cluster, job), "FAILED");
}

/* Of ten minutes it had used the first before it was stopped. */
static void time_that_stands_still_is_none_of_the_scripts_limit(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_SUSPEND);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_helped(client), high;
    Berth__JobRecord *record = jobs_find(cluster->ctl, job)->job.record;
    cleanup(free_messagep) Berth__Envelope *launch = NULL;
    int64_t limit;

    record->time_given = 600;
    run_next(node, job + 1, 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    high = submit_urgent(client);
    assert_ordered(node, job + 1, SIGSTOP);
    run_next(node, high, 1);
    tell_ready(node, job + 1, 1);
    record->start_time -= 7260;
    record->suspended_at -= 7200;
    jobs_find(cluster->ctl, job + 1)->job.record->suspended_at -= 7200;
    node_ended(node, high, 1, 0);
    assert_ordered(node, job + 1, SIGCONT);
    launch = party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    limit = launch->launch_job->spec->time_limit;
    assert_true(limit <= 540 && limit > 440);
    party_answer(node, launch, 0, "");
    node_started(node, job, 1);
    run_until_state(cluster, job, JOB_RUNNING);
    reconcile_tick(cluster->ctl, controller_now());
    cluster_run_for(cluster, 20);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cluster_setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(components_leave_together_and_start_together),
        TEST(components_end_together),
        TEST(all_are_queued_again_by_order),
        TEST(a_helper_leaves_behind_its_job_and_comes_back_before_it),
        TEST(a_helper_is_preempted_with_its_job),
        TEST(a_script_that_was_not_launched_makes_room_too),
        TEST(what_is_stopped_while_it_starts_is_stopped_then),
        TEST(that_a_stopped_pod_is_ready_counts_when_it_goes_on),
        TEST(a_restart_does_not_forget_that_a_script_was_stopped),
        TEST(time_that_stands_still_is_no_wait_for_helpers),
        TEST(time_that_stands_still_is_none_of_the_scripts_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
