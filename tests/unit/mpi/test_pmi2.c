/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pmi2.c - MPICH's programs and a PMI-2 client under the pmi2 plugin
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "fake_host.h"
#include "mpi/mpi.h"

static const struct berth_mpi_ops *ops;

/* Run "program arg" of tests/mpich; skips when it could not be built. */
static struct fake_result run(const char *program, const char *arg,
                              struct fake_step step)
{
    struct fake_result r;
    cleanup(freep) char *path = xasprintf("tests/mpich/%s", program);
    cleanup(freep) char *copy = arg ? xstrdup(arg) : NULL;
    char *const argv[] = {path, copy, NULL};

    if (access(path, X_OK) != 0)
        skip();
    step.argv = argv;
    fake_host_run(ops, &step, &r);
    if (*r.failure)
        fail_msg("%s\n%s", r.failure, r.out);
    return r;
}

static void all_exit_0(const struct fake_result *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (r->status[i])
            fail_msg("rank %u ended with %#x:\n%s", i, (unsigned)r->status[i], r->out);
}

static void says(const struct fake_result *r, const char *words)
{
    if (!strstr(r->out, words))
        fail_msg("no '%s' in:\n%s", words, r->out);
}

static void four_ranks_on_one_node_are_one_job(void **state)
{
    (void)state;
    struct fake_result r =
        run("hello", NULL, (struct fake_step){.n_nodes = 1, .tasks_per_node = 4});
    all_exit_0(&r, 4);
    says(&r, "rank 0 of 4 on");
    says(&r, "rank 3 of 4 on");
    says(&r, "sum 6");
    assert_int_equal(r.n_connected, 4);
    assert_int_equal(r.n_finalized, 4);
    free(r.out);
}

static void four_nodes_are_one_job(void **state)
{
    (void)state;
    struct fake_result r =
        run("ring", NULL, (struct fake_step){.n_nodes = 4, .tasks_per_node = 1});
    all_exit_0(&r, 4);
    says(&r, "ring of 4 ok");
    assert_true(r.n_fences >= 4 && r.n_fences % 4 == 0);
    assert_true(r.fence_bytes > 0);
    free(r.out);
}

static void ranks_of_a_node_know_each_other(void **state)
{
    (void)state;
    struct fake_result r =
        run("split", NULL, (struct fake_step){.n_nodes = 2, .tasks_per_node = 3});
    all_exit_0(&r, 6);
    says(&r, "rank 0 half 3:6 node 3");
    says(&r, "rank 5 half 3:9 node 3");
    free(r.out);
}

static void ranks_dealt_out_in_turn_know_their_neighbours(void **state)
{
    (void)state;
    struct fake_result r =
        run("split", NULL,
            (struct fake_step){.n_nodes = 2, .tasks_per_node = 3, .is_cyclic = true});
    all_exit_0(&r, 6);
    says(&r, "rank 0 half 3:6 node 3");
    says(&r, "rank 5 half 3:9 node 3");
    free(r.out);
}

static void an_abort_ends_all(void **state)
{
    (void)state;
    struct fake_result r =
        run("abort", NULL, (struct fake_step){.n_nodes = 2, .tasks_per_node = 2});
    assert_true(r.n_aborts > 0);
    assert_int_equal(r.abort_status, 7);
    for (int i = 0; i < 4; i++)
        assert_int_not_equal(r.status[i], 0);
    free(r.out);
}

static void a_rank_that_crashes_ends_the_step(void **state)
{
    (void)state;
    struct fake_result r =
        run("crash", NULL, (struct fake_step){.n_nodes = 2, .tasks_per_node = 2});
    assert_true(r.n_finalized < 4);
    free(r.out);
}

static void version_two_is_spoken_with_a_library_that_is_not_ours(void **state)
{
    (void)state;
    struct fake_result r =
        run("pmi2", NULL, (struct fake_step){.n_nodes = 1, .tasks_per_node = 4});
    all_exit_0(&r, 4);
    says(&r, "rank 0 of 4 ok");
    says(&r, "rank 3 of 4 ok");
    says(&r, "mapping (vector,(0,1,4))");
    assert_int_equal(r.n_finalized, 4);
    free(r.out);
}

static void an_abort_of_version_two_ends_all(void **state)
{
    (void)state;
    struct fake_result r =
        run("pmi2", "abort", (struct fake_step){.n_nodes = 1, .tasks_per_node = 2});
    assert_true(r.n_aborts > 0);
    assert_int_equal(r.abort_rank, 0);
    free(r.out);
}

static int load(void **state)
{
    struct err err;

    (void)state;
    if (mpi_load("pmi2", ".libs", &ops, &err) < 0) {
        print_error("%s\n", err.text);
        return -1;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_ranks_on_one_node_are_one_job),
        cmocka_unit_test(four_nodes_are_one_job),
        cmocka_unit_test(ranks_of_a_node_know_each_other),
        cmocka_unit_test(ranks_dealt_out_in_turn_know_their_neighbours),
        cmocka_unit_test(an_abort_ends_all),
        cmocka_unit_test(a_rank_that_crashes_ends_the_step),
        cmocka_unit_test(version_two_is_spoken_with_a_library_that_is_not_ours),
        cmocka_unit_test(an_abort_of_version_two_ends_all),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
