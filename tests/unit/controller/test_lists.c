/* SPDX-License-Identifier: Apache-2.0
 *
 * test_lists.c - lists of jobs and nodes in pages
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

static Berth__Envelope *list_jobs(struct party *client, Berth__JobQuery *query)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
    env.job_query = query;
    return party_call(client, &env);
}

static uint32_t id_at(const Berth__Envelope *reply, size_t at)
{
    return reply->job_list->jobs[at]->record->id;
}

static void a_limit_cuts_the_list_and_says_what_there_is(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    cleanup(free_messagep) Berth__Envelope *first = NULL, *second = NULL;
    uint32_t ids[3];

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        ids[i] = client_submit(client, &spec, "");
    query.limit = 2;
    first = list_jobs(client, &query);
    assert_int_equal(first->job_list->n_jobs, 2);
    assert_int_equal(id_at(first, 1), ids[1]);
    assert_int_equal(first->job_list->total, 3);
    assert_true(first->job_list->more);
    query.after = id_at(first, 1);
    second = list_jobs(client, &query);
    assert_int_equal(second->job_list->n_jobs, 1);
    assert_int_equal(id_at(second, 0), ids[2]);
    assert_false(second->job_list->more);
}

static void a_cut_list_can_begin_with_jobs_that_run(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node;
    Berth__JobSpec held = spec_of(1), spec = spec_of(1);
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    cleanup(free_messagep) Berth__Envelope *cut = NULL, *whole = NULL;
    uint32_t first, second, epoch;

    held.hold = true;
    first = client_submit(client, &held, "");
    second = client_submit(client, &spec, "");
    node = node_up(cluster, "n1");
    assert_int_equal(node_accept_launch(node, &epoch), second);
    query.active_first = true;
    query.limit = 1;
    cut = list_jobs(client, &query);
    assert_int_equal(cut->job_list->n_jobs, 1);
    assert_int_equal(id_at(cut, 0), second);
    /* When all fit there is nothing to prefer. */
    query.limit = 2;
    whole = list_jobs(client, &query);
    assert_int_equal(whole->job_list->n_jobs, 2);
    assert_int_equal(id_at(whole, 0), first);
}

static void a_list_is_of_one_user_and_one_partition(void **state)
{
    static char nobody[] = "nobody-of-that-name", main_partition[] = "main";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    cleanup(free_messagep) Berth__Envelope *none = NULL, *all = NULL;

    (void)client_submit(client, &spec, "");
    query.partition = main_partition;
    all = list_jobs(client, &query);
    assert_int_equal(all->job_list->total, 1);
    query.user = nobody;
    none = list_jobs(client, &query);
    assert_int_equal(none->job_list->n_jobs, 0);
    assert_int_equal(none->job_list->total, 0);
}

static void a_list_of_nodes_goes_on_where_the_last_one_ended(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *rest = NULL, *none = NULL;

    env.body_case = BERTH__ENVELOPE__BODY_NODE_QUERY;
    env.node_query = &query;
    query.skip = 3;
    rest = party_call(client, &env);
    assert_int_equal(rest->node_list->n_nodes, NODES - 3);
    assert_string_equal(rest->node_list->nodes[0]->name, "n4");
    assert_false(rest->node_list->more);
    query.skip = 300;
    none = party_call(client, &env);
    assert_int_equal(none->node_list->n_nodes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_limit_cuts_the_list_and_says_what_there_is,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(a_cut_list_can_begin_with_jobs_that_run,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(a_list_is_of_one_user_and_one_partition,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(
            a_list_of_nodes_goes_on_where_the_last_one_ended, cluster_setup,
            cluster_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
