/* SPDX-License-Identifier: Apache-2.0
 *
 * test_control.c - cancel, hold, release, signal, and who may
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CANCEL BERTH__JOB_CONTROL__OP__CANCEL
#define HOLD BERTH__JOB_CONTROL__OP__HOLD
#define RELEASE BERTH__JOB_CONTROL__OP__RELEASE
#define SIGNAL BERTH__JOB_CONTROL__OP__SIGNAL
#define NOBODY 65534

static void assert_controlled(struct party *client, Berth__JobControl__Op op,
                              uint32_t job, int code, const char *words)
{
    cleanup(free_messagep) Berth__Envelope *reply = client_control(client, op, job);

    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_JOB_CONTROLLED);
    assert_int_equal(reply->job_controlled->n_statuses, 1);
    assert_string_equal(reply->job_controlled->statuses[0]->text, words);
    assert_int_equal(reply->job_controlled->statuses[0]->code, code);
}

static void a_pending_job_is_cancelled_at_once(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "");
    cleanup(freep) char *again = xasprintf("job %u has ended already (CANCELLED)", job);

    assert_controlled(client, CANCEL, job, 0, "");
    assert_string_equal(state_of(cluster, job), "CANCELLED");
    assert_controlled(client, CANCEL, job, EALREADY, again);
    assert_controlled(client, CANCEL, 99, ESRCH, "Invalid job id specified: 99");
}

static void a_running_job_is_cancelled_through_its_node(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);
    cleanup(free_messagep) Berth__Envelope *order = NULL;

    assert_controlled(client, CANCEL, job, 0, "");
    assert_string_equal(state_of(cluster, job), "COMPLETING");
    order = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_int_equal(order->signal_job->job_id, job);
    assert_int_equal(order->signal_job->epoch, epoch);
    assert_int_equal(order->signal_job->signal, 0);
    assert_int_equal(order->signal_job->grace, 1);
    assert_string_equal(order->signal_job->why, "cancelled");
    party_answer(node, order, 0, "");
    node_ended(node, job, epoch, 0);
    assert_string_equal(state_of(cluster, job), "CANCELLED");
}

static void a_cancelled_job_that_its_node_does_not_know_is_over(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);
    cleanup(free_messagep) Berth__Envelope *order = NULL;

    assert_controlled(client, CANCEL, job, 0, "");
    order = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    party_answer(node, order, ESRCH, "the job does not run here");
    run_until_state(cluster, job, JOB_CANCELLED);
}

static void a_cancel_is_repeated_when_the_node_comes_back(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);
    cleanup(free_messagep) Berth__Envelope *order = NULL;

    party_close(node);
    cluster_run_for(cluster, 50);
    assert_controlled(client, CANCEL, job, 0, "");
    assert_string_equal(state_of(cluster, job), "COMPLETING");
    node = party_connect(cluster);
    free_message(
        node_register(node, "n1", "boot-1", &(struct running){job, epoch, true}, 1));
    order = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_int_equal(order->signal_job->job_id, job);
}

static void a_held_job_waits_until_it_is_released(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "");
    cleanup(free_messagep) Berth__Envelope *shown = NULL;
    struct party *node;

    assert_controlled(client, HOLD, job, 0, "");
    node = node_up(cluster, "n1");
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    shown = client_show(client, job);
    assert_string_equal(shown->job_list->jobs[0]->reason, "JobHeldUser");
    assert_true(shown->job_list->jobs[0]->record->held);
    assert_controlled(client, RELEASE, job, 0, "");
    assert_int_equal(node_accept_launch(node, NULL), job);
}

static void a_hold_survives_a_restart(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t job;
    struct party *node;

    spec.hold = true;
    job = client_submit(client, &spec, "");
    cluster_stop(cluster);
    cluster_start(cluster);
    node = node_up(cluster, "n1");
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    client = party_connect(cluster);
    assert_controlled(client, RELEASE, job, 0, "");
    assert_int_equal(node_accept_launch(node, NULL), job);
}

static void a_signal_goes_to_running_jobs_only(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t epoch, job = client_run_job(client, node, &epoch);
    Berth__JobSpec spec = spec_of(1);
    cleanup(free_messagep) Berth__Envelope *order = NULL;
    uint32_t held;

    assert_controlled(client, SIGNAL, job, 0, "");
    order = party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    assert_int_equal(order->signal_job->signal, 10);
    assert_string_equal(state_of(cluster, job), "RUNNING");
    spec.hold = true;
    held = client_submit(client, &spec, "");
    assert_int_equal(held, 2);
    assert_controlled(client, SIGNAL, held, EINVAL,
                      "job 2 is PENDING: only a running job takes a signal");
    assert_controlled(client, HOLD, job, EINVAL,
                      "job 1 is RUNNING: only a pending job can be held");
}

static void jobs_are_chosen_by_name_and_state(void **state)
{
    static char name_a[] = "a", name_b[] = "b";
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec a = spec_of(1), b = spec_of(1);
    Berth__JobControl control;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    uint32_t kept, gone;

    a.name = name_a;
    b.name = name_b;
    kept = client_submit(client, &a, "");
    gone = client_submit(client, &b, "");
    berth__job_control__init(&control);
    control.op = CANCEL;
    control.name = name_b;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_CONTROL;
    env.job_control = &control;
    reply = party_call(client, &env);
    assert_int_equal(reply->job_controlled->n_ids, 1);
    assert_int_equal(reply->job_controlled->ids[0], gone);
    assert_string_equal(state_of(cluster, gone), "CANCELLED");
    assert_string_equal(state_of(cluster, kept), "PENDING");
}

static void an_order_that_names_nothing_is_refused(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobControl control;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    berth__job_control__init(&control);
    control.op = CANCEL;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_CONTROL;
    env.job_control = &control;
    reply = party_call(client, &env);
    assert_string_equal(words_of(reply), "no job was named");
}

static void another_user_may_neither_cancel_nor_read_the_script(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "");
    Berth__JobControl control;
    Berth__JobQuery query;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (getuid() != 0) {
        print_message("only root can act as another user\n");
        skip();
    }
    berth__job_control__init(&control);
    control.op = CANCEL;
    control.ids = &job;
    control.n_ids = 1;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_CONTROL;
    env.job_control = &control;
    assert_int_equal(other_user_call(cluster, NOBODY, &env), EPERM);
    assert_string_equal(state_of(cluster, job), "PENDING");
    berth__job_query__init(&query);
    query.ids = &job;
    query.n_ids = 1;
    query.with_spec = true;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
    env.job_query = &query;
    assert_int_equal(other_user_call(cluster, NOBODY, &env), ENODATA);
}

static void another_user_may_not_speak_for_a_node(void **state)
{
    struct cluster *cluster = *state;
    static char name[] = "n1";
    Berth__Register reg;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (getuid() != 0) {
        print_message("only root can act as another user\n");
        skip();
    }
    berth__register__init(&reg);
    reg.name = name;
    reg.topology_hash = cluster->topo->hash;
    env.body_case = BERTH__ENVELOPE__BODY_REGISTER;
    env.register_ = &reg;
    assert_int_equal(other_user_call(cluster, NOBODY, &env), EPERM);
}

static void the_owner_comes_from_the_connection_not_from_the_spec(void **state)
{
    struct cluster *cluster = *state;
    Berth__JobSpec spec = spec_of(1);
    Berth__SubmitRequest request;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    static char root[] = "root";
    const struct ctl_job *cj;

    if (getuid() != 0) {
        print_message("only root can act as another user\n");
        skip();
    }
    berth__submit_request__init(&request);
    spec.uid = 0;
    spec.user = root;
    request.spec = &spec;
    env.body_case = BERTH__ENVELOPE__BODY_SUBMIT;
    env.submit = &request;
    assert_int_equal(other_user_call(cluster, NOBODY, &env), 0);
    cj = jobs_find(cluster->ctl, 1);
    assert_int_equal(cj->job.spec->uid, NOBODY);
    assert_string_equal(cj->job.spec->user, "nobody");
    spec.nice = -5;
    assert_int_equal(other_user_call(cluster, NOBODY, &env), EPERM);
}

int main(void)
{
#define WITH_CLUSTER(test) \
    cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CLUSTER(a_pending_job_is_cancelled_at_once),
        WITH_CLUSTER(a_running_job_is_cancelled_through_its_node),
        WITH_CLUSTER(a_cancelled_job_that_its_node_does_not_know_is_over),
        WITH_CLUSTER(a_cancel_is_repeated_when_the_node_comes_back),
        WITH_CLUSTER(a_held_job_waits_until_it_is_released),
        WITH_CLUSTER(a_hold_survives_a_restart),
        WITH_CLUSTER(a_signal_goes_to_running_jobs_only),
        WITH_CLUSTER(jobs_are_chosen_by_name_and_state),
        WITH_CLUSTER(an_order_that_names_nothing_is_refused),
        WITH_CLUSTER(another_user_may_neither_cancel_nor_read_the_script),
        WITH_CLUSTER(another_user_may_not_speak_for_a_node),
        WITH_CLUSTER(the_owner_comes_from_the_connection_not_from_the_spec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
