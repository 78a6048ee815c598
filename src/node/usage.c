/* SPDX-License-Identifier: Apache-2.0
 *
 * usage.c - what jobs use here, now, for whoever asks
 *
 * Sums are for everybody, as a cluster's load is; processes for their owner and root.
 * Where there are no control groups, what living processes tell is added up.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cgroup/cgroup.h"
#include "node/groups.h"
#include "node/processes.h"
#include "node/shepherd_priv.h"
#include "wire/pack.h"

#define PROCESSES_MAX 1000 /* of a step, in an answer */

struct answer {
    struct node *node;
    const Berth__UsageQuery *query;
    uid_t asker;
    Berth__UsageList list;
};

/* ------------------------------------------------------------------- a step's */

static void fill_usage(Berth__Usage *to, const struct berth_cgroup_usage *from)
{
    to->user_usec = from->user_usec;
    to->system_usec = from->system_usec;
    to->memory = from->memory;
    to->memory_peak = from->memory_peak;
    to->memory_limit = from->memory_limit;
    to->anon = from->anon;
    to->shmem = from->shmem;
    to->file = from->file;
    to->swap = from->swap;
    to->read_bytes = from->read_bytes;
    to->write_bytes = from->write_bytes;
    to->processes = from->pids;
    to->processes_peak = from->pids_peak;
    to->cpu_pressure = from->cpu_pressure;
    to->memory_pressure = from->memory_pressure;
    to->io_pressure = from->io_pressure;
    to->oom_kills = from->oom_kills;
}

static Berth__Usage *usage_create(void)
{
    Berth__Usage *usage = xcalloc(1, sizeof(*usage));

    berth__usage__init(usage);
    return usage;
}

static size_t processes_of(const struct shepherd *shepherd, const char *path,
                           pid_t **ret)
{
    size_t n = 0;

    if (!cgroup_processes(shepherd->node->cgroup, path, ret, &n))
        return n;
    return processes_below(shepherd->process.pid, ret);
}

static int by_memory(const void *a, const void *b)
{
    const struct process_stat *x = a, *y = b;

    return x->memory < y->memory ? 1 : x->memory > y->memory ? -1 : 0;
}

static Berth__ProcessUsage *process_create(const struct process_stat *stat)
{
    Berth__ProcessUsage *process = xcalloc(1, sizeof(*process));

    berth__process_usage__init(process);
    process->pid = (uint32_t)stat->pid;
    process->memory = stat->memory;
    process->cpu_usec = stat->user_usec + stat->system_usec;
    process->state = xasprintf("%c", stat->state);
    process->command = xstrdup(stat->command);
    return process;
}

static void add_processes(const struct answer *answer, Berth__StepUsage *step,
                          const struct process_stat *stats, size_t n)
{
    size_t most = answer->query->processes;

    most = most < PROCESSES_MAX ? most : PROCESSES_MAX;
    step->n_processes = n < most ? n : most;
    step->processes = xcalloc(step->n_processes, sizeof(*step->processes));
    for (size_t i = 0; i < step->n_processes; i++)
        step->processes[i] = process_create(&stats[i]);
}

static void add_up(Berth__Usage *usage, const struct process_stat *stats, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        usage->user_usec += stats[i].user_usec;
        usage->system_usec += stats[i].system_usec;
        usage->memory += stats[i].memory;
    }
    usage->anon = usage->memory;
    usage->processes = (uint32_t)n;
}

/* Each process costs a look into /proc: only when they are asked for, or when
 * nothing else is known. */
static void look_at_processes(const struct answer *answer,
                              const struct shepherd *shepherd, const char *path,
                              Berth__StepUsage *step)
{
    bool is_theirs = answer->asker == 0 || answer->asker == shepherd->uid;
    cleanup(freep) pid_t *pids = NULL;
    cleanup(freep) struct process_stat *stats = NULL;
    size_t n_pids, n = 0;

    if (answer->node->cgroup && (!answer->query->processes || !is_theirs))
        return;
    n_pids = processes_of(shepherd, path, &pids);
    stats = xcalloc(n_pids, sizeof(*stats));
    for (size_t i = 0; i < n_pids; i++)
        if (process_stat_read(pids[i], &stats[n]))
            n++;
    if (!answer->node->cgroup)
        add_up(step->usage, stats, n);
    qsort(stats, n, sizeof(*stats), by_memory);
    if (is_theirs)
        add_processes(answer, step, stats, n);
}

/* 'container' is one of a pod's; NULL: the step's only one. */
static Berth__StepUsage *step_create(const struct answer *answer,
                                     const struct shepherd *shepherd,
                                     const char *container)
{
    cleanup(freep) char *own =
        groups_path(shepherd->job, shepherd->epoch, shepherd->step);
    cleanup(freep) char *path =
        xasprintf("%s%s%s", own, container ? "/" : "", container ? container : "");
    Berth__StepUsage *step = xcalloc(1, sizeof(*step));
    struct berth_cgroup_usage usage;

    berth__step_usage__init(step);
    step->step_id = shepherd->step;
    step->usage = usage_create();
    step->container = xstrdup(container ? container : "");
    if (!cgroup_usage(answer->node->cgroup, path, &usage))
        fill_usage(step->usage, &usage);
    look_at_processes(answer, shepherd, path, step);
    return step;
}

/* -------------------------------------------------------------------- a job's */

static void add_to_total(Berth__Usage *total, const Berth__Usage *usage)
{
    total->user_usec += usage->user_usec;
    total->system_usec += usage->system_usec;
    total->memory += usage->memory;
    total->anon += usage->anon;
    total->processes += usage->processes;
}

static void fill_total(const struct answer *answer, Berth__JobUsage *job)
{
    cleanup(freep) char *path = xasprintf("job_%u.%u/work", job->job_id, job->epoch);
    struct berth_cgroup_usage usage;

    job->total = usage_create();
    if (!cgroup_usage(answer->node->cgroup, path, &usage)) {
        fill_usage(job->total, &usage);
        return;
    }
    for (size_t i = 0; i < job->n_steps; i++)
        add_to_total(job->total, job->steps[i]->usage);
}

static bool is_asked_for(const Berth__UsageQuery *query, uint32_t job)
{
    for (size_t i = 0; i < query->n_jobs; i++)
        if (query->jobs[i] == job)
            return true;
    return query->n_jobs == 0;
}

static Berth__JobUsage *job_of(struct answer *answer, const struct shepherd *shepherd)
{
    Berth__UsageList *list = &answer->list;
    Berth__JobUsage *job;

    for (size_t i = 0; i < list->n_jobs; i++)
        if (list->jobs[i]->job_id == shepherd->job &&
            list->jobs[i]->epoch == shepherd->epoch)
            return list->jobs[i];
    job = xcalloc(1, sizeof(*job));
    berth__job_usage__init(job);
    job->job_id = shepherd->job;
    job->epoch = shepherd->epoch;
    job->uid = shepherd->uid;
    list->jobs = xrealloc(list->jobs, list->n_jobs + 1, sizeof(*list->jobs));
    list->jobs[list->n_jobs++] = job;
    return job;
}

static void append(Berth__JobUsage *job, Berth__StepUsage *step)
{
    job->steps = xrealloc(job->steps, job->n_steps + 1, sizeof(*job->steps));
    job->steps[job->n_steps++] = step;
}

/* A pod is told by its containers: each has a group below that of its lead. */
static bool add_containers(struct answer *answer, const struct shepherd *shepherd,
                           Berth__JobUsage *job)
{
    cleanup(freep) char *path =
        groups_path(shepherd->job, shepherd->epoch, shepherd->step);
    cleanup(strv_freep) char **names = shepherd->step == STEP_LEAD
                                           ? cgroup_children(answer->node->cgroup, path)
                                           : NULL;

    strv_foreach (name, names)
        if (strcmp(*name, GROUPS_SANDBOX) != 0)
            append(job, step_create(answer, shepherd, *name));
    return names != NULL;
}

static void add_step(struct answer *answer, const struct shepherd *shepherd)
{
    Berth__JobUsage *job = job_of(answer, shepherd);

    if (!add_containers(answer, shepherd, job))
        append(job, step_create(answer, shepherd, NULL));
    job->frozen |= shepherd->is_frozen;
}

/* --------------------------------------------------------------------- answer */

static void free_jobs(Berth__UsageList *list)
{
    for (size_t i = 0; i < list->n_jobs; i++)
        free_message(list->jobs[i]);
    free(list->jobs);
}

static int64_t now_usec(void)
{
    struct timeval now;

    (void)gettimeofday(&now, NULL);
    return (int64_t)now.tv_sec * 1000000 + now.tv_usec;
}

void usage_query(struct node *node, struct channel *from, const Berth__Envelope *env)
{
    struct answer answer = {
        .node = node, .query = env->usage_query, .asker = channel_peer(from)->uid};
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    const struct shepherd *shepherd;

    berth__usage_list__init(&answer.list);
    for (shepherd = node->shepherds; shepherd; shepherd = shepherd->hh.next)
        if (is_asked_for(answer.query, shepherd->job))
            add_step(&answer, shepherd);
    for (size_t i = 0; i < answer.list.n_jobs; i++)
        fill_total(&answer, answer.list.jobs[i]);
    answer.list.node = node->self->name;
    answer.list.usec = now_usec();
    answer.list.load = node_load();
    answer.list.memory_free = node_memory_free() << 20;
    answer.list.source = (char *)(uintptr_t)cgroup_plugin(node->cgroup);
    reply.id = env->id;
    reply.reply = true;
    reply.body_case = BERTH__ENVELOPE__BODY_USAGE_LIST;
    reply.usage_list = &answer.list;
    channel_send(from, &reply);
    free_jobs(&answer.list);
}
