/* SPDX-License-Identifier: Apache-2.0
 *
 * step_inherit.c - what a step inherits from the process that asks for it
 */
#include "options/inherit.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "options/export.h"
#include "options/launcher.h"
#include "options/limit_names.h"

void spec_take_strv(char **v, size_t *ret_n, char ***ret_field)
{
    *ret_n = strv_len(v);
    *ret_field = v;
}

static bool is_named(const char *which, unsigned int resource)
{
    cleanup(strv_freep) char **names = NULL;

    if (!which || strcmp(which, "ALL") == 0)
        return true;
    names = strv_split(which, ",");
    for (size_t i = 0; names && names[i]; i++)
        if (limit_by_name(names[i]) == (int)resource)
            return true;
    return false;
}

size_t spec_rlimits(const char *which, Berth__Rlimit ***ret_rlimits)
{
    Berth__Rlimit **list = xcalloc(RLIM_NLIMITS, sizeof(*list));
    size_t n = 0;

    for (unsigned int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit limit;

        if (!is_named(which, i) || getrlimit((__rlimit_resource_t)i, &limit) < 0)
            continue;
        list[n] = xmalloc(sizeof(**list));
        berth__rlimit__init(list[n]);
        list[n]->resource = i;
        list[n]->soft = limit.rlim_cur;
        list[n]->hard = limit.rlim_max;
        n++;
    }
    *ret_rlimits = list;
    return n;
}

unsigned int spec_umask(void)
{
    mode_t mask = umask(022);

    umask(mask);
    return mask;
}

static void copy_string(char **field, const char *value)
{
    if (value && value[0] != '\0')
        spec_take_string(field, xstrdup(value));
}

/* As seen from 'dir'. */
static void copy_path(char **field, const char *path, const char *dir)
{
    if (path && path[0] != '\0')
        spec_take_string(field, path[0] == '/' ? xstrdup(path)
                                               : xasprintf("%s/%s", dir, path));
}

void step_warn_unheard(struct job_args *args)
{
    static const struct {
        const char *option;
        size_t offset;
    } texts[] = {
#define TEXT(option, member) {option, offsetof(Berth__JobSpec, member)}
        TEXT("constraint", constraint), TEXT("gpus-per-socket", gpus_per_socket),
        TEXT("licenses", licences),     TEXT("reservation", reservation),
        TEXT("switches", switches),
#undef TEXT
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char *const *text =
            (char *const *)(void *)((char *)args->spec + texts[i].offset);

        if (**text)
            job_args_warn(args, "--%s is for a new job: this step has what its job has",
                          texts[i].option);
    }
}

/* When it is warned, and when it ends. */
static void copy_ends(const struct job_args *args, bool in_job, Berth__StepSpec *step)
{
    const Berth__JobSpec *job = args->spec;

    step->wait_after = args->wait_after;
    copy_path(&step->task_prolog, args->task_prolog, step->cwd);
    copy_path(&step->task_epilog, args->task_epilog, step->cwd);
    /* The ranks of an MPI program wait for each other for ever. */
    step->kill_on_bad_exit = args->has_kill_on_bad_exit
                                 ? job->kill_on_bad_exit
                                 : strcmp(step->mpi, "none") != 0;
    if (!in_job)
        return;
    step->time_limit = job->time_limit > 0 ? job->time_limit : 0;
    step->signal = job->signal;
    step->signal_before = job->signal_before;
}

static int copy_place(const Berth__JobSpec *job, Berth__StepSpec *step, struct err *err)
{
    char here[PATH_MAX];

    if (job->cwd[0] != '\0') {
        copy_string(&step->cwd, job->cwd);
        return 0;
    }
    if (!getcwd(here, sizeof(here)))
        return err_sys(err, errno, "cannot tell the current directory");
    copy_string(&step->cwd, here);
    return 0;
}

static Berth__ContainerSpec *copy_container(const Berth__ContainerSpec *container)
{
    size_t len = berth__container_spec__get_packed_size(container);
    cleanup(freep) uint8_t *packed = xmalloc(len + 1);

    berth__container_spec__pack(container, packed);
    return berth__container_spec__unpack(NULL, len, packed);
}

static void step_freep(Berth__StepSpec **step)
{
    berth__step_spec__free_unpacked(*step, NULL);
}

static void copy_binding(const struct job_args *args, Berth__StepSpec *step)
{
    const Berth__JobSpec *job = args->spec;

    copy_string(&step->bind, job->bind);
    copy_string(&step->cpu_bind, job->cpu_bind);
    copy_string(&step->mem_bind, job->mem_bind);
    copy_string(&step->gpu_bind, job->gpu_bind);
    copy_string(&step->distribution, job->distribution);
    step->threads_per_core = job->threads_per_core;
    step->tasks_per_socket = job->tasks_per_socket;
    if (args->task_nodes) {
        step->tasks = (uint32_t)strv_len(args->task_nodes);
        spec_take_strv(strv_dup(args->task_nodes), &step->n_task_nodes,
                       &step->task_nodes);
    }
}

int step_spec_build(const struct job_args *args, char *const *env, char *const *argv,
                    bool in_job, Berth__StepSpec **ret_spec, struct err *err)
{
    cleanup(step_freep) Berth__StepSpec *step = xmalloc(sizeof(*step));
    const char *name = strrchr(argv[0], '/');
    char **vars;
    int rc;

    berth__step_spec__init(step);
    rc = copy_place(args->spec, step, err);
    if (rc == 0)
        rc = export_env(args->export, env, 0, &vars, err);
    if (rc < 0)
        return rc;
    spec_take_strv(vars, &step->n_env, &step->env);
    spec_take_strv(strv_dup(argv), &step->n_argv, &step->argv);
    step->umask = spec_umask();
    step->n_rlimits = spec_rlimits(args->propagate, &step->rlimits);
    /* A new allocation is exactly what was asked for: the step fills it. */
    if (in_job)
        step_copy_parts(args, step);
    if (args->multi_prog && step_read_programs(argv[0], step, err))
        return -err->code;
    copy_binding(args, step);
    copy_string(&step->mpi, args->mpi); /* else the lead decides by the tasks */
    copy_string(&step->name, args->spec->name[0] ? args->spec->name
                             : name              ? name + 1
                                                 : argv[0]);
    if (in_job && (args->spec->container->image[0] != '\0' ||
                   args->spec->container->name[0] != '\0'))
        step->container = copy_container(args->spec->container);
    copy_ends(args, in_job, step);
    step->overlap = args->overlap;
    if (args->external_launcher || launcher_is_meant(argv[0], env))
        launcher_fill(args, step);
    *ret_spec = take(step);
    return 0;
}
