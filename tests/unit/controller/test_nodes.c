/* SPDX-License-Identifier: Apache-2.0
 *
 * test_nodes.c - nodes that come, go, restart and disagree
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <string.h>

static Berth__Envelope *show_nodes(struct party *client, char *name)
{
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (name) {
        query.names = &name;
        query.n_names = 1;
    }
    env.body_case = BERTH__ENVELOPE__BODY_NODE_QUERY;
    env.node_query = &query;
    return party_call(client, &env);
}

static void topology_is_asked_for_once_for_each_hardware(void **state)
{
    struct cluster *cluster = *state;
    struct party *first = party_connect(cluster), *second;
    cleanup(free_messagep) Berth__Envelope *a =
        node_register(first, "n1", "boot-1", NULL, 0);
    cleanup(free_messagep) Berth__Envelope *b = NULL;

    assert_true(a->registered->want_topology);
    assert_int_equal(a->registered->grant_key.len, GRANT_PUBLIC_KEY_BYTES);
    assert_int_equal(a->registered->heartbeat_seconds, 1);
    second = node_up(cluster, "n2");
    free_message(node_register(first, "n1", "boot-1", NULL, 0));
    b = node_register(second, "n2", "boot-1", NULL, 0);
    assert_false(b->registered->want_topology);
}

static void nodes_are_shown_with_hardware_use_and_jobs(void **state)
{
    static char n1[] = "n1";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);
    cleanup(free_messagep) Berth__Envelope *all = show_nodes(client, NULL);
    cleanup(free_messagep) Berth__Envelope *one = show_nodes(client, n1);
    const Berth__NodeInfo *info = one->node_list->nodes[0];

    assert_int_equal(all->node_list->n_nodes, NODES);
    assert_string_equal(all->node_list->nodes[1]->state, "UNKNOWN");
    assert_string_equal(info->state, "MIXED");
    assert_int_equal(info->cores, 8);
    assert_int_equal(info->cores_used, 1);
    assert_int_equal(info->memory, 1000);
    assert_int_equal(info->port, 7000);
    assert_int_equal(info->n_jobs, 1);
    assert_int_equal(info->jobs[0], job);
    assert_string_equal(info->partitions[0], "main");
    assert_int_equal(all->node_list->nodes[3]->n_partitions, 2);
}

static void a_node_that_is_not_in_the_configuration_is_refused(void **state)
{
    struct cluster *cluster = *state;
    struct party *party = party_connect(cluster);
    cleanup(free_messagep) Berth__Envelope *reply =
        node_register(party, "n9", "boot-1", NULL, 0);

    assert_int_equal(status_of(reply), ENOENT);
    assert_string_equal(words_of(reply), "node 'n9' is not part of cluster 'test'");
}

static void an_unregistered_peer_may_not_report_jobs(void **state)
{
    struct cluster *cluster = *state;
    struct party *party = party_connect(cluster);
    Berth__JobStarted started = BERTH__JOB_STARTED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_STARTED;
    env.job_started = &started;
    reply = party_call(party, &env);
    assert_int_equal(status_of(reply), EPERM);
}

static void a_node_that_does_not_lead_a_job_may_not_end_it(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);
    struct party *other = node_up(cluster, "n2");
    Berth__JobEnded ended;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    berth__job_ended__init(&ended);
    ended.job_id = job;
    ended.epoch = epoch;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_ENDED;
    env.job_ended = &ended;
    reply = party_call(other, &env);
    assert_int_equal(status_of(reply), EPERM);
    assert_string_equal(state_of(cluster, job), "RUNNING");
}

static void a_closed_connection_alone_loses_no_job(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);

    party_close(node);
    cluster_run_for(cluster, 500);
    assert_string_equal(state_of(cluster, job), "RUNNING");
    node = party_connect(cluster);
    free_message(
        node_register(node, "n1", "boot-1", &(struct running){job, epoch, true}, 1));
    assert_string_equal(state_of(cluster, job), "RUNNING");
    /* Silent again, but registered since: it is lost by its heartbeat. */
    cluster->config->node.lost_after = 2;
    run_until_state(cluster, job, JOB_NODE_FAIL);
}

static void a_lost_node_fails_its_jobs_and_stops_them_when_it_returns(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);
    uint64_t wait = client_wait(client, job, false);
    cleanup(free_messagep) Berth__Envelope *ended = NULL;
    cleanup(free_messagep) Berth__Envelope *registered = NULL;

    cluster->config->node.lost_after = 2;
    party_close(node);
    ended = party_reply(client, wait);
    assert_string_equal(ended->job_list->jobs[0]->state, "NODE_FAIL");
    assert_string_equal(ended->job_list->jobs[0]->record->state_words,
                        "node n1 was lost");
    node = party_connect(cluster);
    registered =
        node_register(node, "n1", "boot-1", &(struct running){job, epoch, true}, 1);
    assert_int_equal(registered->registered->n_stop, 1);
    assert_int_equal(registered->registered->stop[0]->job_id, job);
}

static void heartbeats_keep_a_node_up(void **state)
{
    struct cluster *cluster = *state;
    struct party *node = node_up(cluster, "n1");
    Berth__Heartbeat beat = BERTH__HEARTBEAT__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    /* Longer than a busy machine may keep us from the next one. */
    cluster->config->node.lost_after = 6;
    beat.load = 1.5;
    env.body_case = BERTH__ENVELOPE__BODY_HEARTBEAT;
    env.heartbeat = &beat;
    for (int i = 0; i < 15; i++) {
        channel_send(node->ch, &env);
        cluster_run_for(cluster, 500);
    }
    assert_true(nodes_is_up(nodes_find(cluster->ctl, "n1")));
    assert_true(nodes_find(cluster->ctl, "n1")->load > 1);
    assert_false(nodes_is_up(nodes_find(cluster->ctl, "n2")));
}

static void a_restarted_node_has_lost_its_jobs(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);

    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-2", NULL, 0));
    assert_string_equal(state_of(cluster, job), "NODE_FAIL");
    assert_string_equal(jobs_find(cluster->ctl, job)->job.record->state_words,
                        "node n1 was restarted");
    sched_check_invariants(cluster->ctl->sched);
}

static void a_new_connection_of_a_node_replaces_the_old_one(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node;
    Berth__JobSpec spec = spec_of(1);
    uint32_t job;

    (void)node_up(cluster, "n1");
    node = party_connect(cluster);
    free_message(node_register(node, "n1", "boot-1", NULL, 0));
    cluster_run_for(cluster, 50);
    assert_true(nodes_is_up(nodes_find(cluster->ctl, "n1")));
    job = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(node, NULL), job);
}

static void jobs_of_several_nodes_are_led_by_the_first(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    struct party *nodes[] = {node_up(cluster, "n1"), node_up(cluster, "n2")};
    Berth__JobSpec spec = spec_of(0);
    cleanup(free_messagep) Berth__Envelope *shown = NULL;
    uint32_t job;

    spec.nodes_min = 2;
    job = client_submit(client, &spec, "");
    run_until_state(cluster, job, JOB_STARTING);
    cluster_run_for(cluster, 50);
    assert_int_equal(party_has(nodes[0], BERTH__ENVELOPE__BODY_LAUNCH_JOB) +
                         party_has(nodes[1], BERTH__ENVELOPE__BODY_LAUNCH_JOB),
                     1);
    shown = client_show(client, job);
    assert_string_equal(shown->job_list->jobs[0]->nodes, "n[1-2]");
    assert_int_equal(shown->job_list->jobs[0]->record->placement->n_shares, 2);
}

int main(void)
{
#define WITH_CLUSTER(test) \
    cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(topology_is_asked_for_once_for_each_hardware),
        WITH_CLUSTER(nodes_are_shown_with_hardware_use_and_jobs),
        WITH_CLUSTER(a_node_that_is_not_in_the_configuration_is_refused),
        WITH_CLUSTER(an_unregistered_peer_may_not_report_jobs),
        WITH_CLUSTER(a_node_that_does_not_lead_a_job_may_not_end_it),
        WITH_CLUSTER(a_closed_connection_alone_loses_no_job),
        WITH_CLUSTER(a_lost_node_fails_its_jobs_and_stops_them_when_it_returns),
        WITH_CLUSTER(heartbeats_keep_a_node_up),
        WITH_CLUSTER(a_restarted_node_has_lost_its_jobs),
        WITH_CLUSTER(a_new_connection_of_a_node_replaces_the_old_one),
        WITH_CLUSTER(jobs_of_several_nodes_are_led_by_the_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
