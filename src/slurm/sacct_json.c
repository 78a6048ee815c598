/* SPDX-License-Identifier: Apache-2.0
 *
 * sacct_json.c - the history in Slurm's JSON (data_parser v0.0.41)
 */
#include "slurm/sacct_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "slurm/job_row.h"
#include "slurm/json.h"
#include "slurm/states.h"
#include "slurm/words.h"

#define USEC 1000000
#define SIGKILL_LAST 64 /* what is above is none: 125 stands for lack of memory */

static void set(json_t *doc, const char *name, json_t *value)
{
    json_object_set_new(doc, name, value);
}

/* ------------------------------------------------------------------ shapes */

/* No word that Slurm does not have. */
static json_t *state_of(const char *ours)
{
    const char *state = state_long(ours);

    return json_flag(state ? state : "RUNNING");
}

static json_t *exit_of(int code, int signal, bool has_ended)
{
    const char *status = signal      ? "SIGNALED"
                         : code      ? "ERROR"
                         : has_ended ? "SUCCESS"
                                     : "PENDING";

    return json_pack("{s:[s],s:o,s:{s:o,s:s}}", "status", status, "return_code",
                     json_number(code), "signal", "id",
                     json_number_if(signal <= SIGKILL_LAST ? signal : 0), "name", "");
}

static json_t *cpu_time(uint64_t usec)
{
    return json_pack("{s:I,s:I}", "seconds", (json_int_t)(usec / USEC), "microseconds",
                     (json_int_t)(usec % USEC));
}

static void add_cpu_times(json_t *times, uint64_t user, uint64_t system)
{
    set(times, "user", cpu_time(user));
    set(times, "system", cpu_time(system));
    set(times, "total", cpu_time(user + system));
}

/* ------------------------------------------------------------------ TRES */

/* Slurm's numbers for what every cluster counts. */
static int tres_id(const char *type)
{
    static const struct {
        const char *type;
        int id;
    } ids[] = {{"cpu", 1}, {"mem", 2}, {"node", 4}, {"billing", 5}};

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        if (strcmp(ids[i].type, type) == 0)
            return ids[i].id;
    return 1001;
}

/* "8G" of memory are MiB, all else plain numbers. */
static int64_t tres_count(const char *type, const char *text)
{
    uint64_t bytes;
    int64_t n;

    if (strcmp(type, "mem") == 0)
        return size_parse(text, 1 << 20, &bytes, NULL) ? 0 : (int64_t)(bytes >> 20);
    return number_parse(text, 0, INT64_MAX, &n, NULL) ? 0 : n;
}

/* "cpu=4,mem=8G,gres/gpu=2" */
static json_t *tres_of(const char *text)
{
    cleanup(strv_freep) char **items = strv_split(text, ",");
    json_t *list = json_array();

    strv_foreach (item, items) {
        char *equals = strchr(*item, '='), *slash = strchr(*item, '/');

        if (!equals)
            continue;
        *equals = '\0';
        if (slash)
            *slash = '\0';
        json_array_append_new(
            list, json_pack("{s:o,s:o,s:i,s:I}", "type", json_text(*item), "name",
                            json_text(slash ? slash + 1 : ""), "id", tres_id(*item),
                            "count", (json_int_t)tres_count(*item, equals + 1)));
    }
    return list;
}

static json_t *one_tres(const char *type, uint64_t count)
{
    return json_pack("{s:s,s:s,s:i,s:I}", "type", type, "name", "", "id", tres_id(type),
                     "count", (json_int_t)count);
}

/* ------------------------------------------------------------------ steps */

static json_t *step_times(const Berth__StepSummary *step, int64_t now)
{
    json_t *times = json_object();
    int64_t start = step->start_usec / USEC, end = step->end_usec / USEC;

    set(times, "start", json_number_if(start));
    set(times, "end", json_number_if(end));
    set(times, "elapsed", json_integer(start ? (end ? end : now) - start : 0));
    set(times, "suspended", json_integer(0));
    add_cpu_times(times, step->user_usec, step->system_usec);
    return times;
}

/* "17.0", "17.batch", and what it is called. */
static json_t *step_id(const Berth__HistoryJob *job, const Berth__StepSummary *step)
{
    bool is_batch = step->step_id < 0;
    char id[48];

    if (is_batch)
        snprintf(id, sizeof(id), "%" PRIu32 ".batch", job->job_id);
    else
        snprintf(id, sizeof(id), "%" PRIu32 ".%" PRId64, job->job_id, step->step_id);
    return json_pack("{s:s,s:o}", "id", id, "name",
                     json_text(is_batch ? "batch" : step->name));
}

/* What was used, by task as Slurm has it; ours is the largest, which is all of them. */
static json_t *step_tres(const Berth__StepSummary *step)
{
    json_t *used = json_pack(
        "[o,o]", one_tres("mem", step->max_rss * 1024),
        one_tres("cpu", (step->user_usec + step->system_usec) / (USEC / 1000)));

    return json_pack("{s:{s:o,s:[],s:[],s:[]},s:{s:[],s:[],s:[],s:[]},s:[o,o]}",
                     "consumed", "max", used, "min", "average", "total", "requested",
                     "max", "min", "average", "total", "allocated",
                     one_tres("cpu", step->cpus), one_tres("node", step->n_nodes));
}

static json_t *step_json(const Berth__HistoryJob *job, const Berth__StepSummary *step,
                         int64_t now)
{
    json_t *doc = json_object();

    set(doc, "step", step_id(job, step));
    set(doc, "time", step_times(step, now));
    set(doc, "state", state_of(step->state));
    set(doc, "exit_code",
        exit_of(step->exit_code, step->exit_signal, step->end_usec != 0));
    set(doc, "nodes",
        json_pack("{s:I,s:o,s:[]}", "count", (json_int_t)step->n_nodes, "range",
                  json_text(step->nodes), "list"));
    set(doc, "tasks", json_pack("{s:I}", "count", (json_int_t)step->tasks));
    set(doc, "submit_line", json_text(step->command));
    set(doc, "tres", step_tres(step));
    return doc;
}

void sacct_json_add_steps(json_t *doc, const Berth__HistoryJob *job, int64_t now)
{
    json_t *steps = json_object_get(doc, "steps");

    for (size_t i = 0; i < job->n_steps; i++)
        json_array_append_new(steps, step_json(job, job->steps[i], now));
}

/* ------------------------------------------------------------------ jobs */

static void add_identity(json_t *doc, const Berth__HistoryJob *job, const char *cluster)
{
    json_t *task = job->array_job ? json_number(job->array_task) : json_number_if(0);
    json_t *offset = job->het_leader ? json_number(job->het_offset) : json_number_if(0);

    set(doc, "job_id", json_integer(job->job_id));
    set(doc, "array",
        json_pack("{s:I,s:o,s:o}", "job_id", (json_int_t)job->array_job, "task_id",
                  task, "task", json_text(job->array)));
    set(doc, "het",
        json_pack("{s:I,s:o}", "job_id", (json_int_t)job->het_leader, "job_offset",
                  offset));
    set(doc, "name", json_text(job->name));
    set(doc, "user", json_text(job->user));
    set(doc, "group", json_text(group_name(job->gid)));
    set(doc, "account", json_text(job->account));
    set(doc, "association",
        json_pack("{s:o,s:o,s:s,s:o}", "account", json_text(job->account), "cluster",
                  json_text(cluster), "partition", "", "user", json_text(job->user)));
    set(doc, "cluster", json_text(cluster));
    set(doc, "partition", json_text(job->partition));
    set(doc, "qos", json_text(job->qos));
    set(doc, "constraints", json_text(job->constraint));
    set(doc, "container", json_text(job->image));
    set(doc, "reservation",
        json_pack("{s:i,s:o}", "id", 0, "name", json_text(job->reservation)));
    set(doc, "wckey", json_pack("{s:o,s:[]}", "wckey", json_text(job->wckey), "flags"));
    set(doc, "comment",
        json_pack("{s:s,s:o,s:s}", "administrator", "", "job", json_text(job->comment),
                  "system", ""));
    set(doc, "working_directory", json_text(job->work_dir));
    set(doc, "submit_line", json_text(job->submit_line));
}

static void add_end(json_t *doc, const Berth__HistoryJob *job)
{
    bool has_ended = job->end_time != 0;

    set(doc, "state",
        json_pack("{s:o,s:o}", "current", state_of(job->state), "reason",
                  json_text(job->reason[0] ? job->reason : "None")));
    set(doc, "exit_code", exit_of(job->exit_code, job->exit_signal, has_ended));
    set(doc, "derived_exit_code",
        exit_of(job->derived_code, job->derived_signal, has_ended));
    set(doc, "kill_request_user", json_text(job->cancelled_name));
    set(doc, "restart_cnt", json_integer(job->run));
}

static void add_times(json_t *doc, const Berth__HistoryJob *job, int64_t now)
{
    json_t *times = json_object();
    int64_t end = job->end_time ? job->end_time : now;

    set(times, "submission", json_integer(job->submit_time));
    set(times, "eligible", json_integer(job->eligible_time));
    set(times, "start", json_integer(job->start_time));
    set(times, "end", json_integer(job->end_time));
    set(times, "suspended", json_integer(job->suspended));
    set(times, "elapsed",
        json_integer(job->start_time ? end - job->start_time - job->suspended : 0));
    set(times, "limit", json_limit(job->time_limit));
    add_cpu_times(times, job->user_usec, job->system_usec);
    set(doc, "time", times);
}

json_t *sacct_json(const Berth__HistoryJob *job, const char *cluster, int64_t now)
{
    json_t *doc = json_object();

    add_identity(doc, job, cluster);
    add_end(doc, job);
    add_times(doc, job, now);
    set(doc, "nodes", json_text(job->nodes));
    set(doc, "allocation_nodes", json_integer(job->n_nodes));
    set(doc, "priority", json_number_if(job->priority));
    set(doc, "required",
        json_pack("{s:I,s:o}", "CPUs", (json_int_t)job->req_cpus, "memory_per_node",
                  json_number_if(job->req_nodes
                                     ? (int64_t)(job->req_memory / job->req_nodes)
                                     : 0)));
    set(doc, "tres",
        json_pack("{s:o,s:o}", "allocated", tres_of(job->tres_alloc), "requested",
                  tres_of(job->tres_req)));
    set(doc, "steps", json_array());
    sacct_json_add_steps(doc, job, now);
    return doc;
}
