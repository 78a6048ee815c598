/* SPDX-License-Identifier: Apache-2.0
 *
 * test_names.c - values are seen as far, and live as long, as their publisher wished
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "shepherd/names.h"

struct fixture {
    struct names *names;
    uint32_t n_found, last_step, last_index;
    uint64_t last_cookie;
    char last[16];
};

static void on_found(void *ctx, uint32_t step, uint32_t index, uint64_t cookie,
                     const void *data, size_t len)
{
    struct fixture *f = ctx;

    f->n_found++;
    f->last_step = step;
    f->last_index = index;
    f->last_cookie = cookie;
    assert_true(len < sizeof(f->last));
    memcpy(f->last, data, len);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->names = names_create(&(struct names_actions){.ctx = f, .found = on_found});
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    names_destroy(f->names);
    free(f);
    return 0;
}

/* Step 1 has tasks 0 and 1 on node a, 2 on b; step 2 has task 0 on a. */
static const struct names_who one_0 = {"pmix", "a", 1, 0, 0},
                              one_1 = {"pmix", "a", 1, 0, 1},
                              one_2 = {"pmix", "b", 1, 1, 2},
                              two_0 = {"pmix", "a", 2, 0, 0},
                              other = {"pmi2", "a", 1, 0, 0};

static int publish(struct fixture *f, const struct names_who *who,
                   enum berth_mpi_range range, enum berth_mpi_lifetime lifetime)
{
    return names_publish(f->names, who, "key", range, lifetime, "value", 6);
}

static bool sees(struct fixture *f, const struct names_who *who)
{
    const void *data;
    size_t len;
    int rc = names_lookup(f->names, who, "key", false, 0, &data, &len);

    if (rc == 0)
        assert_memory_equal(data, "value", 6);
    return rc == 0;
}

static void a_value_is_seen_within_its_range(void **state)
{
    static const struct {
        enum berth_mpi_range range;
        bool sees[4]; /* one_0, one_1, one_2, two_0 */
    } rows[] = {
        {BERTH_MPI_RANGE_JOB, {true, true, true, true}},
        {BERTH_MPI_RANGE_STEP, {true, true, true, false}},
        {BERTH_MPI_RANGE_NODE, {true, true, false, true}},
        {BERTH_MPI_RANGE_TASK, {true, false, false, false}},
    };
    const struct names_who *who[] = {&one_0, &one_1, &one_2, &two_0};
    struct fixture *f = *state;

    for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
        assert_int_equal(publish(f, &one_0, rows[r].range, BERTH_MPI_UNTIL_JOB_ENDS),
                         0);
        for (size_t w = 0; w < ARRAY_SIZE(who); w++)
            assert_int_equal(sees(f, who[w]), rows[r].sees[w]);
        assert_false(sees(f, &other));
        assert_int_equal(names_unpublish(f->names, &one_0, "key"), 0);
    }
}

static void a_key_is_taken_only_once_in_a_range(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(publish(f, &one_0, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_JOB_ENDS),
                     0);
    assert_int_equal(publish(f, &two_0, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_JOB_ENDS),
                     -EEXIST);
    assert_int_equal(publish(f, &other, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_JOB_ENDS),
                     0);
}

static void a_value_lives_as_long_as_was_wished(void **state)
{
    static const struct {
        enum berth_mpi_lifetime lifetime;
        bool after_read, after_task, after_step;
    } rows[] = {
        {BERTH_MPI_UNTIL_JOB_ENDS, true, true, true},
        {BERTH_MPI_UNTIL_STEP_ENDS, true, true, false},
        {BERTH_MPI_UNTIL_TASK_ENDS, true, false, false},
        {BERTH_MPI_UNTIL_READ, false, false, false},
    };
    struct fixture *f = *state;

    for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
        assert_int_equal(publish(f, &one_0, BERTH_MPI_RANGE_JOB, rows[r].lifetime), 0);
        assert_true(sees(f, &two_0));
        assert_int_equal(sees(f, &two_0), rows[r].after_read);
        names_task_ended(f->names, 1, 1);
        assert_int_equal(sees(f, &two_0), rows[r].after_read);
        names_task_ended(f->names, 1, 0);
        assert_int_equal(sees(f, &two_0), rows[r].after_task);
        names_step_ended(f->names, 1);
        assert_int_equal(sees(f, &two_0), rows[r].after_step);
        (void)names_unpublish(f->names, &one_0, NULL);
    }
}

static void a_lookup_that_waits_is_answered_when_its_key_comes(void **state)
{
    struct fixture *f = *state;
    const void *data;
    size_t len;

    assert_int_equal(names_lookup(f->names, &two_0, "key", true, 7, &data, &len),
                     -EAGAIN);
    assert_int_equal(names_publish(f->names, &one_0, "another", BERTH_MPI_RANGE_JOB,
                                   BERTH_MPI_UNTIL_READ, "no", 3),
                     0);
    assert_int_equal(publish(f, &one_0, BERTH_MPI_RANGE_STEP, BERTH_MPI_UNTIL_JOB_ENDS),
                     0);
    assert_int_equal(f->n_found, 0);
    assert_int_equal(publish(f, &one_2, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_READ), 0);
    assert_int_equal(f->n_found, 1);
    assert_int_equal(f->last_step, 2);
    assert_int_equal(f->last_cookie, 7);
    assert_string_equal(f->last, "value");
    /* It was read: nobody else sees it. */
    assert_false(sees(f, &two_0));
}

static void a_value_for_one_reader_goes_to_one_of_two(void **state)
{
    struct fixture *f = *state;
    const void *data;
    size_t len;

    (void)names_lookup(f->names, &two_0, "key", true, 1, &data, &len);
    (void)names_lookup(f->names, &one_1, "key", true, 2, &data, &len);
    assert_int_equal(publish(f, &one_0, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_READ), 0);
    assert_int_equal(f->n_found, 1);
    assert_int_equal(publish(f, &one_0, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_READ), 0);
    assert_int_equal(f->n_found, 2);
}

static void who_gave_up_waiting_or_ended_gets_nothing(void **state)
{
    struct fixture *f = *state;
    const void *data;
    size_t len;

    (void)names_lookup(f->names, &two_0, "key", true, 1, &data, &len);
    (void)names_lookup(f->names, &one_2, "key", true, 1, &data, &len);
    names_cancel(f->names, 1, 1, 1);
    names_step_ended(f->names, 2);
    assert_int_equal(publish(f, &one_0, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_READ), 0);
    assert_int_equal(f->n_found, 0);
}

static void only_the_publisher_takes_back(void **state)
{
    struct fixture *f = *state;

    (void)publish(f, &one_0, BERTH_MPI_RANGE_JOB, BERTH_MPI_UNTIL_JOB_ENDS);
    assert_int_equal(names_unpublish(f->names, &one_1, "key"), -ENOENT);
    assert_true(sees(f, &two_0));
    assert_int_equal(names_unpublish(f->names, &one_0, "key"), 0);
    assert_false(sees(f, &two_0));
}

static void values_of_a_job_are_bounded(void **state)
{
    struct fixture *f = *state;
    size_t len = (size_t)48 << 20;
    cleanup(freep) void *large = xcalloc(1, len);

    assert_int_equal(names_publish(f->names, &one_0, "a", BERTH_MPI_RANGE_JOB,
                                   BERTH_MPI_UNTIL_JOB_ENDS, large, len),
                     0);
    assert_int_equal(names_publish(f->names, &one_0, "b", BERTH_MPI_RANGE_JOB,
                                   BERTH_MPI_UNTIL_JOB_ENDS, large, len),
                     -ENOSPC);
    assert_int_equal(names_unpublish(f->names, &one_0, NULL), 0);
    assert_int_equal(names_publish(f->names, &one_0, "b", BERTH_MPI_RANGE_JOB,
                                   BERTH_MPI_UNTIL_JOB_ENDS, large, len),
                     0);
}

#define NAMES_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NAMES_TEST(a_value_is_seen_within_its_range),
        NAMES_TEST(a_key_is_taken_only_once_in_a_range),
        NAMES_TEST(a_value_lives_as_long_as_was_wished),
        NAMES_TEST(a_lookup_that_waits_is_answered_when_its_key_comes),
        NAMES_TEST(a_value_for_one_reader_goes_to_one_of_two),
        NAMES_TEST(who_gave_up_waiting_or_ended_gets_nothing),
        NAMES_TEST(only_the_publisher_takes_back),
        NAMES_TEST(values_of_a_job_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
