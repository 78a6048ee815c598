/* SPDX-License-Identifier: Apache-2.0
 *
 * test_sacct_select.c - which runs sacct lists
 */
#include "slurm/sacct_select.h"

#include "base/mem.h"
#include "base/units.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char reason[] = "Priority", feature[] = "fast";

static Berth__HistoryJob job_of(uint32_t nodes, uint32_t cpus, int64_t limit)
{
    Berth__HistoryJob job = BERTH__HISTORY_JOB__INIT;

    job.n_nodes = nodes;
    job.cpus = cpus;
    job.time_limit = limit;
    job.gid = 17;
    job.reason = reason;
    job.constraint = feature;
    return job;
}

static bool is_chosen(const struct sacct_select *select, uint32_t nodes, uint32_t cpus,
                      int64_t limit)
{
    const Berth__HistoryJob job = job_of(nodes, cpus, limit);
    cleanup(sacct_choice_fini) struct sacct_choice choice;

    assert_int_equal(sacct_choice_read(select, &choice, NULL), 0);
    return sacct_is_chosen(&choice, &job);
}

static void without_a_wish_all_are_listed(void **state)
{
    (void)state;
    assert_true(is_chosen(&(struct sacct_select){0}, 0, 0, 0));
    assert_true(is_chosen(&(struct sacct_select){0}, 9, 99, TIME_UNLIMITED));
}

static void sizes_are_exact_or_ranges(void **state)
{
    const struct sacct_select two = {.nodes = "2"}, range = {.cpus = "2-4"};

    (void)state;
    assert_true(is_chosen(&two, 2, 0, 0));
    assert_false(is_chosen(&two, 1, 0, 0));
    assert_false(is_chosen(&two, 3, 0, 0));
    assert_true(is_chosen(&range, 0, 2, 0));
    assert_true(is_chosen(&range, 0, 4, 0));
    assert_false(is_chosen(&range, 0, 5, 0));
    assert_false(is_chosen(&range, 0, 1, 0));
}

static void a_limit_is_that_one_or_a_range(void **state)
{
    const struct sacct_select one = {.limit_least = "10"};
    const struct sacct_select range = {.limit_least = "10", .limit_most = "1:00:00"};
    const struct sacct_select open = {.limit_least = "10", .limit_most = "UNLIMITED"};

    (void)state;
    assert_true(is_chosen(&one, 0, 0, 600));
    assert_false(is_chosen(&one, 0, 0, 601));
    assert_true(is_chosen(&range, 0, 0, 3600));
    assert_false(is_chosen(&range, 0, 0, TIME_UNLIMITED));
    assert_false(is_chosen(&range, 0, 0, 599));
    assert_true(is_chosen(&open, 0, 0, TIME_UNLIMITED));
}

static void groups_reasons_and_features_are_alternatives(void **state)
{
    const struct sacct_select ours = {.groups = "3,17"}, others = {.groups = "3"};
    const struct sacct_select why = {.reasons = "resources,priority"};
    const struct sacct_select what = {.features = "slow,fast"};

    (void)state;
    assert_true(is_chosen(&ours, 1, 1, 1));
    assert_false(is_chosen(&others, 1, 1, 1));
    assert_true(is_chosen(&why, 1, 1, 1));
    assert_false(is_chosen(&(struct sacct_select){.reasons = "Resources"}, 1, 1, 1));
    assert_true(is_chosen(&what, 1, 1, 1));
    assert_false(is_chosen(&(struct sacct_select){.features = "slow"}, 1, 1, 1));
}

static void mistakes_name_the_option(void **state)
{
    static const struct {
        struct sacct_select select;
        const char *words;
    } wrong[] = {{{.nodes = "x"}, "--nnodes"},
                 {{.cpus = "4-2"}, "--ncpus"},
                 {{.limit_least = "soon"}, "--timelimit-min"},
                 {{.limit_least = "5", .limit_most = "x"}, "--timelimit-max"},
                 {{.limit_most = "5"}, "goes with --timelimit-min"},
                 {{.groups = "no-such-group"}, "Invalid group id"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        cleanup(sacct_choice_fini) struct sacct_choice choice;
        struct err err = {0};

        assert_true(sacct_choice_read(&wrong[i].select, &choice, &err) < 0);
        assert_non_null(strstr(err.text, wrong[i].words));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_wish_all_are_listed),
        cmocka_unit_test(sizes_are_exact_or_ranges),
        cmocka_unit_test(a_limit_is_that_one_or_a_range),
        cmocka_unit_test(groups_reasons_and_features_are_alternatives),
        cmocka_unit_test(mistakes_name_the_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
