/* SPDX-License-Identifier: Apache-2.0
 *
 * test_hets.c - components of a heterogeneous job start and end together
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <string.h>

/* A job of two tasks, and beside it eight on n4. */
static uint32_t submit_two(struct party *client)
{
    static char n4[] = "n4";
    Berth__JobComponent component = BERTH__JOB_COMPONENT__INIT;
    Berth__JobComponent *components[] = {&component};
    Berth__JobSpec spec = spec_of(2);

    component.tasks = 8;
    component.nodelist = n4;
    spec.components = components;
    spec.n_components = 1;
    return client_submit(client, &spec, "");
}

static Berth__Envelope *take_launch(struct party *node)
{
    Berth__Envelope *launch = party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);

    party_answer(node, launch, 0, "");
    return launch;
}

static void components_start_together_and_know_each_other(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *nodes[2];
    uint32_t job, epoch = 1;
    cleanup(free_messagep) Berth__Envelope *lead = NULL;
    cleanup(free_messagep) Berth__Envelope *other = NULL;
    cleanup(free_messagep) Berth__Envelope *order = NULL;
    cleanup(freep) char *id = NULL;

    nodes[0] = node_up(cluster, "n1");
    job = submit_two(client);
    cluster_run_for(cluster, 50);
    /* There is room for the first, and not yet for the second. */
    assert_string_equal(state_of(cluster, job), "PENDING");
    nodes[1] = node_up(cluster, "n4");
    lead = take_launch(nodes[0]);
    other = take_launch(nodes[1]);
    id = xasprintf("SLURM_JOB_ID_HET_GROUP_1=%u", job + 1);
    assert_true(lead->launch_job->spec->script.len > 0);
    assert_int_equal(other->launch_job->spec->script.len, 0);
    assert_int_equal(other->launch_job->spec->het_leader, job);
    assert_true(has_env(lead->launch_job->spec, "SLURM_HET_SIZE=2"));
    assert_true(has_env(lead->launch_job->spec, id));
    assert_true(has_env(lead->launch_job->spec, "BERTH_JOB_NODELIST_HET_GROUP_1=n4"));
    node_started(nodes[0], job, epoch);
    node_started(nodes[1], job + 1, epoch);
    run_until_state(cluster, job + 1, JOB_RUNNING);
    node_ended(nodes[0], job, epoch, 0);
    order = party_expect(nodes[1], BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_int_equal(order->signal_job->job_id, job + 1);
    node_ended(nodes[1], job + 1, epoch, 0);
    run_until_state(cluster, job + 1, JOB_COMPLETED);
    assert_string_equal(state_of(cluster, job), "COMPLETED");
}

/* Also across a restart. */
static void the_end_of_one_that_waits_is_the_end_of_all(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    uint32_t job = submit_two(client);

    cluster_stop(cluster);
    cluster_start(cluster);
    client = party_connect(cluster);
    assert_string_equal(state_of(cluster, job + 1), "PENDING");
    free_message(client_control(client, BERTH__JOB_CONTROL__OP__CANCEL, job));
    assert_string_equal(state_of(cluster, job), "CANCELLED");
    assert_string_equal(state_of(cluster, job + 1), "CANCELLED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(components_start_together_and_know_each_other,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(the_end_of_one_that_waits_is_the_end_of_all,
                                        cluster_setup, cluster_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
