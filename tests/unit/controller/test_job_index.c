/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_index.c - the rows that lists of jobs are chosen from
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "controller/job_index.h"

#define MANY 5000

/* Only ever handed out, so any addresses do. */
static char places[MANY + 1];

static struct ctl_job *job(uint32_t id)
{
    return (struct ctl_job *)(void *)&places[id];
}

static uint32_t id_of(const struct ctl_job *cj)
{
    return (uint32_t)((const char *)(const void *)cj - places);
}

static int setup(void **state)
{
    struct job_index *index = job_index_create();

    job_index_add(index, 3, "ada", "batch", JOB_PENDING, job(3));
    job_index_add(index, 4, "bob", "batch", JOB_RUNNING, job(4));
    job_index_add(index, 7, "ada", "long", JOB_RUNNING, job(7));
    job_index_add(index, 9, "ada", "batch", JOB_COMPLETED, job(9));
    *state = index;
    return 0;
}

static int teardown(void **state)
{
    job_index_destroy(*state);
    return 0;
}

static void expect(const struct job_index *index, const struct job_filter *filter,
                   uint32_t after, size_t max, const uint32_t *ids, size_t n)
{
    struct ctl_job *found[8];

    assert_int_equal(job_index_select(index, filter, after, max, found), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(id_of(found[i]), ids[i]);
}

static void without_a_filter_all_come_in_order(void **state)
{
    static const struct job_filter any;

    expect(*state, &any, 0, 8, (uint32_t[]){3, 4, 7, 9}, 4);
    expect(*state, &any, 0, 2, (uint32_t[]){3, 4}, 2);
    expect(*state, &any, 4, 8, (uint32_t[]){7, 9}, 2);
    expect(*state, &any, 5, 8, (uint32_t[]){7, 9}, 2);
    expect(*state, &any, 9, 8, NULL, 0);
    expect(*state, &any, UINT32_MAX, 8, NULL, 0);
    assert_int_equal(job_index_count(*state, &any), 4);
}

static void a_filter_holds_for_all_it_names(void **state)
{
    struct job_filter ada = {.user = "ada"};
    struct job_filter running = {.states = 1u << JOB_RUNNING};
    struct job_filter both = {
        .states = 1u << JOB_RUNNING, .user = "ada", .partition = ""};
    struct job_filter batch = {.partition = "batch", .user = "ada"};

    expect(*state, &ada, 0, 8, (uint32_t[]){3, 7, 9}, 3);
    expect(*state, &running, 0, 8, (uint32_t[]){4, 7}, 2);
    expect(*state, &both, 0, 8, (uint32_t[]){7}, 1);
    expect(*state, &batch, 0, 8, (uint32_t[]){3, 9}, 2);
}

static void names_that_nobody_has_match_nothing(void **state)
{
    struct job_filter nobody = {.user = "eve"}, nowhere = {.partition = "ada2"};

    expect(*state, &nobody, 0, 8, NULL, 0);
    expect(*state, &nowhere, 0, 8, NULL, 0);
    assert_int_equal(job_index_count(*state, &nobody), 0);
}

static void a_change_of_state_is_seen(void **state)
{
    struct job_filter pending = {.states = 1u << JOB_PENDING};

    job_index_set_state(*state, 4, JOB_PENDING);
    expect(*state, &pending, 0, 8, (uint32_t[]){3, 4}, 2);
}

static void what_is_removed_is_gone_and_others_stay(void **state)
{
    static const struct job_filter any;

    job_index_remove(*state, 4);
    expect(*state, &any, 0, 8, (uint32_t[]){3, 7, 9}, 3);
    job_index_remove(*state, 3);
    job_index_remove(*state, 9);
    expect(*state, &any, 0, 8, (uint32_t[]){7}, 1);
    job_index_set_state(*state, 7, JOB_COMPLETED);
    job_index_add(*state, 11, "bob", "batch", JOB_PENDING, job(11));
    expect(*state, &any, 0, 8, (uint32_t[]){7, 11}, 2);
}

/* Against a plain table of what is there. */
static void random_changes_leave_what_they_should(void **state)
{
    struct job_index *index = *state;
    struct job_filter pending = {.states = 1u << JOB_PENDING};
    static int there[MANY + 1]; /* 0: no, else state + 1 */
    size_t n = 0;

    there[3] = JOB_PENDING + 1;
    srandom(7);
    for (uint32_t id = 10; id <= MANY; id++) {
        uint32_t other = 10 + (uint32_t)random() % (id - 9);

        job_index_add(index, id, "bob", "batch", JOB_PENDING, job(id));
        there[id] = JOB_PENDING + 1;
        if (!there[other])
            continue;
        if (random() % 2) {
            job_index_remove(index, other);
            there[other] = 0;
        } else {
            job_index_set_state(index, other, JOB_RUNNING);
            there[other] = JOB_RUNNING + 1;
        }
    }
    for (uint32_t id = 1, after = 0; id <= MANY; id++) {
        struct ctl_job *next = NULL;

        if (there[id] != JOB_PENDING + 1)
            continue;
        n++;
        assert_int_equal(job_index_select(index, &pending, after, 1, &next), 1);
        assert_int_equal(id_of(next), id);
        after = id;
    }
    assert_int_equal(job_index_count(index, &pending), n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_filter_all_come_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_filter_holds_for_all_it_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(names_that_nobody_has_match_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_change_of_state_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_removed_is_gone_and_others_stay, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(random_changes_leave_what_they_should, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
