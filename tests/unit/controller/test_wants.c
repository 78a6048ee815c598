/* SPDX-License-Identifier: Apache-2.0
 *
 * test_wants.c - what jobs ask beyond cores is asked of the scheduler, and kept
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <string.h>

/* n4 is "fast"; there are three licences of "solver". */
static struct cluster *furnished(void **state)
{
    struct cluster *cluster = *state;

    cluster_stop(cluster);
    str_replace(&cluster->config->nodes[3].features, "big,fast");
    str_replace(&cluster->config->licences, "solver:3");
    cluster_start(cluster);
    return cluster;
}

static void all_up(struct cluster *cluster, struct party **nodes)
{
    static const char *const names[] = {"n1", "n2", "n3", "n4"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        nodes[i] = node_up(cluster, names[i]);
}

static const char *reason_of(struct party *client, uint32_t job)
{
    static char reason[64];
    cleanup(free_messagep) Berth__Envelope *reply = client_show(client, job);

    (void)snprintf(reason, sizeof(reason), "%s", reply->job_list->jobs[0]->reason);
    return reason;
}

static void assert_refused(struct party *client, Berth__JobSpec *spec,
                           const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        client_submit_reply(client, spec, "");

    assert_int_not_equal(status_of(reply), 0);
    if (!strstr(words_of(reply), words))
        fail_msg("'%s' is not in '%s'", words, words_of(reply));
}

static void a_constraint_leads_to_the_node_that_has_it(void **state)
{
    static char fast[] = "fast", slow[] = "slow";
    struct cluster *cluster = furnished(state);
    struct party *client = party_connect(cluster), *nodes[NODES];
    Berth__JobSpec spec = spec_of(1);
    uint32_t epoch, job;

    all_up(cluster, nodes);
    spec.constraint = fast;
    job = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(nodes[3], &epoch), job);
    spec.constraint = slow;
    assert_refused(client, &spec, "--constraint=slow");
}

static void licences_are_held_and_given_back(void **state)
{
    static char two[] = "solver:2", five[] = "solver:5", none[] = "solvr";
    struct cluster *cluster = furnished(state);
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t first, second, epoch;

    spec.licences = two;
    first = client_submit(client, &spec, "");
    second = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(node, &epoch), first);
    node_started(node, first, epoch);
    run_until_state(cluster, first, JOB_RUNNING);
    assert_string_equal(reason_of(client, second), "Licenses");
    node_ended(node, first, epoch, 0);
    assert_int_equal(node_accept_launch(node, &epoch), second);
    spec.licences = five;
    assert_refused(client, &spec, "there are 3");
    spec.licences = none;
    assert_refused(client, &spec, "did you mean solver");
}

/* Also across a restart: who waits for whom is told anew. */
static void a_chain_of_afterok_starts_link_by_link(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t first = client_submit(client, &spec, ""), epoch, second, third;
    cleanup(freep) char *after_first = xasprintf("afterok:%u", first);
    cleanup(freep) char *after_second = NULL;

    spec.dependency = after_first;
    second = client_submit(client, &spec, "");
    after_second = xasprintf("afterok:%u", second);
    spec.dependency = after_second;
    third = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(node, &epoch), first);
    assert_string_equal(reason_of(client, second), "Dependency");
    node_ended(node, first, epoch, 0);
    assert_int_equal(node_accept_launch(node, &epoch), second);
    node_started(node, second, epoch);
    run_until_state(cluster, second, JOB_RUNNING);

    cluster_stop(cluster);
    cluster_start(cluster);
    client = party_connect(cluster);
    node = node_up(cluster, "n1");
    assert_string_equal(reason_of(client, third), "Dependency");
    node_ended(node, second, epoch, 0);
    assert_int_equal(node_accept_launch(node, &epoch), third);
}

static void what_can_never_start_stays_or_goes_as_it_asks(void **state)
{
    static char yes[] = "yes";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t first = client_submit(client, &spec, ""), epoch, stays, goes;
    cleanup(freep) char *after = xasprintf("afterok:%u", first);

    spec.dependency = after;
    stays = client_submit(client, &spec, "");
    spec.kill_on_invalid_dep = yes;
    goes = client_submit(client, &spec, "");
    assert_int_equal(node_accept_launch(node, &epoch), first);
    node_ended(node, first, epoch, 1);
    run_until_state(cluster, goes, JOB_CANCELLED);
    assert_string_equal(state_of(cluster, stays), "PENDING");
    assert_string_equal(reason_of(client, stays), "DependencyNeverSatisfied");
}

static void a_job_begins_at_its_time_without_further_events(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    Berth__JobSpec spec = spec_of(1);
    uint32_t job, epoch;

    spec.begin_time = controller_now() + 2;
    job = client_submit(client, &spec, "");
    cluster_run_for(cluster, 100);
    assert_string_equal(reason_of(client, job), "BeginTime");
    assert_int_equal(node_accept_launch(node, &epoch), job);
    assert_true(controller_now() >= spec.begin_time);
}

static void gpus_decide_tasks_and_cores(void **state)
{
    static char eight[] = "8", three[] = "3", two[] = "2";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *nodes[NODES];
    Berth__JobSpec spec = spec_of(0);

    /* The nodes have none. */
    all_up(cluster, nodes);
    spec.gpus_per_node = two;
    assert_refused(client, &spec,
                   "--gres=gpu:2: no node in partition main has more than 0");
    spec = spec_of(0);
    spec.gpus = eight;
    spec.gpus_per_task = three;
    assert_refused(client, &spec, "--gpus=8: cannot be divided by --gpus-per-task=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_constraint_leads_to_the_node_that_has_it,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(licences_are_held_and_given_back, cluster_setup,
                                        cluster_teardown),
        cmocka_unit_test_setup_teardown(a_chain_of_afterok_starts_link_by_link,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(what_can_never_start_stays_or_goes_as_it_asks,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(a_job_begins_at_its_time_without_further_events,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(gpus_decide_tasks_and_cores, cluster_setup,
                                        cluster_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
