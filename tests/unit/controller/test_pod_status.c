/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_status.c - phase and reason of a pod by how its job ends, as a table
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "controller/pods/pod_status.h"
#include "wire/pack.h"

static const struct row {
    enum job_state state;
    const char *told; /* the phase that the lead told last; NULL: nothing */
    bool deleted;
    const char *phase, *reason, *disruption;
} rows[] = {
    {JOB_STARTING, NULL, false, "Pending", "", ""},
    {JOB_PENDING, "Running", false, "Pending", "", ""},
    {JOB_COMPLETED, "Running", false, "Succeeded", "", ""},
    {JOB_COMPLETED, NULL, false, "Succeeded", "", ""},
    {JOB_FAILED, "Running", false, "Failed", "", ""},
    {JOB_FAILED, "Failed", false, "Failed", "", ""},
    {JOB_TIMEOUT, "Running", false, "Failed", "DeadlineExceeded", ""},
    {JOB_NODE_FAIL, "Running", false, "Failed", "NodeLost", "DeletionByTaintManager"},
    {JOB_PREEMPTED, "Running", false, "Failed", "Preempted", "PreemptionByScheduler"},
    {JOB_OUT_OF_MEMORY, "Running", false, "Failed", "OOMKilled", ""},
    {JOB_CANCELLED, NULL, false, "Failed", "Cancelled", ""},
    {JOB_CANCELLED, "Succeeded", false, "Failed", "Cancelled", ""},
    {JOB_CANCELLED, "Succeeded", true, "Succeeded", "", ""},
    {JOB_CANCELLED, "Running", true, "Failed", "Deleted", ""},
};

static Berth__PodStatus *told(const char *phase)
{
    Berth__PodStatus *status = pod_status_new();

    status->n_containers = 1;
    status->containers = xcalloc(1, sizeof(*status->containers));
    status->containers[0] = xmalloc(sizeof(Berth__ContainerStatus));
    berth__container_status__init(status->containers[0]);
    status->containers[0]->state = BERTH__CONTAINER_STATUS__STATE__RUNNING;
    field_set(&status->phase, phase);
    return status;
}

static void each_row_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];
        Berth__JobRecord record = BERTH__JOB_RECORD__INIT;
        struct job job = {.record = &record};
        cleanup(free_messagep) Berth__PodStatus *status = pod_status_new();

        record.state = (uint32_t)row->state;
        if (row->told) {
            cleanup(free_messagep) Berth__PodStatus *one = told(row->told);

            assert_true(pod_status_told(&status, one));
            assert_false(pod_status_told(&status, one));
        }
        pod_status_of_job(&status, &job, NULL, row->deleted, 5000000);
        if (strcmp(status->phase, row->phase) || strcmp(status->reason, row->reason))
            fail_msg("row %zu: %s/%s", i, status->phase, status->reason);
        assert_string_equal(status->disruption, row->disruption ? row->disruption : "");
        for (size_t c = 0; c < status->n_containers; c++)
            assert_int_equal(status->containers[c]->state,
                             BERTH__CONTAINER_STATUS__STATE__TERMINATED);
    }
}

static void a_final_phase_stays_and_others_words_are_no_phase(void **state)
{
    cleanup(free_messagep) Berth__PodStatus *status = NULL, *final = told("Succeeded"),
                                            *late = told("Running"),
                                            *odd = told("Fine");
    struct err err;

    (void)state;
    assert_true(pod_status_told(&status, final));
    (void)pod_status_told(&status, late);
    assert_string_equal(status->phase, "Succeeded");
    assert_false(pod_status_told(&status, odd));
    assert_int_equal(pod_status_check(final, &err), 0);
    assert_int_equal(pod_status_check(odd, &err), -EINVAL);
    assert_string_equal(err.text, "its phase is none that a pod has");
}

/* A pod that was evicted as its node drained, and so its job was preempted. */
static void what_the_lead_says_of_its_end_stays(void **state)
{
    Berth__JobRecord record = BERTH__JOB_RECORD__INIT;
    Berth__JobEnded ended = BERTH__JOB_ENDED__INIT;
    struct job job = {.record = &record};
    cleanup(free_messagep) Berth__PodStatus *status = NULL, *last = told("Failed");

    (void)state;
    field_set(&last->reason, "Evicted");
    field_set(&last->disruption, "EvictionByEvictionAPI");
    ended.pod = last;
    record.state = JOB_PREEMPTED;
    pod_status_of_job(&status, &job, &ended, false, 5000000);
    assert_string_equal(status->reason, "Evicted");
    assert_string_equal(status->disruption, "EvictionByEvictionAPI");
    record.state = JOB_PENDING;
    pod_status_of_job(&status, &job, &ended, false, 6000000);
    assert_string_equal(status->phase, "Pending");
    assert_string_equal(status->reason, "");
    assert_string_equal(status->disruption, "");
}

static void where_it_is_the_controller_knows(void **state)
{
    cleanup(free_messagep) Berth__PodStatus *status = pod_status_new();
    cleanup(free_messagep) Berth__PodStatus *one = told("Running");

    (void)state;
    field_set(&status->node, "n1");
    field_set(&one->node, "n2");
    field_set(&one->host_ip, "10.0.0.2");
    assert_true(pod_status_told(&status, one));
    assert_string_equal(status->node, "n1");
    assert_string_equal(status->host_ip, "10.0.0.2");
}

static void no_pod_says_so_much(void **state)
{
    cleanup(free_messagep) Berth__PodStatus *status = NULL, *one = told("Running");
    char words[32769];
    struct err err;

    (void)state;
    memset(words, 'a', sizeof(words) - 1);
    words[32000] = '\0';
    field_set(&one->words, words);
    assert_true(pod_status_told(&status, one));
    words[32000] = 'a';
    words[32768] = '\0';
    field_set(&one->words, words);
    assert_false(pod_status_told(&status, one));
    assert_int_equal(strlen(status->words), 32000);
    assert_int_equal(pod_status_check(one, &err), -E2BIG);
    assert_non_null(strstr(err.text, "bytes, more than 32768"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_holds),
        cmocka_unit_test(what_the_lead_says_of_its_end_stays),
        cmocka_unit_test(a_final_phase_stays_and_others_words_are_no_phase),
        cmocka_unit_test(where_it_is_the_controller_knows),
        cmocka_unit_test(no_pod_says_so_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
