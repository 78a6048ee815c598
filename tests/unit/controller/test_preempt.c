/* SPDX-License-Identifier: Apache-2.0
 *
 * test_preempt.c - jobs make room for others, and come back
 */
#include "preempt_calls.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* All of n4. */
static uint32_t submit_to(struct party *client, const char *partition)
{
    cleanup(freep) char *name = xstrdup(partition);
    static char n4[] = "n4";
    Berth__JobSpec spec = spec_of(8);

    spec.partition = name;
    spec.nodelist = n4;
    return client_submit(client, &spec, "");
}

/* To end, and this is why. */
static void assert_asked_to_end(struct party *node, uint32_t job,
                                Berth__SignalJob__Cause cause)
{
    cleanup(free_messagep) Berth__Envelope *order =
        party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);

    assert_int_equal(order->signal_job->job_id, job);
    assert_int_equal(order->signal_job->signal, 0);
    assert_int_equal(order->signal_job->cause, cause);
    party_answer(node, order, 0, "");
}

static void a_job_is_queued_again_and_runs_after_the_other(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_REQUEUE);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t low = submit_to(client, "main"), high, epoch, high_epoch;

    assert_int_equal(node_run_next(node, &epoch), low);
    run_until_state(cluster, low, JOB_RUNNING);
    high = submit_to(client, "small");
    assert_asked_to_end(node, low, BERTH__SIGNAL_JOB__CAUSE__PREEMPTED);
    assert_string_equal(state_of(cluster, low), "COMPLETING");
    node_ended(node, low, epoch, 0);
    assert_int_equal(node_run_next(node, &high_epoch), high);
    assert_string_equal(state_of(cluster, low), "PENDING");
    assert_int_equal(jobs_find(cluster->ctl, low)->job.record->restarts, 1);
    node_ended(node, high, high_epoch, 0);
    assert_int_equal(node_run_next(node, &epoch), low);
    assert_int_equal(epoch, 2);
}

static void a_job_is_ended_and_says_for_whom(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_CANCEL);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t low = submit_to(client, "main"), high, epoch, high_epoch;
    cleanup(freep) char *words = NULL;

    assert_int_equal(node_run_next(node, &epoch), low);
    run_until_state(cluster, low, JOB_RUNNING);
    high = submit_to(client, "small");
    words = xasprintf("preempted by job %u", high);
    assert_asked_to_end(node, low, BERTH__SIGNAL_JOB__CAUSE__PREEMPTED);
    /* What was to come is on disk. */
    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    free_message(
        node_register(node, "n4", "boot-1",
                      &(struct running){.job = low, .epoch = epoch, .lead = true}, 1));
    node_ended(node, low, epoch, 0);
    run_until_state(cluster, low, JOB_PREEMPTED);
    assert_string_equal(jobs_find(cluster->ctl, low)->job.record->state_words, words);
    assert_int_equal(node_run_next(node, &high_epoch), high);
}

static void a_job_is_stopped_and_goes_on_also_after_a_restart(void **state)
{
    struct cluster *cluster = with_preemption(state, CONFIG_MODE_SUSPEND);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t low = submit_to(client, "main"), high, epoch, high_epoch;
    struct running running[2];

    assert_int_equal(node_run_next(node, &epoch), low);
    run_until_state(cluster, low, JOB_RUNNING);
    high = submit_to(client, "small");
    assert_ordered(node, low, SIGSTOP);
    assert_int_equal(node_run_next(node, &high_epoch), high);
    run_until_state(cluster, high, JOB_RUNNING);
    assert_string_equal(state_of(cluster, low), "SUSPENDED");

    cluster_stop(cluster);
    cluster_start(cluster);
    assert_string_equal(state_of(cluster, low), "SUSPENDED");
    assert_string_equal(state_of(cluster, high), "RUNNING");
    node = party_connect(cluster);
    running[0] = (struct running){.job = low, .epoch = epoch, .lead = true};
    running[1] = (struct running){.job = high, .epoch = high_epoch, .lead = true};
    free_message(node_register(node, "n4", "boot-1", running, 2));
    assert_ordered(node, low, SIGSTOP);
    /* So that it was stopped for some time. */
    jobs_find(cluster->ctl, low)->job.record->suspended_at -= 5;
    node_ended(node, high, high_epoch, 0);
    assert_ordered(node, low, SIGCONT);
    assert_string_equal(state_of(cluster, low), "RUNNING");
    assert_true(jobs_find(cluster->ctl, low)->job.record->suspended_for >= 5);
    node_ended(node, low, epoch, 0);
    run_until_state(cluster, low, JOB_COMPLETED);
}

static int order(struct party *client, Berth__JobControl__Op op, uint32_t job)
{
    cleanup(free_messagep) Berth__Envelope *reply = client_control(client, op, job);

    return reply->job_controlled->statuses[0]->code;
}

static void a_job_is_suspended_by_order_until_it_is_resumed(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n4");
    uint32_t job = submit_to(client, "main"), other, epoch, other_epoch;
    struct running running;

    assert_int_equal(order(client, BERTH__JOB_CONTROL__OP__RESUME, job), EINVAL);
    assert_int_equal(node_run_next(node, &epoch), job);
    run_until_state(cluster, job, JOB_RUNNING);
    assert_int_equal(order(client, BERTH__JOB_CONTROL__OP__SUSPEND, job), 0);
    assert_ordered(node, job, SIGSTOP);
    assert_string_equal(state_of(cluster, job), "SUSPENDED");
    assert_int_equal(strncmp(jobs_find(cluster->ctl, job)->job.record->state_words,
                             "suspended by", 12),
                     0);
    /* Others have its cores, and give them back: it stays where it is, also after a
     * restart. */
    other = submit_to(client, "main");
    assert_int_equal(node_run_next(node, &other_epoch), other);
    node_ended(node, other, other_epoch, 0);
    run_until_state(cluster, other, JOB_COMPLETED);
    cluster_stop(cluster);
    cluster_start(cluster);
    client = party_connect(cluster);
    node = party_connect(cluster);
    running = (struct running){.job = job, .epoch = epoch, .lead = true};
    free_message(node_register(node, "n4", "boot-1", &running, 1));
    assert_ordered(node, job, SIGSTOP);
    assert_string_equal(state_of(cluster, job), "SUSPENDED");
    assert_int_equal(order(client, BERTH__JOB_CONTROL__OP__RESUME, job), 0);
    assert_ordered(node, job, SIGCONT);
    assert_string_equal(state_of(cluster, job), "RUNNING");
    assert_string_equal(jobs_find(cluster->ctl, job)->job.record->state_words, "");
    assert_int_equal(order(client, BERTH__JOB_CONTROL__OP__RESUME, job), EINVAL);
    node_ended(node, job, epoch, 0);
    run_until_state(cluster, job, JOB_COMPLETED);
}

static void a_running_job_is_queued_again_by_order(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, ""), epoch;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    assert_int_equal(node_run_next(node, &epoch), job);
    run_until_state(cluster, job, JOB_RUNNING);
    reply = client_control(client, BERTH__JOB_CONTROL__OP__REQUEUE, job);
    assert_int_equal(reply->job_controlled->statuses[0]->code, 0);
    assert_asked_to_end(node, job, BERTH__SIGNAL_JOB__CAUSE__ASKED);
    node_ended(node, job, epoch, 143);
    assert_int_equal(node_run_next(node, &epoch), job);
    assert_int_equal(epoch, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_job_is_queued_again_and_runs_after_the_other,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(a_job_is_ended_and_says_for_whom, cluster_setup,
                                        cluster_teardown),
        cmocka_unit_test_setup_teardown(
            a_job_is_stopped_and_goes_on_also_after_a_restart, cluster_setup,
            cluster_teardown),
        cmocka_unit_test_setup_teardown(a_job_is_suspended_by_order_until_it_is_resumed,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(a_running_job_is_queued_again_by_order,
                                        cluster_setup, cluster_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
