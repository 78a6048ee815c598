/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pmix.c - real MPI programs under the pmix plugin and a host of our own
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/sanitize.h"
#include "fake_host.h"
#include "mpi/mpi.h"

/* Which needs memory of its own. */
static const bool has_sanitizer = HAS_ADDRESS_SANITIZER;

static const struct berth_mpi_ops *ops;

static struct fake_result run(const char *program, struct fake_step step)
{
    struct fake_result r;
    cleanup(freep) char *path = xasprintf("tests/mpi/%s", program);
    char *const argv[] = {path, NULL};
    if (access(path, X_OK) != 0)
        fail_msg("%s is not built: no mpicc?", path);
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

static uint32_t n_lines(const struct fake_result *r)
{
    uint32_t n = 0;
    for (const char *c = r->out; *c; c++)
        n += *c == '\n';
    return n;
}

static void four_ranks_on_one_node_are_one_job(void **state)
{
    (void)state;
    struct fake_result r =
        run("hello", (struct fake_step){.n_nodes = 1, .tasks_per_node = 4});
    all_exit_0(&r, 4);
    for (int i = 0; i < 4; i++) {
        char want[64];
        snprintf(want, sizeof(want), "rank %d of 4 on", i);
        says(&r, want);
    }
    says(&r, "sum 6");
    assert_int_equal(n_lines(&r), 4);
    assert_int_equal(r.n_connected, 4);
    assert_int_equal(r.n_finalized, 4);
    free(r.out);
}

static void ranks_on_two_nodes_are_one_job(void **state)
{
    (void)state;
    struct fake_result r =
        run("hello", (struct fake_step){.n_nodes = 2, .tasks_per_node = 2});
    all_exit_0(&r, 4);
    says(&r, "rank 3 of 4 on");
    says(&r, "sum 6");
    assert_int_equal(n_lines(&r), 4);
    assert_true(r.n_fences >= 2 && r.n_fences % 2 == 0);
    assert_true(r.fence_bytes > 0);
    assert_int_equal(r.n_connected, 4);
    free(r.out);
}

static void ranks_dealt_out_in_turn_know_their_neighbours(void **state)
{
    (void)state;
    struct fake_result r =
        run("split",
            (struct fake_step){.n_nodes = 2, .tasks_per_node = 3, .is_cyclic = true});
    all_exit_0(&r, 6);
    says(&r, "rank 0 half 3:6 node 3");
    says(&r, "rank 5 half 3:9 node 3");
    free(r.out);
}

static void four_nodes_exchange_long_messages(void **state)
{
    (void)state;
    struct fake_result r =
        run("ring", (struct fake_step){.n_nodes = 4, .tasks_per_node = 1});
    all_exit_0(&r, 4);
    says(&r, "ring of 4 ok");
    free(r.out);
}

static void long_messages_pass_within_and_between_nodes(void **state)
{
    (void)state;
    struct fake_result r =
        run("ring", (struct fake_step){.n_nodes = 2, .tasks_per_node = 2});
    all_exit_0(&r, 4);
    says(&r, "ring of 4 ok");
    assert_int_equal(n_lines(&r), 1);
    free(r.out);
}

static void data_is_fetched_on_demand_when_the_fence_carries_none(void **state)
{
    (void)state;
    char async[] = "OMPI_MCA_pmix_base_async_modex=1";
    char collect[] = "OMPI_MCA_pmix_base_collect_data=0";
    char *env[] = {async, collect, NULL};
    struct fake_result r =
        run("ring", (struct fake_step){.n_nodes = 2, .tasks_per_node = 2, .env = env});
    all_exit_0(&r, 4);
    says(&r, "ring of 4 ok");
    assert_true(r.n_modex > 0);
    free(r.out);
}

static void a_client_that_guesses_the_name_is_not_served(void **state)
{
    (void)state;
    char guess[] = "PMIX_NAMESPACE=berth.1.0.guess";
    char *env[] = {guess, NULL};
    struct fake_result r =
        run("hello", (struct fake_step){.n_nodes = 1, .tasks_per_node = 1, .env = env});
    assert_int_equal(r.n_connected, 0);
    assert_true(r.status[0] != 0);
    free(r.out);
}

static void an_abort_reaches_the_host_with_its_code(void **state)
{
    (void)state;
    struct fake_result r =
        run("abort", (struct fake_step){.n_nodes = 2, .tasks_per_node = 2});
    assert_int_equal(r.n_aborts, 1);
    assert_int_equal(r.abort_status, 7);
    assert_int_equal(r.abort_rank, 3);
    free(r.out);
}

static void a_rank_that_leaves_in_the_middle_does_not_harm_the_server(void **state)
{
    (void)state;
    struct fake_result r =
        run("crash", (struct fake_step){.n_nodes = 2, .tasks_per_node = 2});
    assert_true(WIFEXITED(r.status[3]));
    assert_int_equal(WEXITSTATUS(r.status[3]), 3);
    assert_int_equal(r.n_connected, 4);
    assert_int_equal(r.n_finalized, 0);
    free(r.out);
}

static void neighbours_may_read_each_others_memory(void **state)
{
    (void)state;
    struct fake_result r =
        run("cma", (struct fake_step){.n_nodes = 1, .tasks_per_node = 2});
    all_exit_0(&r, 2);
    says(&r, "rank 1 cma ok");
    free(r.out);
}

static const char *const one_node[] = {"n0"};
static const uint32_t zero[] = {0};

static struct berth_mpi_step step_of_one_task(const char *dir)
{
    return (struct berth_mpi_step){.nspace = "berth.1.0.x",
                                   .n_nodes = 1,
                                   .nodes = one_node,
                                   .n_tasks = 1,
                                   .rank_node = zero,
                                   .local_ranks = zero,
                                   .n_local = 1,
                                   .server_dir = dir,
                                   .task_dir = dir};
}

static void impossible_steps_are_refused_with_words(void **state)
{
    (void)state;
    const uint32_t beyond[] = {1}, no_rank[] = {7};
    const struct berth_mpi_step good = step_of_one_task("/nowhere");
    struct berth_mpi_host host = {0};
    struct berth_mpi_err err;
    void *self = NULL;

    struct berth_mpi_step step = good;
    step.nspace = "";
    assert_int_equal(ops->start(&step, &host, &self, &err), -EINVAL);
    assert_non_null(strstr(err.text, "PMIx name has 0 bytes"));
    step = good;
    step.rank_node = beyond;
    assert_int_equal(ops->start(&step, &host, &self, &err), -EINVAL);
    assert_string_equal(err.text, "rank 0 is on node 1 of 1");
    step = good;
    step.local_ranks = no_rank;
    assert_int_equal(ops->start(&step, &host, &self, &err), -EINVAL);
    assert_string_equal(err.text, "local rank 7 of 1");
    step = good;
    step.topology_xml = "/nowhere.xml";
    assert_true(ops->start(&step, &host, &self, &err) < 0);
    assert_non_null(
        strstr(err.text, "cannot load the node's topology from /nowhere.xml"));
    assert_null(self);
}

static void a_topology_loaded_early_serves_the_step(void **state)
{
    (void)state;
    struct berth_mpi_err err;
    assert_int_equal(ops->preload(NULL, &err), 0);
    struct fake_result r =
        run("hello", (struct fake_step){.n_nodes = 1, .tasks_per_node = 2});
    all_exit_0(&r, 2);
    says(&r, "rank 1 of 2 on");
    free(r.out);
}

static int start_twice(const char *dir)
{
    const struct berth_mpi_step step = step_of_one_task(dir);
    struct berth_mpi_host host = {0};
    struct berth_mpi_err err = {0};
    void *self = NULL;
    if (ops->start(&step, &host, &self, &err) != 0)
        return 1;
    ops->stop(self);
    if (ops->start(&step, &host, &self, &err) != -EBUSY)
        return 2;
    return strstr(err.text, "a process can serve one step") ? 0 : 3;
}

static void a_process_serves_one_step(void **state)
{
    (void)state;
    char dir[] = "/tmp/berth-twice-XXXXXX";
    int status = -1;
    assert_non_null(mkdtemp(dir));
    pid_t pid = fork();
    if (pid == 0)
        _exit(start_twice(dir));
    waitpid(pid, &status, 0);
    io_remove_tree(dir, NULL);
    assert_int_equal(status, 0);
}

enum { LARGE_NODES = 800, LARGE_LOCAL = 128, LARGE_TASKS = LARGE_NODES * LARGE_LOCAL };

/* Exits with the MiB that it took at most. */
static int start_large(const char *dir)
{
    static uint32_t rank_node[LARGE_TASKS], local[LARGE_LOCAL];
    static char names[LARGE_NODES][8];
    static const char *nodes[LARGE_NODES];
    struct berth_mpi_step step = step_of_one_task(dir);
    struct berth_mpi_host host = {0};
    struct berth_mpi_err err = {0};
    struct rusage usage;
    struct timespec begin, end;
    void *self = NULL;

    for (uint32_t i = 0; i < LARGE_NODES; i++) {
        snprintf(names[i], sizeof(names[i]), "n%u", i);
        nodes[i] = names[i];
    }
    for (uint32_t r = 0; r < LARGE_TASKS; r++)
        rank_node[r] = r / LARGE_LOCAL;
    for (uint32_t i = 0; i < LARGE_LOCAL; i++)
        local[i] = i;
    step.n_nodes = LARGE_NODES;
    step.nodes = nodes;
    step.n_tasks = LARGE_TASKS;
    step.rank_node = rank_node;
    step.local_ranks = local;
    step.n_local = LARGE_LOCAL;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (ops->start(&step, &host, &self, &err) != 0)
        return 255;
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_SELF, &usage);
    printf("# start of %d ranks: %.0f ms, %ld MiB\n", LARGE_TASKS,
           (double)(end.tv_sec - begin.tv_sec) * 1e3 +
               (double)(end.tv_nsec - begin.tv_nsec) / 1e6,
           usage.ru_maxrss >> 10);
    fflush(stdout);
    ops->stop(self);
    return usage.ru_maxrss >> 10 > 254 ? 254 : (int)(usage.ru_maxrss >> 10);
}

static void a_hundred_thousand_ranks_fit_in_250_mib(void **state)
{
    (void)state;
    char dir[] = "/tmp/berth-large-XXXXXX";
    int status = -1;
    if (has_sanitizer)
        skip();
    assert_non_null(mkdtemp(dir));
    pid_t pid = fork();
    if (pid == 0)
        _exit(start_large(dir));
    waitpid(pid, &status, 0);
    io_remove_tree(dir, NULL);
    assert_true(WIFEXITED(status));
    assert_in_range(WEXITSTATUS(status), 1, 250);
}

static int load_plugin(void **state)
{
    (void)state;
    struct err err = {0};
    int rc = mpi_load("pmix", ".libs", &ops, &err);
    if (rc < 0)
        fprintf(stderr, "%s\n", err.text);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_ranks_on_one_node_are_one_job),
        cmocka_unit_test(ranks_on_two_nodes_are_one_job),
        cmocka_unit_test(ranks_dealt_out_in_turn_know_their_neighbours),
        cmocka_unit_test(four_nodes_exchange_long_messages),
        cmocka_unit_test(long_messages_pass_within_and_between_nodes),
        cmocka_unit_test(data_is_fetched_on_demand_when_the_fence_carries_none),
        cmocka_unit_test(a_client_that_guesses_the_name_is_not_served),
        cmocka_unit_test(an_abort_reaches_the_host_with_its_code),
        cmocka_unit_test(a_rank_that_leaves_in_the_middle_does_not_harm_the_server),
        cmocka_unit_test(neighbours_may_read_each_others_memory),
        cmocka_unit_test(impossible_steps_are_refused_with_words),
        cmocka_unit_test(a_process_serves_one_step),
        cmocka_unit_test(a_hundred_thousand_ranks_fit_in_250_mib),
        cmocka_unit_test(a_topology_loaded_early_serves_the_step),
    };
    return cmocka_run_group_tests(tests, load_plugin, NULL);
}
