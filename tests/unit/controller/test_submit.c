/* SPDX-License-Identifier: Apache-2.0
 *
 * test_submit.c - what is accepted, completed, repeated and refused
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void assert_refused(struct party *client, Berth__JobSpec *spec,
                           const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        client_submit_reply(client, spec, "");

    assert_int_not_equal(status_of(reply), 0);
    assert_string_equal(words_of(reply), words);
}

static void a_repeated_key_gives_the_same_job_also_after_a_restart(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "key-1");

    assert_int_equal(client_submit(client, &spec, "key-1"), job);
    assert_int_equal(client_submit(client, &spec, "key-2"), job + 1);
    assert_int_equal(client_submit(client, &spec, ""), job + 2);
    assert_int_equal(client_submit(client, &spec, ""), job + 3);
    cluster_stop(cluster);
    cluster_start(cluster);
    client = party_connect(cluster);
    assert_int_equal(client_submit(client, &spec, "key-1"), job);
    assert_int_equal(client_submit(client, &spec, ""), job + 4);
}

static void what_is_left_open_is_completed(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    const Berth__JobSpec *stored;
    uint32_t job = client_submit(client, &spec, "");

    stored = jobs_find(cluster->ctl, job)->job.spec;
    assert_string_equal(stored->partition, "main");
    assert_int_equal(stored->time_limit, 600);
    assert_int_equal(stored->cpus_per_task, 1);
}

static void more_nodes_than_tasks_is_taken_with_a_warning(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(2);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    spec.nodes_min = 4;
    reply = client_submit_reply(client, &spec, "");
    assert_int_equal(reply->submitted->n_warnings, 1);
    assert_string_equal(reply->submitted->warnings[0],
                        "can't run 2 tasks on 4 nodes, setting --nodes to 2");
}

static void what_cannot_be_done_yet_is_warned_of(void **state)
{
    static char rack[] = "rack1";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    spec.prefer = rack;
    spec.mem_all = true;
    reply = client_submit_reply(client, &spec, "");
    assert_int_equal(reply->submitted->n_warnings, 1);
    assert_string_equal(reply->submitted->warnings[0],
                        "--mem=0 is accepted but not honoured yet; --prefer is "
                        "accepted but not honoured yet");
}

static void refusals_name_the_option_and_the_nearest_choice(void **state)
{
    static char mian[] = "mian", gpu[] = "gpu", bad_nodes[] = "n[1-9]";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);

    spec.partition = mian;
    assert_refused(client, &spec,
                   "--partition=mian: Invalid partition name specified; did you mean "
                   "'main'?");
    spec.partition = gpu;
    assert_refused(client, &spec,
                   "--partition=gpu: Invalid partition name specified; there is main, "
                   "small");
    spec = spec_of(1);
    spec.time_limit = 2 * 3600;
    assert_refused(client, &spec,
                   "--time=02:00:00: partition 'main' allows at most 01:00:00 "
                   "(Requested time limit is invalid)");
    spec.time_limit = -1;
    assert_refused(client, &spec,
                   "--time=UNLIMITED: partition 'main' allows at most 01:00:00 "
                   "(Requested time limit is invalid)");
    spec = spec_of(1);
    spec.nodelist = bad_nodes;
    assert_refused(client, &spec,
                   "--nodelist=n[1-9]: Invalid node name specified: 'n5'");
    spec = spec_of(1);
    spec.script.len = 0;
    assert_refused(client, &spec, "Batch script is empty!");
    assert_int_equal(cluster->ctl->n_jobs, 0);
}

static void what_could_never_run_is_refused(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(0);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    spec.nodes_min = 5;
    reply = client_submit_reply(client, &spec, "");
    assert_int_equal(status_of(reply), EINVAL);
    assert_non_null(strstr(words_of(reply), "--nodes=5"));
    assert_int_equal(cluster->ctl->n_jobs, 0);
}

static void a_full_table_refuses_and_makes_room_of_ended_jobs(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);

    cluster->config->controller.max_jobs = 2;
    assert_int_equal(client_submit(client, &spec, ""), 1);
    assert_int_equal(client_submit(client, &spec, ""), 2);
    assert_refused(client, &spec,
                   "the queue is full: 2 jobs wait or run (controller.max_jobs); try "
                   "again later");
    free_message(client_control(client, BERTH__JOB_CONTROL__OP__CANCEL, 2));
    assert_int_equal(client_submit(client, &spec, ""), 3);
    assert_string_equal(state_of(cluster, 2), "GONE");
}

static void ids_are_not_used_again_when_their_jobs_are_purged(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);

    cluster->config->controller.keep_ended = 0;
    assert_int_equal(client_submit(client, &spec, "k"), 1);
    free_message(client_control(client, BERTH__JOB_CONTROL__OP__CANCEL, 1));
    cluster_run_for(cluster, 2500);
    assert_string_equal(state_of(cluster, 1), "GONE");
    cluster_stop(cluster);
    cluster_start(cluster);
    client = party_connect(cluster);
    assert_int_equal(client_submit(client, &spec, "k"), 2);
}

static void a_list_shows_what_is_asked_for(void **state)
{
    static char pending[] = "PD", wrong[] = "pendng";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    Berth__JobQuery query;
    Berth__Envelope env = BERTH__ENVELOPE__INIT, *reply;
    char *states[] = {pending};

    (void)client_submit(client, &spec, "");
    (void)client_submit(client, &spec, "");
    free_message(client_control(client, BERTH__JOB_CONTROL__OP__CANCEL, 1));
    berth__job_query__init(&query);
    env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
    env.job_query = &query;

    reply = party_call(client, &env);
    assert_int_equal(reply->job_list->n_jobs, 1);
    assert_int_equal(reply->job_list->jobs[0]->record->id, 2);
    assert_int_equal(reply->job_list->jobs[0]->spec->script.len, 0);
    free_message(reply);

    query.all = true;
    reply = party_call(client, &env);
    assert_int_equal(reply->job_list->n_jobs, 2);
    free_message(reply);

    query.states = states;
    query.n_states = 1;
    reply = party_call(client, &env);
    assert_int_equal(reply->job_list->n_jobs, 1);
    free_message(reply);

    states[0] = wrong;
    reply = party_call(client, &env);
    assert_string_equal(words_of(reply),
                        "'pendng' is not a job state; did you mean 'PENDING'?");
    free_message(reply);
}

static void the_script_of_an_ended_job_is_read_from_the_store(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "");
    cleanup(free_messagep) Berth__Envelope *pending = client_show(client, job);
    cleanup(free_messagep) Berth__Envelope *ended = NULL;

    free_message(client_control(client, BERTH__JOB_CONTROL__OP__CANCEL, job));
    assert_int_equal(jobs_find(cluster->ctl, job)->job.spec->script.len, 0);
    ended = client_show(client, job);
    assert_int_equal(pending->job_list->jobs[0]->spec->script.len, spec.script.len);
    assert_int_equal(ended->job_list->jobs[0]->spec->script.len, spec.script.len);
}

static void an_unknown_message_is_answered_with_enosys(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__AllocationRelease release = BERTH__ALLOCATION_RELEASE__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    env.body_case = BERTH__ENVELOPE__BODY_RELEASE;
    env.release = &release;
    reply = party_call(client, &env);
    assert_int_equal(status_of(reply), ENOSYS);
}

static void ping_counts_jobs_and_nodes(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__Ping ping = BERTH__PING__INIT;
    Berth__JobSpec spec = spec_of(1);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    (void)client_submit(client, &spec, "");
    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    reply = party_call(client, &env);
    assert_string_equal(reply->pong->cluster, "test");
    assert_int_equal(reply->pong->jobs_pending, 1);
    assert_int_equal(reply->pong->nodes_total, NODES);
    assert_int_equal(reply->pong->nodes_up, 0);
}

int main(void)
{
#define WITH_CLUSTER(test) \
    cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(a_repeated_key_gives_the_same_job_also_after_a_restart),
        WITH_CLUSTER(what_is_left_open_is_completed),
        WITH_CLUSTER(more_nodes_than_tasks_is_taken_with_a_warning),
        WITH_CLUSTER(what_cannot_be_done_yet_is_warned_of),
        WITH_CLUSTER(refusals_name_the_option_and_the_nearest_choice),
        WITH_CLUSTER(what_could_never_run_is_refused),
        WITH_CLUSTER(a_full_table_refuses_and_makes_room_of_ended_jobs),
        WITH_CLUSTER(ids_are_not_used_again_when_their_jobs_are_purged),
        WITH_CLUSTER(a_list_shows_what_is_asked_for),
        WITH_CLUSTER(the_script_of_an_ended_job_is_read_from_the_store),
        WITH_CLUSTER(an_unknown_message_is_answered_with_enosys),
        WITH_CLUSTER(ping_counts_jobs_and_nodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
