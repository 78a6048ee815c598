/* SPDX-License-Identifier: Apache-2.0
 *
 * taskenv.c - what a script or a task finds in its environment
 */
#include "shepherd/taskenv.h"

#include "base/bitset.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define CORES_MAX 65536

void taskenv_put(char ***env, const char *name, const char *fmt, ...)
{
    char *value = NULL;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vasprintf(&value, fmt, ap);
    va_end(ap);
    if (n >= 0)
        strv_setenv(env, name, value);
    free(value);
}

/* One value under Berth's name and Slurm's. */
static void set_both(char ***env, const char *name, const char *value)
{
    cleanup(freep) char *berth = xasprintf("BERTH_%s", name);
    cleanup(freep) char *slurm = xasprintf("SLURM_%s", name);

    strv_setenv(env, berth, value);
    strv_setenv(env, slurm, value);
}

static void set_both_number(char ***env, const char *name, uint64_t value)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    set_both(env, name, text);
}

void taskenv_set(char ***env, const char *pair)
{
    const char *eq = strchr(pair, '=');
    cleanup(freep) char *name = xstrndup(pair, eq ? (size_t)(eq - pair) : strlen(pair));

    if (eq)
        strv_setenv(env, name, eq + 1);
}

/* Each "NAME=VALUE" of 'list'. */
static void set_all(char ***env, char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        taskenv_set(env, list[i]);
}

void taskenv_image(char ***env, char *const *image_env, const char *digest,
                   const Berth__ContainerSpec *spec)
{
    const char *made_in = strv_getenv(*env, "BERTH_IMAGE_DIGEST");

    if (!digest) {
        strv_unsetenv(*env, "BERTH_IMAGE_DIGEST");
        if (spec && !strv_getenv(*env, "BERTH_JOB_ID"))
            set_all(env, spec->env, spec->n_env);
        return;
    }
    if (made_in && strcmp(made_in, digest) == 0)
        return;
    strv_setenv(env, "BERTH_IMAGE_DIGEST", digest);
    strv_setenv(env, "PATH", DEFAULT_PATH);
    strv_unsetenv(*env, "LD_LIBRARY_PATH");
    strv_unsetenv(*env, "LD_PRELOAD");
    strv_setenv(env, "TMPDIR", "/tmp");
    set_all(env, image_env, strv_len(image_env));
    if (spec)
        set_all(env, spec->env, spec->n_env);
}

static uint32_t count_cores(const char *cores)
{
    cleanup(bitset_destroyp) struct bitset *set_of = NULL;

    if (bitset_parse(cores, CORES_MAX, &set_of, NULL))
        return 0;
    return (uint32_t)bitset_count(set_of);
}

static void job_nodes(char ***env, const Berth__Placement *placement)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *list = NULL;
    cleanup(freep) char *tasks_text = NULL;
    cleanup(freep) char *cpus_text = NULL;
    cleanup(freep) uint32_t *tasks = xcalloc(placement->n_shares, sizeof(*tasks));
    cleanup(freep) uint32_t *cpus = xcalloc(placement->n_shares, sizeof(*cpus));

    for (size_t i = 0; i < placement->n_shares; i++) {
        strv_add(&names, placement->shares[i]->node);
        tasks[i] = placement->shares[i]->tasks;
        cpus[i] = count_cores(placement->shares[i]->cores);
    }
    list = hostlist_compress(names);
    tasks_text = counts_format(tasks, placement->n_shares);
    cpus_text = counts_format(cpus, placement->n_shares);
    set_both(env, "JOB_NODELIST", list);
    set_both(env, "NODELIST", list);
    set_both(env, "TASKS_PER_NODE", tasks_text);
    set_both(env, "JOB_CPUS_PER_NODE", cpus_text);
    set_both_number(env, "JOB_NUM_NODES", placement->n_shares);
    set_both_number(env, "NNODES", placement->n_shares);
}

static void job_sizes(char ***env, const Berth__JobSpec *spec,
                      const Berth__Placement *placement)
{
    uint64_t tasks = 0;

    for (size_t i = 0; i < placement->n_shares; i++)
        tasks += placement->shares[i]->tasks;
    set_both_number(env, "NTASKS", tasks);
    set_both_number(env, "NPROCS", tasks);
    if (spec->cpus_per_task)
        set_both_number(env, "CPUS_PER_TASK", spec->cpus_per_task);
    if (spec->tasks_per_node)
        set_both_number(env, "NTASKS_PER_NODE", spec->tasks_per_node);
    if (spec->mem_per_node)
        set_both_number(env, "MEM_PER_NODE", spec->mem_per_node);
    if (spec->mem_per_cpu)
        set_both_number(env, "MEM_PER_CPU", spec->mem_per_cpu);
}

/* What was asked for beyond sizes, where something was. */
static void job_wishes(char ***env, const Berth__JobSpec *spec)
{
    const struct {
        const char *name, *text;
    } texts[] = {
        {"JOB_ACCOUNT", spec->account},
        {"JOB_QOS", spec->qos},
        {"JOB_RESERVATION", spec->reservation},
        {"JOB_DEPENDENCY", spec->dependency},
        {"JOB_LICENSES", spec->licences},
        {"DISTRIBUTION", spec->distribution},
        {"CPU_BIND", spec->cpu_bind},
        {"MEM_BIND", spec->mem_bind},
        {"GPU_BIND", spec->gpu_bind},
        {"HINT", spec->hint},
        {"GPUS", spec->gpus},
        {"GPUS_PER_NODE", spec->gpus_per_node},
        {"GPUS_PER_SOCKET", spec->gpus_per_socket},
        {"GPUS_PER_TASK", spec->gpus_per_task},
    };
    const struct {
        const char *name;
        uint64_t n;
    } numbers[] = {
        {"NTASKS_PER_SOCKET", spec->tasks_per_socket},
        {"NTASKS_PER_CORE", spec->tasks_per_core},
        {"NTASKS_PER_GPU", spec->tasks_per_gpu},
        {"THREADS_PER_CORE", spec->threads_per_core},
        {"CPUS_PER_GPU", spec->cpus_per_gpu},
        {"MEM_PER_GPU", spec->mem_per_gpu},
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (texts[i].text[0])
            set_both(env, texts[i].name, texts[i].text);
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (numbers[i].n)
            set_both_number(env, numbers[i].name, numbers[i].n);
}

void taskenv_spec(char ***env, const Berth__JobSpec *spec,
                  const Berth__Placement *placement)
{
    set_both(env, "JOB_NAME", spec->name);
    set_both(env, "JOB_PARTITION", spec->partition);
    set_both(env, "JOB_USER", spec->user);
    set_both(env, "SUBMIT_DIR", spec->cwd);
    set_both(env, "SUBMIT_HOST", spec->submit_host);
    job_sizes(env, spec, placement);
    job_wishes(env, spec);
}

void taskenv_job(char ***env, const Berth__Grant *grant, const char *cluster,
                 uint32_t node, const char *job_dir, const char *tools)
{
    const Berth__Placement *placement = grant->placement;
    const char *path = strv_getenv(*env, "PATH");

    set_both_number(env, "JOB_ID", grant->job_id);
    taskenv_put(env, "SLURM_JOBID", "%u", grant->job_id);
    set_both_number(env, "JOB_UID", grant->uid);
    set_both_number(env, "JOB_GID", grant->gid);
    set_both(env, "CLUSTER_NAME", cluster);
    set_both_number(env, "RESTART_COUNT", grant->epoch - 1);
    job_nodes(env, placement);
    if (node < placement->n_shares) {
        taskenv_put(env, "SLURMD_NODENAME", "%s", placement->shares[node]->node);
        taskenv_put(env, "BERTH_NODE", "%s", placement->shares[node]->node);
        set_both_number(env, "CPUS_ON_NODE",
                        count_cores(placement->shares[node]->cores));
        set_both_number(env, "NODEID", node);
    }
    if (node == 0)
        taskenv_put(env, "BERTH_LEAD", "unix:%s/lead.sock", job_dir);
    else
        strv_unsetenv(*env, "BERTH_LEAD");
    if (!path || !strstr(path, tools))
        taskenv_put(env, "PATH", "%s:%s", tools, path ? path : DEFAULT_PATH);
}

void taskenv_step(char ***env, const Berth__LaunchStep *step)
{
    cleanup(strv_freep) char **names = NULL;
    cleanup(freep) char *list = NULL;
    cleanup(freep) char *counts_text = NULL;
    cleanup(freep) uint32_t *counts = xcalloc(step->n_nodes, sizeof(*counts));
    uint64_t tasks = 0;

    for (size_t i = 0; i < step->n_nodes; i++) {
        strv_add(&names, step->nodes[i]->node);
        counts[i] = (uint32_t)step->nodes[i]->n_ranks;
        tasks += counts[i];
    }
    list = hostlist_compress(names);
    counts_text = counts_format(counts, step->n_nodes);
    set_both_number(env, "STEP_ID", step->step_id);
    taskenv_put(env, "SLURM_STEPID", "%u", step->step_id);
    set_both(env, "STEP_NODELIST", list);
    set_both_number(env, "STEP_NUM_NODES", step->n_nodes);
    set_both_number(env, "STEP_NUM_TASKS", tasks);
    set_both(env, "STEP_TASKS_PER_NODE", counts_text);
    set_both(env, "TASKS_PER_NODE", counts_text);
    set_both_number(env, "NTASKS", tasks);
    set_both_number(env, "NPROCS", tasks);
    set_both_number(env, "NNODES", step->n_nodes);
    if (step->spec->cpus_per_task)
        set_both_number(env, "CPUS_PER_TASK", step->spec->cpus_per_task);
    /* Of an exact step fewer than the job's. */
    if (step->nodes[step->index]->cores[0])
        set_both_number(env, "CPUS_ON_NODE",
                        count_cores(step->nodes[step->index]->cores));
}

void taskenv_task(char ***env, const Berth__LaunchStep *step, uint32_t local)
{
    const Berth__StepNode *node = step->nodes[step->index];

    set_both_number(env, "PROCID", node->ranks[local]);
    set_both_number(env, "LOCALID", local);
    set_both_number(env, "NODEID", step->index);
    if (local < node->n_task_cores && node->task_cores[local][0])
        taskenv_put(env, "BERTH_CORES", "%s", node->task_cores[local]);
}
