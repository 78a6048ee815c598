/* SPDX-License-Identifier: Apache-2.0
 *
 * sacct_fields.c - the fields of sacct(1)
 */
#include "slurm/sacct_fields.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "slurm/job_row.h"
#include "slurm/states.h"
#include "slurm/words.h"

#define USEC 1000000

#define PUT(name) static void put_##name(const void *p, struct strbuf *out)
#define ROW const struct sacct_row *row = p
/* Of the job; its steps show it as well. */
#define TEXT(name, expression)        \
    PUT(name)                         \
    {                                 \
        ROW;                          \
        strbuf_puts(out, expression); \
    }
/* Of the job alone: steps leave it empty. */
#define JOB_TEXT(name, expression)        \
    PUT(name)                             \
    {                                     \
        ROW;                              \
        if (!row->step)                   \
            strbuf_puts(out, expression); \
    }
#define NUMBER(name, expression)                \
    PUT(name)                                   \
    {                                           \
        ROW;                                    \
        put_number(out, (int64_t)(expression)); \
    }
/* What the job and its steps have under the same name. */
#define OF(row, member) ((row)->step ? (row)->step->member : (row)->job->member)

/* ------------------------------------------------------------------ ids */

static void put_step(const struct sacct_row *row, struct strbuf *out)
{
    if (row->step && row->step->step_id < 0)
        strbuf_puts(out, ".batch");
    else if (row->step)
        strbuf_printf(out, ".%" PRId64, row->step->step_id);
}

PUT(id)
{
    ROW;
    const Berth__HistoryJob *job = row->job;

    if (job->array_job)
        strbuf_printf(out, "%" PRIu32 "_%" PRIu32, job->array_job, job->array_task);
    else if (job->het_leader)
        strbuf_printf(out, "%" PRIu32 "+%" PRIu32, job->het_leader, job->het_offset);
    else if (job->array[0])
        strbuf_printf(out, "%" PRIu32 "_[%s]", job->job_id, job->array);
    else
        put_number(out, job->job_id);
    put_step(row, out);
}

PUT(raw_id)
{
    ROW;

    put_number(out, row->job->job_id);
    put_step(row, out);
}

PUT(name)
{
    ROW;

    if (!row->step)
        strbuf_puts(out, row->job->name);
    else
        strbuf_puts(out, row->step->step_id < 0 ? "batch" : row->step->name);
}

/* ------------------------------------------------------------------ states */

/* "CANCELLED by 1000". No word that Slurm does not have. */
PUT(state)
{
    ROW;
    const char *ours = OF(row, state), *state = state_long(ours);

    strbuf_puts(out, state ? state : "RUNNING");
    if (!row->step && row->job->cancelled_by && strcmp(ours, "CANCELLED") == 0)
        strbuf_printf(out, " by %" PRIu32, row->job->cancelled_by - 1);
}

PUT(exit_code)
{
    ROW;

    strbuf_printf(out, "%d:%d", OF(row, exit_code), OF(row, exit_signal));
}

PUT(derived)
{
    ROW;

    if (!row->step)
        strbuf_printf(out, "%d:%d", row->job->derived_code, row->job->derived_signal);
}

/* ------------------------------------------------------------------ times */

static int64_t start_of(const struct sacct_row *row)
{
    return row->step ? row->step->start_usec / USEC : row->job->start_time;
}

static int64_t end_of(const struct sacct_row *row)
{
    return row->step ? row->step->end_usec / USEC : row->job->end_time;
}

static int64_t elapsed_of(const struct sacct_row *row)
{
    int64_t start = start_of(row), end = end_of(row);

    if (!start)
        return 0;
    return (end ? end : row->now) - start - (row->step ? 0 : row->job->suspended);
}

#define TIME(name, expression)                \
    PUT(name)                                 \
    {                                         \
        ROW;                                  \
        put_time(out, expression, "Unknown"); \
    }
TIME(submit, row->job->submit_time)
TIME(eligible, row->job->eligible_time)
TIME(start, start_of(row))
TIME(end, end_of(row))

PUT(elapsed_time)
{
    put_clock(out, elapsed_of(p));
}

PUT(elapsed_raw)
{
    put_number(out, elapsed_of(p));
}

PUT(time_limit)
{
    ROW;

    if (row->step)
        return;
    if (row->job->time_limit == TIME_UNLIMITED)
        strbuf_puts(out, "UNLIMITED");
    else
        put_clock(out, row->job->time_limit);
}

PUT(limit_raw)
{
    ROW;

    if (row->step)
        return;
    if (row->job->time_limit == TIME_UNLIMITED)
        strbuf_puts(out, "UNLIMITED");
    else
        put_number(out, row->job->time_limit / 60);
}

PUT(user_cpu)
{
    ROW;

    put_cpu_time(out, OF(row, user_usec));
}

PUT(system_cpu)
{
    ROW;

    put_cpu_time(out, OF(row, system_usec));
}

PUT(total_cpu)
{
    ROW;

    put_cpu_time(out, OF(row, user_usec) + OF(row, system_usec));
}

PUT(core_time)
{
    ROW;

    put_clock(out, elapsed_of(row) * OF(row, cpus));
}

PUT(cpu_time_raw)
{
    ROW;

    put_number(out, elapsed_of(row) * OF(row, cpus));
}

/* ------------------------------------------------------------------ amounts */

static void put_amount(const struct sacct_row *row, uint64_t n, char unit,
                       struct strbuf *out)
{
    if (n == 0)
        strbuf_putc(out, '0');
    else if (row->unit)
        put_size_in(out, n, unit, row->unit);
    else
        put_size(out, n, unit, unit == 'M' ? SIZE_EXACT : SIZE_PLAIN);
}

/* Of steps: what the job used is its steps' to tell. */
PUT(max_rss)
{
    ROW;

    if (row->step)
        put_amount(row, row->step->max_rss, 'K', out);
}

PUT(disk_read)
{
    ROW;

    if (row->step)
        put_size_in(out, row->step->read_bytes, 0, row->unit ? row->unit : 'M');
}

PUT(disk_write)
{
    ROW;

    if (row->step)
        put_size_in(out, row->step->write_bytes, 0, row->unit ? row->unit : 'M');
}

PUT(req_mem)
{
    ROW;

    if (!row->step)
        put_amount(row, row->job->req_memory, 'M', out);
}

NUMBER(cpus, OF(row, cpus))
NUMBER(req_cpus, row->step ? row->step->cpus : row->job->req_cpus)
NUMBER(n_nodes, OF(row, n_nodes))
NUMBER(uid, row->job->uid)
NUMBER(gid, row->job->gid)

PUT(tasks)
{
    ROW;

    if (row->step)
        put_number(out, row->step->tasks);
}

PUT(priority)
{
    ROW;

    if (!row->step)
        put_number(out, row->job->priority > 0 ? row->job->priority : 1);
}

PUT(restarts)
{
    ROW;

    if (!row->step)
        put_number(out, row->job->run);
}

/* ------------------------------------------------------------------ texts */

TEXT(account, row->job->account)
TEXT(cluster, row->cluster)
TEXT(nodes, OF(row, nodes)[0] ? OF(row, nodes) : "None assigned")
JOB_TEXT(user, row->job->user)
JOB_TEXT(group, group_name(row->job->gid))
JOB_TEXT(partition, row->job->partition)
JOB_TEXT(qos, row->job->qos)
JOB_TEXT(reason, row->job->reason[0] ? row->job->reason : "None")
JOB_TEXT(comment, row->job->comment)
JOB_TEXT(work_dir, row->job->work_dir)
JOB_TEXT(tres_req, row->job->tres_req)
TEXT(tres_alloc, row->step ? "" : row->job->tres_alloc)
JOB_TEXT(submit_line, row->job->submit_line)
JOB_TEXT(constraint, row->job->constraint)
JOB_TEXT(reservation, row->job->reservation)
JOB_TEXT(wckey, row->job->wckey)
JOB_TEXT(image, row->job->image)

PUT(nothing)
{
    (void)p;
    (void)out;
}

/* clang-format off */
static const struct field fields[] = {
#define F(name, put, width) {0, name, name, put_##put, NULL, width, 0}
    F("Account", account, 10), F("AllocCPUS", cpus, 10), F("AllocNodes", n_nodes, 10),
    F("AllocTRES", tres_alloc, 10), F("AveCPU", total_cpu, 10), F("AveRSS", max_rss, 10),
    F("AveVMSize", nothing, 10), F("Cluster", cluster, 10), F("Comment", comment, 14),
    F("Constraints", constraint, 19), F("Container", image, 19),
    F("CPUTime", core_time, 10), F("CPUTimeRAW", cpu_time_raw, 10),
    F("DerivedExitCode", derived, 15), F("Elapsed", elapsed_time, 10),
    F("ElapsedRaw", elapsed_raw, 10), F("Eligible", eligible, 19), F("End", end, 19),
    F("ExitCode", exit_code, 8), F("GID", gid, 6), F("Group", group, 9),
    F("JobID", id, -12), F("JobIDRaw", raw_id, -12), F("JobName", name, 10),
    F("MaxDiskRead", disk_read, 12), F("MaxDiskWrite", disk_write, 12),
    F("MaxRSS", max_rss, 10), F("MaxVMSize", nothing, 10), F("NCPUS", cpus, 10),
    F("NNodes", n_nodes, 8), F("NodeList", nodes, 15), F("NTasks", tasks, 8),
    F("Partition", partition, 10), F("Priority", priority, 10), F("QOS", qos, 10),
    F("Reason", reason, 22), F("ReqCPUS", req_cpus, 8), F("ReqMem", req_mem, 10),
    F("ReqTRES", tres_req, 10), F("Reservation", reservation, 20),
    F("Restarts", restarts, 8), F("Start", start, 19), F("State", state, 10),
    F("Submit", submit, 19), F("SubmitLine", submit_line, 20),
    F("SystemCPU", system_cpu, 10), F("Timelimit", time_limit, 10),
    F("TimelimitRaw", limit_raw, 10), F("TotalCPU", total_cpu, 10), F("UID", uid, 6),
    F("User", user, 9), F("UserCPU", user_cpu, 10), F("WCKey", wckey, 10),
    F("WorkDir", work_dir, 20),
#undef F
};
/* clang-format on */

const struct field_table sacct_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "field"};
