/* SPDX-License-Identifier: Apache-2.0
 *
 * test_job_options.c - what the values of job options mean
 */
#include "options/job_args.h"
#include "options/job_env.h"
#include "options/mpi_kind.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>
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

/* Parse one option as 'where' would. */
static int parse(unsigned int where, const char *word)
{
    char program[] = "berth", *copy = xstrdup(word);
    char *argv[] = {program, copy, NULL};
    int next, rc;

    rc = opts_parse(job_options, where, OPTS_STOP, 2, argv, &args, &next, &err);
    free(copy);
    return rc;
}

static void sizes_land_in_the_spec(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--nodes=2-4"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "-n16"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "-c2"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--tasks-per-node=8"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--mem=4GB"), 0);
    assert_int_equal(args.spec->nodes_min, 2);
    assert_int_equal(args.spec->nodes_max, 4);
    assert_int_equal(args.spec->tasks, 16);
    assert_int_equal(args.spec->cpus_per_task, 2);
    assert_int_equal(args.spec->tasks_per_node, 8);
    assert_int_equal(args.spec->mem_per_node, 4096);
}

static void the_later_of_two_memory_options_counts(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--mem=4G"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--mem-per-cpu=100"), 0);
    assert_int_equal(args.spec->mem_per_node, 0);
    assert_int_equal(args.spec->mem_per_cpu, 100);
}

static void a_bad_value_names_the_option(void **state)
{
    static const char *const words[] = {"--nodes=x", "--ntasks=0", "--time=1:2:3:4",
                                        "--mem=4Q",  "--nice=x",   "--open-mode=x"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        size_t len = strcspn(words[i], "=");

        assert_true(parse(FOR_SUBMIT, words[i]) < 0);
        assert_int_equal(strncmp(err.text, words[i], len), 0);
        assert_int_equal(err.text[len], ':');
    }
}

static void a_time_of_zero_is_no_limit(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "-t0"), 0);
    assert_int_equal(args.spec->time_limit, -1);
    assert_int_equal(parse(FOR_SUBMIT, "-t90"), 0);
    assert_int_equal(args.spec->time_limit, 5400);
}

static void harmless_options_warn_once(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--mail-type=END"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--mail-type=FAIL"), 0);
    assert_int_equal(strv_len(args.warnings), 1);
    assert_string_equal(args.warnings[0],
                        "--mail-type is accepted but not honoured yet");
}

static void options_that_change_what_runs_are_refused(void **state)
{
    static const char *const words[] = {"--nodefile=x", "--bb=x", "--uid=1",
                                        "--exclusive=mcs", "--tres-per-task=bb:1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        assert_int_equal(parse(FOR_SUBMIT, words[i]), -ENOTSUP);
}

static void resources_and_order_land_in_the_spec(void **state)
{
    static const struct {
        const char *word;
        size_t offset;
        const char *kept;
    } rows[] = {
#define ROW(word, member, kept) {word, offsetof(Berth__JobSpec, member), kept}
        ROW("--array=0-99:2%10", array, "0-99:2%10"),
        ROW("-a[0-4]", array, "[0-4]"),
        ROW("--dependency=afterok:12:13_4", dependency, "afterok:12:13_4"),
        ROW("-dsingleton", dependency, "singleton"),
        ROW("-Ca&b|!c", constraint, "a&b|!c"),
        ROW("--prefer=a", prefer, "a"),
        ROW("--gres=gpu:a100:2,nvme:100G", gres, "gpu:a100:2,nvme:100G"),
        ROW("--gres=none", gres, ""),
        ROW("-Ga100:8", gpus, "a100:8"),
        ROW("--gpus=0", gpus, ""),
        ROW("--gpus-per-node=2", gpus_per_node, "2"),
        ROW("--gpus-per-socket=v100:1", gpus_per_socket, "v100:1"),
        ROW("--gpus-per-task=1", gpus_per_task, "1"),
        ROW("--tres-per-task=cpu:4,gres/gpu:a100:1", gpus_per_task, "a100:1"),
        ROW("-Lmatlab:2|ansys", licences, "matlab:2|ansys"),
        ROW("--switches=2@1:00:00", switches, "2@1:00:00"),
        ROW("--reservation=course", reservation, "course"),
        ROW("--wckey=x", wckey, "x"),
        ROW("--distribution=cyclic:block", distribution, "cyclic:block"),
        ROW("--requeue", requeue, "yes"),
        ROW("--no-requeue", requeue, "no"),
        ROW("--kill-on-invalid-dep=y", kill_on_invalid_dep, "yes"),
#undef ROW
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char *const *text;

        if (parse(FOR_SUBMIT, rows[i].word) != 0)
            fail_msg("%s: %s", rows[i].word, err.text);
        text = (char *const *)(void *)((char *)args.spec + rows[i].offset);
        assert_string_equal(*text, rows[i].kept);
    }
    assert_int_equal(args.spec->cpus_per_task, 4);
    assert_null(args.warnings);
}

static void numbers_and_times_land_in_the_spec(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--ntasks-per-socket=4"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--ntasks-per-core=1"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--ntasks-per-gpu=2"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--cpus-per-gpu=8"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--mem-per-gpu=16G"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--time-min=10"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--deadline=now+1hour"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--contiguous"), 0);
    assert_int_equal(args.spec->tasks_per_socket, 4);
    assert_int_equal(args.spec->tasks_per_core, 1);
    assert_int_equal(args.spec->tasks_per_gpu, 2);
    assert_int_equal(args.spec->cpus_per_gpu, 8);
    assert_int_equal(args.spec->mem_per_gpu, 16384);
    assert_int_equal(args.spec->time_min, 600);
    assert_int_equal(args.spec->deadline, 1700003600);
    assert_true(args.spec->contiguous);
}

static void all_memory_is_a_wish_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--mem=0"), 0);
    assert_true(args.spec->mem_all);
    assert_int_equal(parse(FOR_SUBMIT, "--mem-per-gpu=1G"), 0);
    assert_false(args.spec->mem_all);
}

static void the_last_wish_about_sharing_counts(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--exclusive"), 0);
    assert_true(args.spec->exclusive);
    assert_int_equal(parse(FOR_SUBMIT, "--exclusive=user"), 0);
    assert_true(!args.spec->exclusive && args.spec->exclusive_user);
    assert_int_equal(parse(FOR_SUBMIT, "-s"), 0);
    assert_true(!args.spec->exclusive_user && args.spec->oversubscribe);
    assert_int_equal(parse(FOR_SUBMIT, "--exclusive"), 0);
    assert_true(args.spec->exclusive && !args.spec->oversubscribe);
    assert_int_equal(parse(FOR_SUBMIT, "--exclusive=oversubscribe"), 0);
    assert_true(!args.spec->exclusive && args.spec->oversubscribe);
    assert_int_equal(parse(FOR_SUBMIT, "--exclusive=exclusive"), 0);
    assert_true(args.spec->exclusive && !args.spec->oversubscribe);
    assert_int_equal(parse(FOR_SUBMIT, "--exclusive=usr"), -EINVAL);
}

static void a_priority_of_zero_holds(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--priority=100"), 0);
    assert_int_equal(args.spec->priority, 100);
    assert_false(args.spec->hold);
    assert_int_equal(parse(FOR_SUBMIT, "--priority=0"), 0);
    assert_true(args.spec->hold);
    assert_int_equal(parse(FOR_SUBMIT, "--priority=TOP"), -ENOTSUP);
}

static void a_hint_that_holds_anyway_is_silent(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--hint=nomultithread"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--hint=multithread"), 0);
    assert_null(args.warnings);
    assert_int_equal(parse(FOR_SUBMIT, "--hint=fast"), -EINVAL);
}

/* What users of Slurm write, since it takes it. */
static void commas_and_capitals_are_read_as_slurm_reads_them(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--constraint=knl,quad|gpu"), 0);
    assert_string_equal(args.spec->constraint, "knl&quad|gpu");
    assert_int_equal(parse(FOR_SUBMIT, "--gpu-bind=None"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--cpu-bind=Cores"), 0);
}

static void a_bad_text_names_option_and_column(void **state)
{
    static const struct {
        const char *word, *words;
    } rows[] = {
        {"--array=1-", "--array: a number is missing at column 3 of '1-'"},
        {"--dependency=afterko:1",
         "--dependency: 'afterko' is no kind of dependency, did you mean 'afterok'? "
         "It is at column 1 of 'afterko:1'"},
        {"--gres=gpu:", "--gres: a type or a count is missing at column 5 of 'gpu:'"},
        {"--licenses=a:0", "--licenses: a count of zero at column 3 of 'a:0'"},
        {"--switches=x", "--switches: a number is missing at column 1 of 'x'"},
        {"--kill-on-invalid-dep=maybe",
         "--kill-on-invalid-dep: 'maybe' is neither yes nor no"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(parse(FOR_SUBMIT, rows[i].word), -EINVAL);
        assert_string_equal(err.text, rows[i].words);
    }
}

static void an_image_is_a_name_and_not_a_path(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--image=./root.tar"), -EINVAL);
    assert_non_null(strstr(err.text, "berth image import"));
    assert_int_equal(parse(FOR_SUBMIT, "--container-image=nvcr.io#nvidia/cuda:12"), 0);
    assert_string_equal(args.spec->container->image, "nvcr.io/nvidia/cuda:12");
}

static void mounts_may_be_written_as_docker_does(void **state)
{
    const Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--mount=type=bind,src=/a,dst=/b,ro"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=source=/c,target=/d"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--volume=/e:/f:ro"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=type=tmpfs,dst=/t,tmpfs-size=1M"), 0);
    assert_int_equal(container->n_mounts, 3);
    assert_string_equal(container->mounts[0]->source, "/a");
    assert_string_equal(container->mounts[0]->target, "/b");
    assert_true(container->mounts[0]->readonly);
    assert_string_equal(container->mounts[1]->target, "/d");
    assert_false(container->mounts[1]->readonly);
    assert_true(container->mounts[2]->readonly);
    assert_string_equal(container->tmpfs[0], "/t:1048576");
    assert_int_equal(parse(FOR_SUBMIT, "--mount=type=volume,dst=/t"), -EINVAL);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=src=/a"), -EINVAL);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=src=/a,dst=/b,mode=7"), -EINVAL);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=src=a,dst=/b"), -EINVAL);
}

static void the_last_word_about_the_root_counts(void **state)
{
    const Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--overlay=/o"), 0);
    assert_string_equal(container->overlay, "/o");
    assert_int_equal(parse(FOR_SUBMIT, "--read-only"), 0);
    assert_true(container->read_only);
    assert_string_equal(container->overlay, "");
    assert_int_equal(parse(FOR_SUBMIT, "--container-writable"), 0);
    assert_false(container->read_only);
    assert_true(container->writable_tmpfs);
    assert_int_equal(parse(FOR_SUBMIT, "--overlay=below"), 0);
    assert_int_equal(container->overlay[0], '/');
    assert_false(container->writable_tmpfs);
}

static void tmpfs_has_a_path_and_maybe_a_size(void **state)
{
    const Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--tmpfs=/a"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--tmpfs=/b:2G"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--tmpfs=/c:size=64k"), 0);
    assert_string_equal(container->tmpfs[0], "/a");
    assert_string_equal(container->tmpfs[1], "/b:2147483648");
    assert_string_equal(container->tmpfs[2], "/c:65536");
    assert_int_equal(parse(FOR_SUBMIT, "--tmpfs=a"), -EINVAL);
    assert_int_equal(parse(FOR_SUBMIT, "--tmpfs=/a:much"), -EINVAL);
}

static void entry_points_are_for_those_who_ask(void **state)
{
    const Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    assert_false(container->has_entrypoint);
    assert_int_equal(parse(FOR_RUN, "--entrypoint=/init --fast"), 0);
    assert_true(container->has_entrypoint);
    assert_int_equal(container->n_entrypoint, 2);
    assert_string_equal(container->entrypoint[1], "--fast");
    assert_int_equal(parse(FOR_RUN, "--entrypoint="), 0);
    assert_false(container->has_entrypoint);
    assert_true(args.no_entrypoint);
    assert_int_equal(parse(FOR_RUN, "--container-entrypoint"), 0);
    assert_true(container->has_entrypoint);
    assert_int_equal(container->n_entrypoint, 0);
}

static void variables_have_values_or_take_the_callers(void **state)
{
    const Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    (void)setenv("OF_THE_CALLER", "yes", 1);
    (void)unsetenv("OF_NOBODY");
    assert_int_equal(parse(FOR_RUN, "--env=A=b=c"), 0);
    assert_int_equal(parse(FOR_RUN, "--env=OF_THE_CALLER"), 0);
    assert_int_equal(parse(FOR_RUN, "--container-env=OF_THE_CALLER,B=1"), 0);
    assert_int_equal(container->n_env, 4);
    assert_string_equal(container->env[0], "A=b=c");
    assert_string_equal(container->env[1], "OF_THE_CALLER=yes");
    assert_string_equal(container->env[3], "B=1");
    assert_int_equal(parse(FOR_RUN, "--env=OF_NOBODY"), -EINVAL);
    assert_string_equal(err.text, "--env: OF_NOBODY is not set here: write "
                                  "OF_NOBODY=VALUE");
    assert_int_equal(parse(FOR_RUN, "--env==x"), -EINVAL);
}

static void names_and_networks_of_containers_are_checked(void **state)
{
    const Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    assert_int_equal(parse(FOR_RUN, "--hostname=node-7.x"), 0);
    assert_string_equal(container->hostname, "node-7.x");
    assert_int_equal(parse(FOR_RUN, "--hostname=a b"), -EINVAL);
    assert_int_equal(parse(FOR_RUN, "--network=none"), 0);
    assert_string_equal(container->network, "none");
    /* What Slurm's option of the same name means is not ours. */
    assert_int_equal(parse(FOR_RUN, "--network=sn_all"), 0);
    assert_string_equal(container->network, "none");
    assert_int_equal(strv_len(args.warnings), 1);
    assert_int_equal(parse(FOR_RUN, "--workdir=/w"), 0);
    assert_int_equal(parse(FOR_RUN, "--container-workdir=w"), -EINVAL);
    assert_string_equal(container->workdir, "/w");
}

static void a_profile_is_read_here(void **state)
{
    const Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    assert_int_equal(parse(FOR_RUN, "--security-opt=seccomp=unconfined"), 0);
    assert_string_equal(container->seccomp, "unconfined");
    assert_int_equal(parse(FOR_RUN, "--seccomp=default"), 0);
    assert_string_equal(container->seccomp, "");
    assert_int_equal(parse(FOR_RUN, "--security-opt=no-new-privileges"), 0);
    assert_int_equal(parse(FOR_RUN, "--security-opt=apparmor=x"), -EINVAL);
    assert_int_equal(parse(FOR_RUN, "--seccomp=/no/such/file"), -ENOENT);
    assert_int_equal(parse(FOR_RUN, "--seccomp=/proc/self/comm"), -EINVAL);
    assert_string_equal(container->seccomp, "");
}

static void mounts_gather_and_know_their_mode(void **state)
{
    Berth__ContainerSpec *container = args.spec->container;

    (void)state;
    assert_int_equal(parse(FOR_SUBMIT, "--mount=/data"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=/a:ro"), 0);
    assert_int_equal(parse(FOR_SUBMIT, "--container-mounts=/b:/c,/d:/e:ro"), 0);
    assert_int_equal(container->n_mounts, 4);
    assert_string_equal(container->mounts[0]->target, "/data");
    assert_false(container->mounts[0]->readonly);
    assert_string_equal(container->mounts[1]->target, "/a");
    assert_true(container->mounts[1]->readonly);
    assert_string_equal(container->mounts[2]->target, "/c");
    assert_true(container->mounts[3]->readonly);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=data:/x"), -EINVAL);
    assert_int_equal(parse(FOR_SUBMIT, "--mount=/a:/b:rx"), -EINVAL);
    assert_int_equal(container->n_mounts, 4);
}

static void bindings_take_sruns_words(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_RUN, "--cpu-bind=q,sockets"), 0);
    assert_string_equal(args.spec->bind, "package");
    assert_int_equal(parse(FOR_RUN, "--cpu-bind=q"), 0);
    assert_string_equal(args.spec->bind, "package");
    assert_int_equal(parse(FOR_RUN, "--cpu-bind=map_cpu:1"), 0);
    assert_int_equal(parse(FOR_RUN, "--cpu-bind=map_cpu:x"), -EINVAL);
}

static void options_belong_to_commands(void **state)
{
    (void)state;
    assert_int_equal(parse(FOR_ALLOC, "--wrap=x"), -EINVAL);
    assert_int_equal(parse(FOR_SUBMIT, "--label"), -EINVAL);
    assert_int_equal(parse(FOR_SUBMIT, "-W"), 0);
    assert_true(args.wait);
}

static void variables_set_options(void **state)
{
    char slurm[] = "SBATCH_PARTITION=slurms", berth[] = "BERTH_SUBMIT_PARTITION=berths";
    char time[] = "SBATCH_TIMELIMIT=10";
    char gres[] = "SBATCH_GRES=gpu:2", array[] = "SBATCH_ARRAY_INX=1-4";
    char requeue[] = "SBATCH_NO_REQUEUE=1", switches[] = "SBATCH_REQ_SWITCH=2";
    char *env[] = {slurm, berth, time, gres, array, requeue, switches, NULL};

    (void)state;
    assert_int_equal(job_env_read(env, FOR_SUBMIT, false, &args, &err), 0);
    assert_string_equal(args.spec->partition, "berths");
    assert_int_equal(args.spec->time_limit, 600);
    assert_string_equal(args.spec->gres, "gpu:2");
    assert_string_equal(args.spec->array, "1-4");
    assert_string_equal(args.spec->requeue, "no");
    assert_string_equal(args.spec->switches, "2");
}

static void a_bad_variable_is_named(void **state)
{
    char time[] = "SBATCH_TIMELIMIT=soon";
    char *env[] = {time, NULL};

    (void)state;
    assert_int_equal(job_env_read(env, FOR_SUBMIT, false, &args, &err), -EINVAL);
    assert_int_equal(strncmp(err.text, "$SBATCH_TIMELIMIT: ", 19), 0);
}

static void a_jobs_own_facts_are_not_a_steps_wishes(void **state)
{
    char ntasks[] = "SLURM_NTASKS=16", label[] = "SLURM_LABELIO=1";
    char *env[] = {ntasks, label, NULL};

    (void)state;
    assert_int_equal(job_env_read(env, FOR_RUN, true, &args, &err), 0);
    assert_int_equal(args.spec->tasks, 0);
    assert_true(args.label);
    assert_int_equal(job_env_read(env, FOR_RUN, false, &args, &err), 0);
    assert_int_equal(args.spec->tasks, 16);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void mpi_names_a_plugin_by_any_of_its_names(void **state)
{
    static const struct {
        const char *word, *kind;
    } rows[] = {{"pmix", "pmix"}, {"pmix_v3", "pmix"}, {"pmi2", "pmi2"},
                {"pmi1", "pmi2"}, {"none", "none"},    {"list", "list"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        cleanup(freep) char *kind = NULL;

        assert_int_equal(mpi_kind_parse(rows[i].word, &kind, &err), 0);
        assert_string_equal(kind, rows[i].kind);
    }
    assert_int_equal(mpi_kind_parse("pmi3", NULL, &err), -EINVAL);
    assert_string_equal(err.text, "there is no 'pmi3'; did you mean 'pmi2'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sizes_land_in_the_spec),
        TEST(the_later_of_two_memory_options_counts),
        TEST(a_bad_value_names_the_option),
        TEST(a_time_of_zero_is_no_limit),
        TEST(harmless_options_warn_once),
        TEST(options_that_change_what_runs_are_refused),
        TEST(resources_and_order_land_in_the_spec),
        TEST(numbers_and_times_land_in_the_spec),
        TEST(all_memory_is_a_wish_of_its_own),
        TEST(the_last_wish_about_sharing_counts),
        TEST(a_priority_of_zero_holds),
        TEST(a_hint_that_holds_anyway_is_silent),
        TEST(commas_and_capitals_are_read_as_slurm_reads_them),
        TEST(a_bad_text_names_option_and_column),
        TEST(an_image_is_a_name_and_not_a_path),
        TEST(mounts_gather_and_know_their_mode),
        TEST(mounts_may_be_written_as_docker_does),
        TEST(the_last_word_about_the_root_counts),
        TEST(tmpfs_has_a_path_and_maybe_a_size),
        TEST(entry_points_are_for_those_who_ask),
        TEST(variables_have_values_or_take_the_callers),
        TEST(names_and_networks_of_containers_are_checked),
        TEST(a_profile_is_read_here),
        TEST(bindings_take_sruns_words),
        TEST(options_belong_to_commands),
        TEST(variables_set_options),
        TEST(a_bad_variable_is_named),
        TEST(a_jobs_own_facts_are_not_a_steps_wishes),
        TEST(mpi_names_a_plugin_by_any_of_its_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
