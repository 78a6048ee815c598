/* SPDX-License-Identifier: Apache-2.0
 *
 * test_components.c - heterogeneous jobs from the command line to one message
 */
#include "options/components.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct job_args args;
static struct err err;

static int setup(void **state)
{
    (void)state;
    job_args_init(&args, 1700000000);
    err = (struct err){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    job_args_fini(&args);
    return 0;
}

/* Parse words apart by blanks, and join; *ret_next counts from the program. */
static int parse(const char *line, int *ret_next)
{
    cleanup(freep) char *copy = xasprintf("submit %s", line);
    char *argv[32] = {NULL}, *save = NULL;
    int argc = 0, rc;

    for (char *word = strtok_r(copy, " ", &save); word && argc < 31;
         word = strtok_r(NULL, " ", &save))
        argv[argc++] = word;
    rc = components_parse(FOR_SUBMIT, argc, argv, &args, ret_next, &err);
    return rc < 0 ? rc : components_join(&args, &err);
}

static void a_plain_job_has_one_component(void **state)
{
    int next;

    (void)state;
    assert_int_equal(parse("-n4 job.sh : x", &next), 0);
    assert_int_equal(next, 2);
    assert_int_equal(args.spec->tasks, 4);
    assert_int_equal(args.spec->n_components, 0);
}

static void a_colon_begins_the_next_component(void **state)
{
    const Berth__JobComponent *second, *third;
    int next;

    (void)state;
    assert_int_equal(parse("-n1 --mem=64G : -n 32 -C a|b --exclusive : -N2 -p gpu "
                           "--gres=gpu:2 job.sh arg",
                           &next),
                     0);
    assert_int_equal(next, 14);
    assert_int_equal(args.spec->tasks, 1);
    assert_int_equal(args.spec->mem_per_node, 65536);
    assert_int_equal(args.spec->n_components, 2);
    second = args.spec->components[0];
    third = args.spec->components[1];
    assert_int_equal(second->tasks, 32);
    assert_string_equal(second->constraint, "a|b");
    assert_true(second->exclusive);
    assert_int_equal(second->mem_per_node, 0);
    assert_int_equal(third->nodes_min, 2);
    assert_string_equal(third->partition, "gpu");
    assert_string_equal(third->gres, "gpu:2");
}

static void options_of_the_job_may_stand_anywhere(void **state)
{
    int next;

    (void)state;
    assert_int_equal(parse("-n1 -o x : -n2 -J name -t 10 -o x : -n3 -t 30 --hold "
                           "--nice=7",
                           &next),
                     0);
    assert_string_equal(args.spec->name, "name");
    assert_string_equal(args.spec->output, "x");
    assert_int_equal(args.spec->time_limit, 1800);
    assert_int_equal(args.spec->nice, 7);
    assert_true(args.spec->hold);
}

static void names_of_components_give_way_to_that_of_the_first(void **state)
{
    int next;

    (void)state;
    assert_int_equal(parse("-n1 -J critic : -n2 -J actor : -n3 -J critic", &next), 0);
    assert_string_equal(args.spec->name, "critic");
    assert_string_equal(args.warnings[0], "--job-name: the components have one name, "
                                          "'critic': 'actor' is gone");
    assert_null(args.warnings[1]);
}

static void no_limit_is_the_longest(void **state)
{
    int next;

    (void)state;
    assert_int_equal(parse("-t 10 : -t 0", &next), 0);
    assert_int_equal(args.spec->time_limit, -1);
}

static void two_answers_to_one_question_are_refused(void **state)
{
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"-o a : -o b", "--output: component 1 says another thing"},
        {"-b 2030-01-01 : -b 2030-01-02", "--begin: component 1"},
        {"--requeue : --no-requeue", "--requeue: component 1"},
        {"-n1 : --image=x", "--image: component 1 has one of its own"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int next;

        job_args_fini(&args);
        job_args_init(&args, 1700000000);
        assert_int_equal(parse(rows[i].line, &next), -EINVAL);
        if (!strstr(err.text, rows[i].words))
            fail_msg("'%s': %s", rows[i].line, err.text);
    }
}

static void components_are_bounded(void **state)
{
    int rc = 0;

    (void)state;
    for (size_t i = 0; rc == 0 && i < 200; i++)
        rc = components_select(&args, i, &err);
    assert_int_equal(rc, -E2BIG);
    assert_int_equal(args.n_components, 128);
}

/* A component's message is read as a JobSpec's, so names, numbers and types must
 * be the same. */
static void components_say_what_jobs_say(void **state)
{
    const ProtobufCMessageDescriptor *part = &berth__job_component__descriptor;

    (void)state;
    for (unsigned int i = 0; i < part->n_fields; i++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(
                &berth__job_spec__descriptor, part->fields[i].name);

        assert_non_null(field);
        assert_int_equal(field->id, part->fields[i].id);
        assert_int_equal(field->type, part->fields[i].type);
        assert_int_equal(field->label, part->fields[i].label);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_job_has_one_component),
        TEST(a_colon_begins_the_next_component),
        TEST(options_of_the_job_may_stand_anywhere),
        TEST(names_of_components_give_way_to_that_of_the_first),
        TEST(no_limit_is_the_longest),
        TEST(two_answers_to_one_question_are_refused),
        TEST(components_are_bounded),
        TEST(components_say_what_jobs_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
