/* SPDX-License-Identifier: Apache-2.0
 *
 * test_new_limit.c - limits that are lowered while their jobs run are kept
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/reconcile.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static int update_time(struct party *client, uint32_t job, const char *text)
{
    Berth__Setting setting = BERTH__SETTING__INIT, *settings[] = {&setting};
    Berth__JobUpdate update = BERTH__JOB_UPDATE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    setting.name = (char[]){"time"};
    setting.text = (char *)(uintptr_t)text;
    update.ids = &job;
    update.n_ids = 1;
    update.settings = settings;
    update.n_settings = 1;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_UPDATE;
    env.job_update = &update;
    reply = party_call(client, &env);
    return reply->job_controlled->statuses[0]->code;
}

static Berth__JobRecord *record_of(struct cluster *cluster, uint32_t job)
{
    return jobs_find(cluster->ctl, job)->job.record;
}

static void tick(struct cluster *cluster)
{
    reconcile_tick(cluster->ctl, controller_now());
}

static void assert_ordered(struct party *node, uint32_t job, int signal,
                           Berth__SignalJob__Scope scope)
{
    cleanup(free_messagep) Berth__Envelope *order =
        party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);

    assert_int_equal(order->signal_job->job_id, job);
    assert_int_equal(order->signal_job->signal, signal);
    assert_int_equal(order->signal_job->scope, scope);
    if (signal == 0)
        assert_string_equal(order->signal_job->why, "time limit");
    party_answer(node, order, 0, "");
}

static void assert_nothing_ordered(struct cluster *cluster, struct party *node)
{
    tick(cluster);
    cluster_run_for(cluster, 20);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB));
}

/* Has a limit of ten minutes, and wants a warning a minute before. */
static uint32_t run_warned(struct party *client, struct party *node,
                           uint32_t *ret_epoch)
{
    Berth__JobSpec spec = spec_of(1);
    uint32_t job;

    spec.signal = SIGUSR1;
    spec.signal_before = 60;
    job = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(node, ret_epoch), job);
    node_started(node, job, *ret_epoch);
    run_until_state(client->cluster, job, JOB_RUNNING);
    return job;
}

static void a_lowered_limit_is_warned_of_and_kept(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = run_warned(client, node, &epoch);

    assert_int_equal(update_time(client, job, "20:00"), EPERM);
    assert_int_equal(update_time(client, job, "5:00"), 0);
    assert_nothing_ordered(cluster, node);
    record_of(cluster, job)->start_time -= 240;
    tick(cluster);
    assert_ordered(node, job, SIGUSR1, BERTH__SIGNAL_JOB__SCOPE__STEPS);
    assert_nothing_ordered(cluster, node);
    record_of(cluster, job)->start_time -= 60;
    tick(cluster);
    assert_ordered(node, job, 0, BERTH__SIGNAL_JOB__SCOPE__ALL);
    assert_nothing_ordered(cluster, node);
    node_ended(node, job, epoch, 143);
    run_until_state(cluster, job, JOB_TIMEOUT);
}

static void one_that_its_lead_warned_is_not_warned_again(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = run_warned(client, node, &epoch);

    record_of(cluster, job)->start_time -= 570;
    assert_int_equal(update_time(client, job, "9:45"), 0);
    assert_nothing_ordered(cluster, node);
    assert_int_equal(update_time(client, job, "1:00"), 0);
    tick(cluster);
    assert_ordered(node, job, 0, BERTH__SIGNAL_JOB__SCOPE__ALL);
}

static void a_lowered_limit_is_kept_after_a_restart(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = run_warned(client, node, &epoch);
    struct running running = {.job = job, .epoch = epoch, .lead = true};

    assert_int_equal(update_time(client, job, "5:00"), 0);
    cluster_stop(cluster);
    cluster_start(cluster);
    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1", &running, 1));
    assert_nothing_ordered(cluster, node);
    record_of(cluster, job)->start_time -= 240;
    tick(cluster);
    assert_ordered(node, job, SIGUSR1, BERTH__SIGNAL_JOB__SCOPE__STEPS);
    record_of(cluster, job)->start_time -= 60;
    tick(cluster);
    assert_ordered(node, job, 0, BERTH__SIGNAL_JOB__SCOPE__ALL);
    node_ended(node, job, epoch, 143);
    run_until_state(cluster, job, JOB_TIMEOUT);
}

static void a_warning_that_its_node_was_away_for_is_sent_when_it_is_back(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = run_warned(client, node, &epoch);
    struct running running = {.job = job, .epoch = epoch, .lead = true};

    assert_int_equal(update_time(client, job, "5:00"), 0);
    party_close(node);
    cluster_run_for(cluster, 50);
    record_of(cluster, job)->start_time -= 240;
    tick(cluster);
    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1", &running, 1));
    tick(cluster);
    assert_ordered(node, job, SIGUSR1, BERTH__SIGNAL_JOB__SCOPE__STEPS);
    assert_nothing_ordered(cluster, node);
}

/* Those that have theirs from the start are kept by their leads. */
static void the_limits_of_others_are_left_to_their_leads(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = run_warned(client, node, &epoch);

    record_of(cluster, job)->start_time -= 610;
    assert_nothing_ordered(cluster, node);
}

static void components_have_one_limit(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobComponent component = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent *components[] = {&component};
    Berth__JobSpec spec = spec_of(1);
    uint32_t job, epoch;

    component.tasks = 1;
    spec.components = components;
    spec.n_components = 1;
    job = client_submit(client, &spec, "");
    for (uint32_t i = 0; i < 2; i++)
        node_started(node, node_accept_launch(node, &epoch), 1);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    assert_int_equal(update_time(client, job, "5:00"), 0);
    assert_int_equal(job_time_limit(&jobs_find(cluster->ctl, job + 1)->job), 300);
    assert_int_equal(update_time(client, job + 1, "2:00"), 0);
    assert_int_equal(job_time_limit(&jobs_find(cluster->ctl, job)->job), 120);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, cluster_setup, cluster_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lowered_limit_is_warned_of_and_kept),
        TEST(one_that_its_lead_warned_is_not_warned_again),
        TEST(a_lowered_limit_is_kept_after_a_restart),
        TEST(a_warning_that_its_node_was_away_for_is_sent_when_it_is_back),
        TEST(the_limits_of_others_are_left_to_their_leads),
        TEST(components_have_one_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
