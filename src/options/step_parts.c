/* SPDX-License-Identifier: Apache-2.0
 *
 * step_parts.c - what a step asks of its allocation: place, resources, order, programs
 */
#include "options/inherit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "spec/program_spec.h"

#define FILE_MAX ((size_t)16 << 20)
#define WAIT_MAX 4000000 /* seconds: as good as for ever */
#define DEFAULT_OUTPUT "step-%j.%s.out"

static void copy_string(char **field, const char *value)
{
    if (value && value[0] != '\0')
        spec_take_string(field, xstrdup(value));
}

static void copy_place(const struct job_args *args, Berth__StepSpec *step)
{
    const Berth__JobSpec *job = args->spec;

    step->nodes = job->nodes_max ? job->nodes_max : job->nodes_min;
    step->nodes_min = job->nodes_min == step->nodes ? 0 : job->nodes_min;
    step->tasks = job->tasks;
    step->cpus_per_task = job->cpus_per_task;
    step->tasks_per_node = job->tasks_per_node;
    step->relative = args->relative;
    copy_string(&step->nodelist, job->nodelist);
    copy_string(&step->exclude, job->exclude);
}

static void copy_resources(const struct job_args *args, Berth__StepSpec *step)
{
    const Berth__JobSpec *job = args->spec;

    /* srun(1): in an allocation --exclusive means --exact. */
    step->exact = args->exact || job->exclusive || job->exclusive_user;
    step->overcommit = job->overcommit;
    step->mem_per_node = job->mem_per_node;
    step->mem_per_cpu = job->mem_per_cpu;
    step->mem_all = job->mem_all;
    copy_string(&step->gpus, job->gpus);
    copy_string(&step->gpus_per_node, job->gpus_per_node);
    copy_string(&step->gpus_per_task, job->gpus_per_task);
    copy_string(&step->gres, job->gres);
}

static Berth__StepFiles *files_of(const struct job_args *args)
{
    const Berth__JobSpec *job = args->spec;
    Berth__StepFiles *files = xmalloc(sizeof(*files));

    berth__step_files__init(files);
    files->output = xstrdup(job->output[0] ? job->output : DEFAULT_OUTPUT);
    copy_string(&files->error, job->error);
    copy_string(&files->input, job->input);
    files->append = job->append;
    files->label = args->label;
    return files;
}

void step_copy_parts(const struct job_args *args, Berth__StepSpec *step)
{
    copy_place(args, step);
    copy_resources(args, step);
    copy_string(&step->dependency, args->spec->dependency);
    if (args->immediate >= 0)
        step->immediate =
            (uint32_t)(args->immediate < WAIT_MAX ? args->immediate : WAIT_MAX) + 1;
    if (args->async)
        step->files = files_of(args);
}

/* ---------------------------------------------------------------- programs */

static Berth__StepProgram *program_message(struct program *program)
{
    Berth__StepProgram *message = xmalloc(sizeof(*message));

    berth__step_program__init(message);
    message->ranks = take(program->ranks_text);
    spec_take_strv(take(program->argv), &message->n_argv, &message->argv);
    return message;
}

int step_read_programs(const char *path, Berth__StepSpec *step, struct err *err)
{
    cleanup(program_spec_fini) struct program_spec spec = {0};
    cleanup(freep) char *text = NULL;
    int rc = io_read_file(path, FILE_MAX, &text, NULL, err);

    if (!rc)
        rc = program_spec_parse(text, &spec, err) ? err_wrap(err, "%s", path) : 0;
    if (rc)
        return err_wrap(err, "--multi-prog");
    step->programs = xcalloc(spec.n, sizeof(*step->programs));
    for (size_t i = 0; i < spec.n; i++)
        step->programs[step->n_programs++] = program_message(&spec.programs[i]);
    return 0;
}
