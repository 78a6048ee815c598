/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sacct_json.c - the history in Slurm's JSON
 */
#include "slurm/sacct_json.h"

#include "base/mem.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static json_int_t number(const json_t *doc, const char *name)
{
    const json_t *shape = json_object_get(doc, name);

    assert_true(json_is_true(json_object_get(shape, "set")));
    return json_integer_value(json_object_get(shape, "number"));
}

static const char *word(const json_t *list)
{
    assert_int_equal(json_array_size(list), 1);
    return json_string_value(json_array_get(list, 0));
}

static void a_job_and_its_steps_are_told(void **state)
{
    static char name[] = "wave", ours[] = "SPREAD", failed[] = "FAILED";
    static char tres[] = "cpu=4,mem=8G,node=2,billing=4,gres/gpu=2";
    Berth__StepSummary batch = BERTH__STEP_SUMMARY__INIT, *steps[] = {&batch};
    Berth__HistoryJob job = BERTH__HISTORY_JOB__INIT;
    const json_t *list, *one;
    json_t *doc;

    (void)state;
    batch.step_id = -1;
    batch.state = failed;
    batch.exit_code = 3;
    batch.start_usec = 1000000;
    batch.end_usec = 4000000;
    batch.user_usec = 1500000;
    job.job_id = 17;
    job.name = name;
    job.state = ours;
    job.tres_alloc = tres;
    job.start_time = 100;
    job.suspended = 5;
    job.time_limit = 90;
    job.steps = steps;
    job.n_steps = 1;
    doc = sacct_json(&job, "here", 130);
    assert_int_equal(json_integer_value(json_object_get(doc, "job_id")), 17);
    /* No state that Slurm does not have. */
    assert_string_equal(word(json_object_get(json_object_get(doc, "state"), "current")),
                        "RUNNING");
    one = json_object_get(doc, "time");
    assert_int_equal(json_integer_value(json_object_get(one, "elapsed")), 25);
    assert_int_equal(number(one, "limit"), 2); /* minutes, begun ones count */
    list = json_object_get(json_object_get(doc, "tres"), "allocated");
    assert_int_equal(json_array_size(list), 5);
    one = json_array_get(list, 1);
    assert_int_equal(json_integer_value(json_object_get(one, "count")), 8192);
    one = json_array_get(list, 4);
    assert_string_equal(json_string_value(json_object_get(one, "type")), "gres");
    assert_string_equal(json_string_value(json_object_get(one, "name")), "gpu");
    assert_int_equal(json_integer_value(json_object_get(one, "count")), 2);

    /* Its steps may come in parts. */
    batch.step_id = 0;
    sacct_json_add_steps(doc, &job, 130);
    list = json_object_get(doc, "steps");
    assert_int_equal(json_array_size(list), 2);
    one = json_array_get(list, 0);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(one, "step"), "id")),
        "17.batch");
    assert_int_equal(number(json_object_get(one, "exit_code"), "return_code"), 3);
    assert_string_equal(
        word(json_object_get(json_object_get(one, "exit_code"), "status")), "ERROR");
    one = json_object_get(one, "time");
    assert_int_equal(json_integer_value(json_object_get(one, "elapsed")), 3);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(one, "user"), "seconds")),
        1);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(json_array_get(list, 1), "step"), "id")),
                        "17.0");
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_and_its_steps_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
