/* SPDX-License-Identifier: Apache-2.0
 *
 * test_taskenv.c - what scripts and tasks find in their environment
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "shepherd/taskenv.h"

static char n1[] = "n1", n2[] = "n2", n3[] = "n3", four_cores[] = "0-3", cores[] = "2";
static char mpi[] = "mpi", user[] = "ada", home[] = "/home/ada", batch[] = "batch";

static Berth__NodeShare shares[3];
static Berth__NodeShare *share_pointers[3];
static Berth__Placement placement;
static Berth__Grant grant;

static int setup(void **state)
{
    char *names[] = {n1, n2, n3};
    uint32_t tasks[] = {2, 2, 1};

    (void)state;
    berth__placement__init(&placement);
    berth__grant__init(&grant);
    for (int i = 0; i < 3; i++) {
        berth__node_share__init(&shares[i]);
        shares[i].node = names[i];
        shares[i].cores = four_cores;
        shares[i].tasks = tasks[i];
        share_pointers[i] = &shares[i];
    }
    placement.shares = share_pointers;
    placement.n_shares = 3;
    grant.job_id = 17;
    grant.epoch = 2;
    grant.uid = 1000;
    grant.placement = &placement;
    return 0;
}

static void assert_env(char *const *env, const char *name, const char *value)
{
    const char *found = strv_getenv(env, name);

    if (!value) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, value);
}

/* -------------------------------------------------------------------- image */

static char image_path[] = "PATH=/opt/bin:/bin", image_lang[] = "LANG=C";
static char broken[] = "broken";
static char *const image_env[] = {image_path, image_lang, broken, NULL};

static void an_image_wins_over_what_came_from_a_host(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_setenv(&env, "PATH", "/site/bin");
    strv_setenv(&env, "LD_LIBRARY_PATH", "/site/lib");
    strv_setenv(&env, "LD_PRELOAD", "/site/lib/x.so");
    strv_setenv(&env, "TMPDIR", "/scratch/ada");
    strv_setenv(&env, "OMP_NUM_THREADS", "4");
    taskenv_image(&env, image_env, "sha256:1", NULL);
    assert_env(env, "PATH", "/opt/bin:/bin");
    assert_env(env, "LANG", "C");
    assert_env(env, "LD_LIBRARY_PATH", NULL);
    assert_env(env, "LD_PRELOAD", NULL);
    assert_env(env, "TMPDIR", "/tmp");
    assert_env(env, "OMP_NUM_THREADS", "4");
    assert_env(env, "BERTH_IMAGE_DIGEST", "sha256:1");
}

static void what_was_set_inside_of_an_image_stays_there(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_setenv(&env, "BERTH_IMAGE_DIGEST", "sha256:1");
    strv_setenv(&env, "PATH", "/mine");
    taskenv_image(&env, image_env, "sha256:1", NULL);
    assert_env(env, "PATH", "/mine");
    assert_env(env, "LANG", NULL);
    /* Another image is a host like any other. */
    taskenv_image(&env, image_env, "sha256:2", NULL);
    assert_env(env, "PATH", "/opt/bin:/bin");
}

static void without_an_image_nothing_is_laid_over(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_setenv(&env, "BERTH_IMAGE_DIGEST", "sha256:1");
    strv_setenv(&env, "PATH", "/site/bin");
    taskenv_image(&env, NULL, NULL, NULL);
    assert_env(env, "PATH", "/site/bin");
    assert_env(env, "BERTH_IMAGE_DIGEST", NULL);
}

static void an_image_without_a_path_gets_the_usual_one(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_setenv(&env, "PATH", "/site/bin");
    taskenv_image(&env, NULL, "sha256:1", NULL);
    assert_non_null(strstr(strv_getenv(env, "PATH"), "/usr/bin"));
    assert_null(strstr(strv_getenv(env, "PATH"), "/site"));
}

/* ---------------------------------------------------------------------- job */

static void what_was_asked_for_is_told_and_nothing_else(void **state)
{
    static char cyclic[] = "cyclic", gpus[] = "a100:2", after[] = "afterok:3";
    cleanup(strv_freep) char **env = NULL;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;

    (void)state;
    spec.distribution = cyclic;
    spec.gpus_per_node = gpus;
    spec.dependency = after;
    spec.tasks_per_socket = 4;
    taskenv_spec(&env, &spec, &placement);
    assert_env(env, "SLURM_DISTRIBUTION", "cyclic");
    assert_env(env, "SLURM_GPUS_PER_NODE", "a100:2");
    assert_env(env, "BERTH_GPUS_PER_NODE", "a100:2");
    assert_env(env, "SLURM_JOB_DEPENDENCY", "afterok:3");
    assert_env(env, "SLURM_NTASKS_PER_SOCKET", "4");
    assert_env(env, "SLURM_GPUS", NULL);
    assert_env(env, "SLURM_MEM_PER_GPU", NULL);
    assert_env(env, "SLURM_JOB_QOS", NULL);
}

static void a_job_is_described_under_both_names(void **state)
{
    static const char *const pairs[][2] = {
        {"JOB_ID", "17"},
        {"JOB_UID", "1000"},
        {"JOB_NODELIST", "n[1-3]"},
        {"NODELIST", "n[1-3]"},
        {"JOB_NUM_NODES", "3"},
        {"NNODES", "3"},
        {"CLUSTER_NAME", "site"},
        {"TASKS_PER_NODE", "2(x2),1"},
        {"RESTART_COUNT", "1"},
        {"JOB_CPUS_PER_NODE", "4(x3)"},
        {"NODEID", "1"},
        {"CPUS_ON_NODE", "4"},
    };
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    taskenv_job(&env, &grant, "site", 1, "/run/job", "/run/berth/bin");
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        cleanup(freep) char *berth = xasprintf("BERTH_%s", pairs[i][0]);
        cleanup(freep) char *slurm = xasprintf("SLURM_%s", pairs[i][0]);

        assert_env(env, berth, pairs[i][1]);
        assert_env(env, slurm, pairs[i][1]);
    }
    assert_env(env, "SLURM_JOBID", "17");
    assert_env(env, "SLURMD_NODENAME", "n2");
}

static void the_leads_socket_is_told_on_its_node_only(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    taskenv_job(&env, &grant, "site", 0, "/run/job", "/run/berth/bin");
    assert_env(env, "BERTH_LEAD", "unix:/run/job/lead.sock");
    taskenv_job(&env, &grant, "site", 1, "/run/job", "/run/berth/bin");
    assert_env(env, "BERTH_LEAD", NULL);
}

static void the_tools_come_first_in_the_path_and_once(void **state)
{
    cleanup(strv_freep) char **env = NULL;

    (void)state;
    strv_setenv(&env, "PATH", "/bin");
    taskenv_job(&env, &grant, "site", 0, "/run/job", "/run/berth/bin");
    taskenv_job(&env, &grant, "site", 0, "/run/job", "/run/berth/bin");
    assert_env(env, "PATH", "/run/berth/bin:/bin");
}

static void what_was_not_asked_for_is_not_said(void **state)
{
    cleanup(strv_freep) char **env = NULL;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;

    (void)state;
    spec.name = mpi;
    spec.partition = batch;
    spec.user = user;
    spec.cwd = home;
    spec.cpus_per_task = 2;
    taskenv_spec(&env, &spec, &placement);
    assert_env(env, "SLURM_JOB_NAME", "mpi");
    assert_env(env, "SLURM_JOB_PARTITION", "batch");
    assert_env(env, "SLURM_JOB_USER", "ada");
    assert_env(env, "SLURM_SUBMIT_DIR", "/home/ada");
    assert_env(env, "SLURM_CPUS_PER_TASK", "2");
    assert_env(env, "SLURM_NTASKS", "5");
    assert_env(env, "SLURM_MEM_PER_NODE", NULL);
    assert_env(env, "SLURM_NTASKS_PER_NODE", NULL);
    assert_env(env, "SLURM_JOB_ACCOUNT", NULL);
}

/* --------------------------------------------------------------------- step */

static void a_task_knows_its_step_its_rank_and_its_cores(void **state)
{
    cleanup(strv_freep) char **env = NULL;
    uint32_t ranks0[] = {0, 2}, ranks1[] = {1};
    char *task_cores[] = {cores, cores};
    Berth__StepNode a = BERTH__STEP_NODE__INIT, b = BERTH__STEP_NODE__INIT;
    Berth__StepNode *nodes[] = {&a, &b};
    Berth__StepSpec spec = BERTH__STEP_SPEC__INIT;
    Berth__LaunchStep step = BERTH__LAUNCH_STEP__INIT;

    (void)state;
    a.node = n1;
    a.ranks = ranks0;
    a.n_ranks = a.n_task_cores = 2;
    a.task_cores = task_cores;
    b.node = n3;
    b.ranks = ranks1;
    b.n_ranks = 1;
    step.nodes = nodes;
    step.n_nodes = 2;
    step.spec = &spec;
    step.step_id = 4;
    taskenv_step(&env, &step);
    taskenv_task(&env, &step, 1);
    assert_env(env, "SLURM_STEP_ID", "4");
    assert_env(env, "SLURM_STEPID", "4");
    assert_env(env, "SLURM_STEP_NODELIST", "n[1,3]");
    assert_env(env, "SLURM_STEP_TASKS_PER_NODE", "2,1");
    assert_env(env, "SLURM_NTASKS", "3");
    assert_env(env, "SLURM_PROCID", "2");
    assert_env(env, "SLURM_LOCALID", "1");
    assert_env(env, "SLURM_NODEID", "0");
    assert_env(env, "BERTH_CORES", "2");
    /* Cores that nobody sent are not made up. */
    strv_unsetenv(env, "BERTH_CORES");
    step.index = 1;
    taskenv_task(&env, &step, 0);
    assert_env(env, "SLURM_PROCID", "1");
    assert_env(env, "BERTH_CORES", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_wins_over_what_came_from_a_host),
        cmocka_unit_test(what_was_set_inside_of_an_image_stays_there),
        cmocka_unit_test(without_an_image_nothing_is_laid_over),
        cmocka_unit_test(an_image_without_a_path_gets_the_usual_one),
        cmocka_unit_test(what_was_asked_for_is_told_and_nothing_else),
        cmocka_unit_test(a_job_is_described_under_both_names),
        cmocka_unit_test(the_leads_socket_is_told_on_its_node_only),
        cmocka_unit_test(the_tools_come_first_in_the_path_and_once),
        cmocka_unit_test(what_was_not_asked_for_is_not_said),
        cmocka_unit_test(a_task_knows_its_step_its_rank_and_its_cores),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
