/* SPDX-License-Identifier: Apache-2.0
 *
 * test_life.c - jobs from submission to exit code, with restarts in between
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <string.h>

static void a_job_is_submitted_launched_and_waited_for(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(2);
    uint32_t job = client_submit(client, &spec, ""), epoch;
    uint64_t started = client_wait(client, job, true);
    uint64_t ended = client_wait(client, job, false);
    cleanup(free_messagep) Berth__Envelope *start_reply = NULL;
    cleanup(free_messagep) Berth__Envelope *end_reply = NULL;

    assert_int_equal(node_accept_launch(node, &epoch), job);
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    node_started(node, job, epoch);
    start_reply = party_reply(client, started);
    assert_string_equal(start_reply->job_list->jobs[0]->state, "RUNNING");
    assert_string_equal(start_reply->job_list->jobs[0]->nodes, "n1");
    assert_int_equal(start_reply->job_list->jobs[0]->cpus, 2);
    node_ended(node, job, epoch, 3);
    end_reply = party_reply(client, ended);
    assert_string_equal(end_reply->job_list->jobs[0]->state, "FAILED");
    assert_int_equal(end_reply->job_list->jobs[0]->record->exit_code, 3);
}

static void a_wait_for_an_ended_job_is_answered_at_once(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "");
    cleanup(free_messagep) Berth__Envelope *control =
        client_control(client, BERTH__JOB_CONTROL__OP__CANCEL, job);
    cleanup(free_messagep) Berth__Envelope *reply =
        party_reply(client, client_wait(client, job, false));

    assert_string_equal(reply->job_list->jobs[0]->state, "CANCELLED");
}

static void a_grant_names_owner_nodes_and_spec_and_is_signed(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(2);
    cleanup(free_messagep) Berth__Envelope *launch = NULL;
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    struct err err = {0};
    uint32_t index = 99;

    (void)client_submit(client, &spec, "");
    launch = party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    assert_int_equal(grant_verify(launch->launch_job->grant, cluster->ctl->grant_public,
                                  "n1", controller_now(), &grant, &index, &err),
                     0);
    assert_int_equal(index, 0);
    assert_int_equal(grant_check_spec(grant, launch->launch_job->spec, &err), 0);
    assert_int_equal(grant->uid, getuid());
    assert_int_equal(grant->placement->n_shares, 1);
    assert_int_equal(grant->placement->shares[0]->port, 7000);
    assert_int_equal(grant->placement->shares[0]->n_task_cores, 2);
    assert_true(grant->expires_at > controller_now() + 600);
}

static void a_launch_that_fails_is_tried_three_times_then_fails_the_job(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "");

    for (uint32_t epoch = 1; epoch <= 3; epoch++) {
        cleanup(free_messagep) Berth__Envelope *launch =
            party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);

        party_answer(node, launch, ENOMEM, "no memory for a shepherd");
        if (epoch < 3)
            run_until_state(cluster, job, JOB_PENDING);
    }
    run_until_state(cluster, job, JOB_FAILED);
    assert_int_equal(jobs_find(cluster->ctl, job)->job.record->epoch, 3);
    assert_string_equal(jobs_find(cluster->ctl, job)->job.record->state_words,
                        "node n1: no memory for a shepherd");
}

static void an_end_before_the_start_fails_the_job_with_words(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, ""), epoch;
    static char words[] = "image hpcc: not in the store";
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__JobEnded ended;

    (void)node_accept_launch(node, &epoch);
    berth__job_ended__init(&ended);
    ended.job_id = job;
    ended.epoch = epoch;
    ended.launch_failed = true;
    ended.words = words;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_ENDED;
    env.job_ended = &ended;
    reply = party_call(node, &env);
    assert_int_equal(status_of(reply), 0);
    assert_string_equal(state_of(cluster, job), "FAILED");
    assert_string_equal(jobs_find(cluster->ctl, job)->job.record->state_words, words);
    assert_int_equal(jobs_find(cluster->ctl, job)->job.record->exit_code, 1);
}

static void a_restart_keeps_pending_and_running_jobs(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec whole = spec_of(8), small = spec_of(1);
    uint32_t running = client_submit(client, &whole, ""), epoch, pending;
    uint8_t key[GRANT_PUBLIC_KEY_BYTES];

    (void)node_accept_launch(node, &epoch);
    node_started(node, running, epoch);
    pending = client_submit(client, &small, "");
    memcpy(key, cluster->ctl->grant_public, sizeof(key));
    cluster_stop(cluster);
    cluster_start(cluster);
    assert_string_equal(state_of(cluster, running), "RUNNING");
    assert_string_equal(state_of(cluster, pending), "PENDING");
    assert_memory_equal(cluster->ctl->grant_public, key, sizeof(key));
    sched_check_invariants(cluster->ctl->sched);

    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1",
                               &(struct running){running, epoch, true}, 1));
    /* All cores are still the running job's. */
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    node_ended(node, running, epoch, 0);
    assert_string_equal(state_of(cluster, running), "COMPLETED");
    assert_int_equal(node_accept_launch(node, NULL), pending);

    client = party_connect(cluster);
    assert_int_equal(client_submit(client, &small, ""), pending + 1);
}

static void an_end_that_came_while_we_were_away_arrives_later(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, ""), epoch;

    (void)node_accept_launch(node, &epoch);
    node_started(node, job, epoch);
    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1", NULL, 0));
    assert_string_equal(state_of(cluster, job), "RUNNING");
    node_ended(node, job, epoch, 7);
    assert_string_equal(state_of(cluster, job), "FAILED");
    assert_int_equal(jobs_find(cluster->ctl, job)->job.record->exit_code, 7);
}

static void a_launch_is_repeated_with_the_same_epoch_after_a_restart(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, ""), first, again;

    (void)node_accept_launch(node, &first);
    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1", NULL, 0));
    assert_int_equal(node_accept_launch(node, &again), job);
    assert_int_equal(again, first);
}

static void a_repeated_end_is_answered_and_changes_nothing(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, ""), epoch;

    (void)node_accept_launch(node, &epoch);
    node_ended(node, job, epoch, 0);
    node_ended(node, job, epoch, 9);
    node_ended(node, 4711, 1, 9);
    assert_string_equal(state_of(cluster, job), "COMPLETED");
    assert_int_equal(jobs_find(cluster->ctl, job)->job.record->exit_code, 0);
}

static void a_report_of_an_older_epoch_changes_nothing(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, ""), epoch;
    cleanup(free_messagep) Berth__Envelope *launch =
        party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);

    party_answer(node, launch, EAGAIN, "busy");
    (void)node_accept_launch(node, &epoch);
    assert_int_equal(epoch, 2);
    node_ended(node, job, 1, 9);
    assert_string_equal(state_of(cluster, job), "CONFIGURING");
    node_started(node, job, epoch);
    assert_string_equal(state_of(cluster, job), "RUNNING");
}

static void a_job_with_a_begin_time_starts_then(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    int64_t begin = controller_now() + 2;
    cleanup(free_messagep) Berth__Envelope *shown = NULL;
    uint32_t job;

    spec.begin_time = begin;
    job = client_submit(client, &spec, "");
    cluster_run_for(cluster, 100);
    shown = client_show(client, job);
    assert_string_equal(shown->job_list->jobs[0]->reason, "BeginTime");
    assert_int_equal(node_accept_launch(node, NULL), job);
    assert_true(controller_now() >= begin);
}

static void a_job_far_past_its_limit_is_ended_and_then_given_up(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, ""), epoch;
    cleanup(free_messagep) Berth__Envelope *order = NULL;
    Berth__JobRecord *record;

    (void)node_accept_launch(node, &epoch);
    node_started(node, job, epoch);
    record = jobs_find(cluster->ctl, job)->job.record;
    /* Limit 600 s, grace 1 s, slack 60 s. */
    record->start_time -= 655;
    cluster_run_for(cluster, 1500);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
    record->start_time -= 10;
    order = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_string_equal(order->signal_job->why, "time limit");
    record->start_time -= 65;
    run_until_state(cluster, job, JOB_NODE_FAIL);
    assert_string_equal(record->state_words,
                        "its node did not end it at its time limit");
}

int main(void)
{
#define WITH_CLUSTER(test) \
    cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(a_job_is_submitted_launched_and_waited_for),
        WITH_CLUSTER(a_wait_for_an_ended_job_is_answered_at_once),
        WITH_CLUSTER(a_grant_names_owner_nodes_and_spec_and_is_signed),
        WITH_CLUSTER(a_launch_that_fails_is_tried_three_times_then_fails_the_job),
        WITH_CLUSTER(an_end_before_the_start_fails_the_job_with_words),
        WITH_CLUSTER(a_restart_keeps_pending_and_running_jobs),
        WITH_CLUSTER(an_end_that_came_while_we_were_away_arrives_later),
        WITH_CLUSTER(a_launch_is_repeated_with_the_same_epoch_after_a_restart),
        WITH_CLUSTER(a_repeated_end_is_answered_and_changes_nothing),
        WITH_CLUSTER(a_report_of_an_older_epoch_changes_nothing),
        WITH_CLUSTER(a_job_with_a_begin_time_starts_then),
        WITH_CLUSTER(a_job_far_past_its_limit_is_ended_and_then_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
