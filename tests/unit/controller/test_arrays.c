/* SPDX-License-Identifier: Apache-2.0
 *
 * test_arrays.c - elements begin one by one, end, are cancelled, survive restarts
 */
#include "fixture.h"

#include "base/mem.h"
#include "controller/arrays.h"
#include "wire/pack.h"

#include <errno.h>
#include <string.h>

static uint32_t submit_array(struct party *client, const char *indexes)
{
    cleanup(freep) char *text = xstrdup(indexes);
    Berth__JobSpec spec = spec_of(1);

    spec.array = text;
    return client_submit(client, &spec, "");
}

static uint32_t index_of(struct cluster *cluster, uint32_t job)
{
    const struct ctl_job *cj = jobs_find(cluster->ctl, job);

    assert_non_null(cj);
    return cj->job.record->array_task;
}

static const char *left_of(struct cluster *cluster, uint32_t array)
{
    return jobs_find(cluster->ctl, array)->job.record->array_left;
}

static int control(struct party *client, Berth__JobControl__Op op, uint32_t job,
                   const char *elements)
{
    cleanup(freep) char *text = xstrdup(elements);
    Berth__JobControl message = BERTH__JOB_CONTROL__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    message.op = op;
    message.ids = &job;
    message.n_ids = 1;
    message.elements = &text;
    message.n_elements = 1;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_CONTROL;
    env.job_control = &message;
    reply = party_call(client, &env);
    assert_int_equal(status_of(reply), 0);
    return reply->job_controlled->statuses[0]->code;
}

static void elements_begin_in_order_as_many_as_may_at_once(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t array = submit_array(client, "0-9:3%2"), epoch[4], job[4];
    uint64_t wait = client_wait(client, array, false);
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    job[0] = node_run_next(node, &epoch[0]);
    job[1] = node_run_next(node, &epoch[1]);
    assert_int_equal(index_of(cluster, job[0]), 0);
    assert_int_equal(index_of(cluster, job[1]), 3);
    assert_string_equal(left_of(cluster, array), "6-9:3%2");
    cluster_run_for(cluster, 50);
    assert_false(party_has(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB));
    node_ended(node, job[1], epoch[1], 0);
    job[2] = node_run_next(node, &epoch[2]);
    node_ended(node, job[0], epoch[0], 4);
    job[3] = node_run_next(node, &epoch[3]);
    assert_string_equal(state_of(cluster, array), "SPREAD");
    node_ended(node, job[2], epoch[2], 0);
    node_ended(node, job[3], epoch[3], 0);
    reply = party_reply(client, wait);
    assert_string_equal(reply->job_list->jobs[0]->state, "FAILED");
    assert_int_equal(reply->job_list->jobs[0]->record->exit_code, 4);
    assert_int_equal(reply->job_list->jobs[0]->record->array_failed, 1);
    assert_string_equal(state_of(cluster, job[3]), "COMPLETED");
}

static void an_element_is_told_who_it_is(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t array = submit_array(client, "5-9:2%1");
    cleanup(free_messagep) Berth__Envelope *launch =
        party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    const Berth__JobSpec *spec = launch->launch_job->spec;
    cleanup(freep) char *line = xasprintf("SLURM_ARRAY_JOB_ID=%u", array);
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    uint32_t index;

    assert_int_equal(spec->array_job, array);
    assert_int_equal(spec->array_task, 5);
    assert_true(has_env(spec, line));
    assert_true(has_env(spec, "SLURM_ARRAY_TASK_ID=5"));
    assert_true(has_env(spec, "SLURM_ARRAY_TASK_COUNT=3"));
    assert_true(has_env(spec, "SLURM_ARRAY_TASK_MIN=5"));
    assert_true(has_env(spec, "SLURM_ARRAY_TASK_MAX=9"));
    assert_true(has_env(spec, "BERTH_ARRAY_TASK_STEP=2"));
    assert_int_equal(grant_verify(launch->launch_job->grant, cluster->ctl->grant_public,
                                  "n1", controller_now(), &grant, &index, NULL),
                     0);
    assert_int_equal(grant_check_spec(grant, spec, NULL), 0);
}

static void elements_are_cancelled_singly_and_all(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t array = submit_array(client, "0-9%1"), epoch,
             job = node_run_next(node, &epoch);

    assert_int_equal(control(client, BERTH__JOB_CONTROL__OP__CANCEL, array, "2,4-5"),
                     0);
    assert_string_equal(left_of(cluster, array), "1,3,6-9%1");
    assert_int_equal(control(client, BERTH__JOB_CONTROL__OP__CANCEL, array, "4"),
                     EALREADY);
    assert_int_equal(control(client, BERTH__JOB_CONTROL__OP__CANCEL, array, "0"), 0);
    assert_string_equal(state_of(cluster, job), "COMPLETING");
    node_ended(node, job, epoch, 0);
    run_until_state(cluster, job, JOB_CANCELLED);
    job = node_run_next(node, &epoch);
    assert_int_equal(index_of(cluster, job), 1);
    assert_int_equal(control(client, BERTH__JOB_CONTROL__OP__CANCEL, array, ""), 0);
    assert_string_equal(state_of(cluster, array), "SPREAD");
    node_ended(node, job, epoch, 0);
    run_until_state(cluster, array, JOB_CANCELLED);
    assert_int_equal(control(client, BERTH__JOB_CONTROL__OP__CANCEL, array, ""),
                     EALREADY);
}

static void a_job_after_an_array_waits_for_all_of_it(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t array = submit_array(client, "1-2"), epoch[2], job[2], after, epoch_after;
    cleanup(freep) char *text = xasprintf("afterok:%u", array);
    Berth__JobSpec spec = spec_of(1);

    spec.dependency = text;
    after = client_submit(client, &spec, "");
    job[0] = node_run_next(node, &epoch[0]);
    job[1] = node_run_next(node, &epoch[1]);
    node_ended(node, job[0], epoch[0], 0);
    cluster_run_for(cluster, 50);
    assert_string_equal(state_of(cluster, after), "PENDING");
    node_ended(node, job[1], epoch[1], 0);
    assert_int_equal(node_accept_launch(node, &epoch_after), after);
    assert_string_equal(state_of(cluster, array), "COMPLETED");
}

/* A million elements that wait are one record and one spec. */
static void a_large_array_is_small(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster);
    uint32_t array = submit_array(client, "0-999999%50");
    const struct ctl_job *cj = jobs_find(cluster->ctl, array);

    assert_int_equal(cluster->ctl->n_jobs, 1);
    assert_int_equal(cj->array->left.n, 1);
    assert_true(berth__job_record__get_packed_size(cj->job.record) < 200);
    assert_int_equal(control(client, BERTH__JOB_CONTROL__OP__CANCEL, array, ""), 0);
    assert_string_equal(state_of(cluster, array), "CANCELLED");
    assert_int_equal(cluster->ctl->n_jobs, 1);
}

/* After each restart the node still runs what it ran; in the end each index has
 * begun exactly once. */
static void nothing_is_lost_or_begun_twice_across_restarts(void **state)
{
    struct cluster *cluster = *state;
    struct party *client = party_connect(cluster), *node = node_up(cluster, "n1");
    uint32_t array = submit_array(client, "0-11%3"), begun[12] = {0};
    struct running running[3];
    uint32_t n = 0;

    for (uint32_t done = 0; done < 12;) {
        while (n < 3 && done + n < 12) {
            running[n].lead = true;
            running[n].job = node_run_next(node, &running[n].epoch);
            begun[index_of(cluster, running[n].job)]++;
            run_until_state(cluster, running[n].job, JOB_RUNNING);
            n++;
        }
        node_ended(node, running[0].job, running[0].epoch, 0);
        run_until_state(cluster, running[0].job, JOB_COMPLETED);
        done++;
        memmove(&running[0], &running[1], sizeof(running[0]) * --n);
        if (done % 3 != 1)
            continue;
        cluster_stop(cluster);
        cluster_start(cluster);
        node = party_connect(cluster);
        free_message(node_register(node, "n1", "boot-1", running, n));
    }
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(begun[i], 1);
    assert_string_equal(state_of(cluster, array), "COMPLETED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(elements_begin_in_order_as_many_as_may_at_once,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(an_element_is_told_who_it_is, cluster_setup,
                                        cluster_teardown),
        cmocka_unit_test_setup_teardown(elements_are_cancelled_singly_and_all,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(a_job_after_an_array_waits_for_all_of_it,
                                        cluster_setup, cluster_teardown),
        cmocka_unit_test_setup_teardown(a_large_array_is_small, cluster_setup,
                                        cluster_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_lost_or_begun_twice_across_restarts,
                                        cluster_setup, cluster_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
