/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_document.c - the keys that scripts rely on
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/job_document.h"

static char running[] = "RUNNING", completed[] = "COMPLETED", name[] = "solve",
            user[] = "ada", node[] = "n1";

struct fixture {
    Berth__NodeShare share, *shares[1];
    Berth__Placement placement;
    Berth__JobRecord record;
    Berth__JobSpec spec;
    Berth__JobInfo info;
};

static struct fixture *running_job(struct fixture *f)
{
    *f = (struct fixture){
        .share = BERTH__NODE_SHARE__INIT,
        .placement = BERTH__PLACEMENT__INIT,
        .record = BERTH__JOB_RECORD__INIT,
        .spec = BERTH__JOB_SPEC__INIT,
        .info = BERTH__JOB_INFO__INIT,
    };
    f->share.node = node;
    f->shares[0] = &f->share;
    f->placement.shares = f->shares;
    f->placement.n_shares = 1;
    f->record.id = 17;
    f->record.state = 2;
    f->record.submit_time = 100;
    f->record.start_time = 200;
    f->record.placement = &f->placement;
    f->spec.name = name;
    f->spec.user = user;
    f->info.record = &f->record;
    f->info.spec = &f->spec;
    f->info.state = running;
    f->info.nodes = node;
    f->info.cpus = 4;
    f->info.time_limit = -1;
    return f;
}

static char *dumped(json_t *doc)
{
    char *text = json_dumps(doc, JSON_COMPACT);

    json_decref(doc);
    return text;
}

static void a_list_tells_of_each_job_in_a_few_flat_keys(void **state)
{
    struct fixture f;
    char *text = dumped(job_document_short(&running_job(&f)->info));

    (void)state;
    assert_string_equal(
        text, "{\"id\":17,\"name\":\"solve\",\"user\":\"ada\",\"partition\":\"\","
              "\"account\":\"\",\"state\":\"RUNNING\",\"reason\":\"\",\"nodes\":\"n1\","
              "\"cpus\":4,\"time_limit\":null,\"priority\":0,\"state_words\":\"\","
              "\"submit_time\":100,\"start_time\":200,\"end_time\":null,"
              "\"exit_code\":null,\"exit_signal\":null}");
    free(text);
}

static void an_ended_job_has_an_exit_code_even_when_it_is_zero(void **state)
{
    struct fixture f;
    json_t *doc;

    (void)state;
    running_job(&f)->info.state = completed;
    f.record.end_time = 300;
    doc = job_document_short(&f.info);
    assert_true(json_is_integer(json_object_get(doc, "exit_code")));
    assert_int_equal(json_integer_value(json_object_get(doc, "end_time")), 300);
    json_decref(doc);
}

static void a_job_that_never_ran_has_no_exit_code(void **state)
{
    struct fixture f;
    json_t *doc;

    (void)state;
    running_job(&f)->record.start_time = 0;
    f.record.end_time = 300;
    doc = job_document_short(&f.info);
    assert_true(json_is_null(json_object_get(doc, "exit_code")));
    assert_true(json_is_null(json_object_get(doc, "exit_signal")));
    json_decref(doc);
}

static void one_job_in_full_has_its_placement_and_what_was_asked_for(void **state)
{
    static char gpus[] = "gpu:2";
    Berth__JobComponent second = BERTH__JOB_COMPONENT__INIT, *components[] = {&second};
    struct fixture f;
    json_t *doc, *shares, *spec, *parts;

    (void)state;
    running_job(&f)->spec.gres = gpus;
    second.tasks = 8;
    f.spec.components = components;
    f.spec.n_components = 1;
    doc = job_document(&f.info);
    shares = json_object_get(json_object_get(doc, "placement"), "shares");
    assert_int_equal(json_array_size(shares), 1);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(doc, "spec"), "name")),
        "solve");
    spec = json_object_get(doc, "spec");
    assert_string_equal(json_string_value(json_object_get(spec, "gres")), "gpu:2");
    parts = json_object_get(spec, "components");
    assert_int_equal(json_array_size(parts), 1);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(parts, 0), "tasks")), 8);
    assert_string_equal(json_string_value(json_object_get(doc, "state")), "RUNNING");
    assert_true(json_is_null(json_object_get(doc, "cancelled_by")));
    json_decref(doc);
}

static void who_cancelled_a_job_is_a_user_id(void **state)
{
    struct fixture f;
    json_t *doc;

    (void)state;
    running_job(&f)->record.cancelled_by = 1; /* root, plus one */
    doc = job_document(&f.info);
    assert_true(json_is_integer(json_object_get(doc, "cancelled_by")));
    assert_int_equal(json_integer_value(json_object_get(doc, "cancelled_by")), 0);
    json_decref(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_tells_of_each_job_in_a_few_flat_keys),
        cmocka_unit_test(an_ended_job_has_an_exit_code_even_when_it_is_zero),
        cmocka_unit_test(a_job_that_never_ran_has_no_exit_code),
        cmocka_unit_test(one_job_in_full_has_its_placement_and_what_was_asked_for),
        cmocka_unit_test(who_cancelled_a_job_is_a_user_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
