/* SPDX-License-Identifier: Apache-2.0
 *
 * scontrol_job.c - scontrol show job, show step
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/units.h"
#include "cli/cluster_link.h"
#include "slurm/ids.h"
#include "slurm/job_json.h"
#include "slurm/job_row.h"
#include "slurm/load_error.h"
#include "slurm/record.h"
#include "slurm/scontrol.h"
#include "slurm/states.h"
#include "slurm/step_list.h"
#include "slurm/words.h"

/* ------------------------------------------------------------------ one job */

static void put_time_of(struct record *r, const char *key, int64_t when,
                        const char *none)
{
    put_time(record_key(r, key), when, none);
}

/* What a function of job_row.h appends; "(null)" when that is nothing. */
static void put_made(struct record *r, const char *key, const struct job_row *row,
                     void (*put)(const struct job_row *, struct strbuf *))
{
    struct strbuf *out = record_key(r, key);
    size_t before = out->len;

    put(row, out);
    if (out->len == before)
        strbuf_puts(out, "(null)");
}

static void put_array(struct record *r, const struct job_row *row)
{
    const char *indexes = job_row_indexes(row), *percent;

    if (row->record->array_job) {
        record_put(r, "ArrayJobId", "%" PRIu32, row->record->array_job);
        record_put(r, "ArrayTaskId", "%" PRIu32, row->record->array_task);
    } else if (indexes) {
        percent = strchr(indexes, '%');
        record_put(r, "ArrayJobId", "%" PRIu32, row->record->id);
        record_put(r, "ArrayTaskId", "%s", indexes);
        if (percent)
            record_put(r, "ArrayTaskThrottle", "%s", percent + 1);
    }
    if (row->record->het_leader) {
        record_put(r, "HetJobId", "%" PRIu32, row->record->het_leader);
        record_put(r, "HetJobOffset", "%" PRIu32,
                   row->record->id - row->record->het_leader);
    }
}

static void put_identity(struct record *r, const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;

    record_put(r, "JobId", "%" PRIu32, row->record->id);
    put_array(r, row);
    record_put(r, "JobName", "%s", spec->name);
    record_line(r);
    record_put(r, "UserId", "%s(%" PRIu32 ")", spec->user, spec->uid);
    record_put(r, "GroupId", "%s(%" PRIu32 ")", group_name(spec->gid), spec->gid);
    record_put(r, "MCS_label", "N/A");
    record_line(r);
    record_put(r, "Priority", "%" PRId64, job_row_priority(row));
    record_put(r, "Nice", "%d", spec->nice);
    record_text(r, "Account", spec->account);
    record_text(r, "QOS", spec->qos);
    record_line(r);
}

static void put_state(struct record *r, const struct job_row *row, int details)
{
    const Berth__JobRecord *record = row->record;
    const char *state = state_long(row->info->state);

    record_put(r, "JobState", "%s", state ? state : "RUNNING");
    record_put(r, "Reason", "%s", job_row_reason(row));
    record_text(r, "Dependency", row->spec->dependency);
    record_line(r);
    record_put(r, "Requeue", "%d", strcmp(row->spec->requeue, "no") != 0);
    record_put(r, "Restarts", "%" PRIu32, record->restarts);
    record_put(r, "BatchFlag", "%d", !row->spec->interactive);
    record_put(r, "Reboot", "0");
    record_put(r, "ExitCode", "%d:%d", record->exit_code, record->exit_signal);
    record_line(r);
    if (!details)
        return;
    record_put(r, "DerivedExitCode", "%d:0", record->exit_code);
    record_line(r);
}

static void put_limits(struct record *r, const struct job_row *row)
{
    int64_t limit = row->info->time_limit;

    put_clock(record_key(r, "RunTime"), job_row_elapsed(row));
    if (limit == TIME_UNLIMITED)
        record_put(r, "TimeLimit", "UNLIMITED");
    else
        put_clock(record_key(r, "TimeLimit"), limit);
    if (row->spec->time_min)
        put_clock(record_key(r, "TimeMin"), row->spec->time_min);
    else
        record_put(r, "TimeMin", "N/A");
    record_line(r);
}

static void put_times(struct record *r, const struct job_row *row)
{
    const Berth__JobRecord *record = row->record;
    int64_t start = job_row_is_pending(row) ? row->start : record->start_time;

    put_time_of(r, "SubmitTime", record->submit_time, "Unknown");
    put_time_of(r, "EligibleTime", record->eligible_time, "Unknown");
    record_line(r);
    put_time_of(r, "AccrueTime", record->eligible_time, "Unknown");
    record_line(r);
    put_time_of(r, "StartTime", start, "Unknown");
    put_time_of(r, "EndTime", job_row_end(row), "Unknown");
    put_time_of(r, "Deadline", row->spec->deadline, "N/A");
    record_line(r);
    put_time_of(r, "SuspendTime", record->suspended_at, "None");
    record_put(r, "SecsPreSuspend", "%" PRId64, record->suspended_for);
    put_time_of(r, "LastSchedEval", record->start_time, "Unknown");
    record_put(r, "Scheduler", "Main");
    record_line(r);
}

static void put_place(struct record *r, const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;

    record_put(r, "Partition", "%s", spec->partition);
    record_put(r, "AllocNode:Sid", "%s:0",
               spec->submit_host[0] ? spec->submit_host : "localhost");
    record_line(r);
    record_text(r, "ReqNodeList", spec->nodelist);
    record_text(r, "ExcNodeList", spec->exclude);
    record_line(r);
    record_put(r, "NodeList", "%s", row->info->nodes);
    record_line(r);
    if (row->info->lead[0]) {
        record_put(r, "BatchHost", "%s", row->info->lead);
        record_line(r);
    }
}

static void put_amounts(struct record *r, const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;

    record_put(r, "NumNodes", "%" PRIu32, job_row_nodes(row));
    record_put(r, "NumCPUs", "%" PRIu32, row->info->cpus);
    record_put(r, "NumTasks", "%" PRIu32, job_row_tasks(row));
    record_put(r, "CPUs/Task", "%" PRIu32,
               spec->cpus_per_task ? spec->cpus_per_task : 1);
    record_put(r, "ReqB:S:C:T", "0:0:*:*");
    record_line(r);
    put_made(r, "ReqTRES", row, job_row_put_tres);
    record_line(r);
    if (row->info->n_nodes)
        put_made(r, "AllocTRES", row, job_row_put_tres);
    else
        record_put(r, "AllocTRES", "(null)");
    record_line(r);
    record_put(r, "Socks/Node", "*");
    record_put(r, "NtasksPerN:B:S:C", "%" PRIu32 ":0:*:*", spec->tasks_per_node);
    record_put(r, "CoreSpec", "*");
    record_line(r);
}

/* Which cores and how much memory of each node: -d. */
static void put_shares(struct record *r, const struct job_row *row)
{
    const Berth__Placement *placement = row->record->placement;

    record_text(r, "JOB_GRES", row->spec->gres);
    record_line(r);
    for (size_t i = 0; placement && i < placement->n_shares; i++) {
        const Berth__NodeShare *share = placement->shares[i];

        if (!r->one_line)
            strbuf_puts(&r->text, "  ");
        record_put(r, "Nodes", "%s", share->node);
        record_put(r, "CPU_IDs", "%s", share->cores);
        record_put(r, "Mem", "%" PRIu64, share->memory);
        record_put(r, "GRES", "%s", share->devices);
        record_line(r);
    }
}

static void put_wishes(struct record *r, const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;
    bool is_per_cpu;
    uint64_t memory = job_row_memory(row, &is_per_cpu);

    record_put(r, "MinCPUsNode", "%" PRIu32,
               spec->cpus_per_task ? spec->cpus_per_task : 1);
    put_size(record_key(r, is_per_cpu ? "MinMemoryCPU" : "MinMemoryNode"), memory, 'M',
             SIZE_EXACT);
    record_put(r, "MinTmpDiskNode", "0");
    record_line(r);
    record_text(r, "Features", spec->constraint);
    record_put(r, "DelayBoot", "00:00:00");
    record_line(r);
    record_put(r, "OverSubscribe", "%s", job_row_sharing(row));
    record_put(r, "Contiguous", "%d", spec->contiguous);
    record_text(r, "Licenses", spec->licences);
    record_text(r, "Network", NULL);
    record_line(r);
}

/* Lines that only some jobs have. */
static void put_optional(struct record *r, const char *key, const char *text)
{
    if (!text[0])
        return;
    record_line(r);
    record_put(r, key, "%s", text);
}

static void put_files(struct record *r, const struct job_row *row)
{
    const Berth__JobSpec *spec = row->spec;
    struct strbuf tres = STRBUF_INIT;

    put_made(r, "Command", row, job_row_put_command);
    record_line(r);
    record_put(r, "WorkDir", "%s", spec->cwd);
    put_optional(r, "Comment", spec->comment);
    put_optional(r, "Reservation", spec->reservation);
    if (!spec->interactive) {
        record_line(r);
        put_made(r, "StdErr", row, job_row_put_error);
        record_line(r);
        record_put(r, "StdIn", "%s", spec->input[0] ? spec->input : "/dev/null");
        record_line(r);
        put_made(r, "StdOut", row, job_row_put_output);
    }
    job_row_put_tres_per_node(row, &tres);
    put_optional(r, "TresPerNode", tres.s ? tres.s : "");
    strbuf_fini(&tres);
    if (spec->container)
        put_optional(r, "Container", spec->container->image);
}

static void print_job(const struct scontrol *sc, const struct job_row *row)
{
    struct record r = {.one_line = sc->one_line};

    put_identity(&r, row);
    put_state(&r, row, sc->details);
    put_limits(&r, row);
    put_times(&r, row);
    put_place(&r, row);
    put_amounts(&r, row);
    if (sc->details)
        put_shares(&r, row);
    put_wishes(&r, row);
    put_files(&r, row);
    record_print(&r);
}

/* ------------------------------------------------------------------ which jobs */

struct shown {
    const struct scontrol *sc;
    size_t n;
};

static int on_page(const Berth__JobList *page, void *ctx)
{
    struct shown *shown = ctx;
    int64_t now = time(NULL);

    for (size_t i = 0; i < page->n_jobs; i++) {
        struct job_row row = job_row_of(page->jobs[i], now, "");

        row.start = page->jobs[i]->promised;
        if (!job_row_is_job(&row))
            continue;
        shown->n++;
        print_job(shown->sc, &row);
    }
    return 0;
}

static int no_job(const char *what)
{
    if (!what) {
        printf("No jobs in the system\n");
        return SLURM_OK;
    }
    fprintf(stderr, "slurm_load_jobs error: Invalid job id specified\n");
    return SLURM_FAILED;
}

static int show_jobs(struct scontrol *sc, const char *what, Berth__JobQuery *query)
{
    struct shown shown = {.sc = sc};
    struct berth_err err;
    int rc;

    query->with_wishes = true;
    rc = berth_job_pages(sc->berth, query, on_page, &shown, &err);
    if (rc < 0 && rc != -ESRCH)
        return load_error("slurm_load_jobs", &err);
    return shown.n ? SLURM_OK : no_job(what);
}

int scontrol_show_job(struct scontrol *sc, const char *word, int argc, char **argv)
{
    cleanup(job_names_fini) struct job_names names = {0};
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    const char *what = argc > 0 ? argv[0] : NULL;

    (void)word;
    if (scontrol_open(sc))
        return SLURM_FAILED;
    if (what && ids_parse(what, &names, NULL))
        return no_job(what);
    query.all = true;
    query.ids = names.ids;
    query.n_ids = names.n;
    query.elements = names.elements;
    query.n_elements = names.n;
    return sc->form ? job_json_list(sc->berth, &query, sc->form)
                    : show_jobs(sc, what, &query);
}

/* ------------------------------------------------------------------ steps */

static void print_step(const struct step_row *row, void *ctx)
{
    struct shown *shown = ctx;
    struct record r = {.one_line = shown->sc->one_line};
    const struct job_row *job = row->job;

    shown->n++;
    step_row_put_id(row, record_key(&r, "StepId"));
    record_put(&r, "UserId", "%" PRIu32, job->spec->uid);
    put_time_of(&r, "StartTime", step_row_start(row), "Unknown");
    put_limit(record_key(&r, "TimeLimit"), job->info->time_limit, "UNLIMITED");
    record_line(&r);
    record_put(&r, "State", "RUNNING");
    record_put(&r, "Partition", "%s", job->spec->partition);
    record_put(&r, "NodeList", "%s", row->nodes);
    record_line(&r);
    record_put(&r, "Nodes", "%zu", row->step ? row->step->n_nodes : (size_t)1);
    record_put(&r, "CPUs", "%" PRIu32, step_row_tasks(row));
    record_put(&r, "Tasks", "%" PRIu32, step_row_tasks(row));
    record_put(&r, "Name", "%s", step_row_name(row));
    record_text(&r, "Network", NULL);
    record_print(&r);
}

int scontrol_show_step(struct scontrol *sc, const char *word, int argc, char **argv)
{
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    struct shown shown = {.sc = sc};
    struct step_list list = {.query = &query,
                             .only = argc > 0 ? argv[0] : NULL,
                             .cluster = "",
                             .each = print_step,
                             .ctx = &shown};
    struct berth_err err;

    (void)word;
    if (scontrol_open(sc))
        return SLURM_FAILED;
    list.berth = sc->berth;
    if (step_list_run(&list, &err) < 0)
        return load_error("slurm_get_job_steps", &err);
    if (shown.n)
        return SLURM_OK;
    if (list.only)
        printf("Job step %s not found\n", list.only);
    else
        printf("No job steps in the system\n");
    return list.only ? SLURM_FAILED : SLURM_OK;
}
