/* SPDX-License-Identifier: Apache-2.0
 *
 * job_fields.c - the fields of squeue(1), by letter and by long name
 */
#include "slurm/job_row.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "slurm/states.h"
#include "slurm/words.h"

#define PRIORITY_ONE 4294967296.0 /* what Slurm's largest priority is called 1.0 by */

/* ------------------------------------------------------------------ shapes */

#define PUT(name) static void put_##name(const void *p, struct strbuf *out)
#define ROW const struct job_row *row = p

/* A text of the job, "(null)" when it has none. */
#define TEXT(name, expression)        \
    PUT(name)                         \
    {                                 \
        ROW;                          \
        put_or_null(out, expression); \
    }
/* One that stays empty. */
#define PLAIN(name, expression)       \
    PUT(name)                         \
    {                                 \
        ROW;                          \
        strbuf_puts(out, expression); \
    }
#define NUMBER(name, expression)                \
    PUT(name)                                   \
    {                                           \
        ROW;                                    \
        put_number(out, (int64_t)(expression)); \
    }                                           \
    static double key_##name(const void *p)     \
    {                                           \
        ROW;                                    \
        return (double)(expression);            \
    }
#define TIME(name, expression, none)        \
    PUT(name)                               \
    {                                       \
        ROW;                                \
        put_time(out, expression, none);    \
    }                                       \
    static double key_##name(const void *p) \
    {                                       \
        ROW;                                \
        return (double)(expression);        \
    }
/* What no job of Berth has. */
#define ALWAYS(name, text)      \
    PUT(name)                   \
    {                           \
        (void)p;                \
        strbuf_puts(out, text); \
    }

/* Appended by a function of job_row.h; "(null)" when that appends nothing. */
#define FILE_TEXT(name, function, none) \
    PUT(name)                           \
    {                                   \
        size_t before = out->len;       \
        ROW;                            \
                                        \
        function(row, out);             \
        if (out->len == before)         \
            strbuf_puts(out, none);     \
    }

/* ------------------------------------------------------------------ fields */

ALWAYS(nothing, "")
ALWAYS(null, "(null)")
ALWAYS(star, "*")
ALWAYS(stars, "*:*:*")
ALWAYS(not_available, "N/A")
ALWAYS(na, "NA")
ALWAYS(zero, "0")
ALWAYS(no_delay, "0:00")
ALWAYS(not_set, "NotSet")

TEXT(account, row->spec->account)
TEXT(comment, row->spec->comment)
TEXT(dependency, row->spec->dependency)
TEXT(features, row->spec->constraint)
TEXT(prefer, row->spec->prefer)
TEXT(licenses, row->spec->licences)
TEXT(qos, row->spec->qos)
TEXT(reservation, row->spec->reservation)
TEXT(wckey, row->spec->wckey)
TEXT(image, row->spec->container ? row->spec->container->image : "")
TEXT(cluster, row->cluster)

PLAIN(name, row->spec->name)
PLAIN(partition, row->spec->partition)
PLAIN(work_dir, row->spec->cwd)
PLAIN(node_list, row->info->nodes)
PLAIN(req_nodes, row->spec->nodelist)
PLAIN(exc_nodes, row->spec->exclude)
PLAIN(reason, job_row_reason(row))
PLAIN(batch_host, row->info->lead[0] ? row->info->lead : "n/a")
PLAIN(sharing, job_row_sharing(row))
PLAIN(group, group_name(row->spec->gid))
PLAIN(alloc_node, row->spec->submit_host)
PLAIN(std_in, row->spec->input[0] ? row->spec->input : "/dev/null")

NUMBER(job_id, row->record->id)
NUMBER(array_job, row->record->array_job ? row->record->array_job : row->record->id)
NUMBER(cpus, row->info->cpus)
NUMBER(n_nodes, job_row_nodes(row))
NUMBER(tasks, job_row_tasks(row))
NUMBER(min_cpus, row->spec->cpus_per_task ? row->spec->cpus_per_task : 1)
NUMBER(max_nodes, row->spec->nodes_max ? row->spec->nodes_max : job_row_nodes(row))
NUMBER(uid, row->spec->uid)
NUMBER(gid, row->spec->gid)
NUMBER(nice, row->spec->nice)
NUMBER(contiguous, row->spec->contiguous)
NUMBER(requeue, strcmp(row->spec->requeue, "no") != 0)
NUMBER(restarts, row->record->restarts)
NUMBER(exit_code, row->record->exit_code)
NUMBER(batch_flag, !row->spec->interactive)
NUMBER(tasks_per_node, row->spec->tasks_per_node)

TIME(submit, row->record->submit_time, "N/A")
TIME(eligible, row->record->eligible_time, "N/A")
TIME(deadline, row->spec->deadline, "N/A")
TIME(suspended, row->record->suspended_at, "N/A")
TIME(start, job_row_is_pending(row) ? row->start : row->record->start_time, "N/A")

FILE_TEXT(command, job_row_put_command, "(null)")
FILE_TEXT(tres_per_node, job_row_put_tres_per_node, "N/A")
FILE_TEXT(std_out, job_row_put_output, "(null)")
FILE_TEXT(std_err, job_row_put_error, "(null)")
FILE_TEXT(nodes_or_reason, job_row_put_nodes_or_reason, "")
FILE_TEXT(id, job_row_put_id, "")

PUT(user)
{
    ROW;

    if (row->spec->user[0])
        strbuf_puts(out, row->spec->user);
    else
        put_number(out, row->spec->uid);
}

PUT(end)
{
    ROW;
    bool is_open = row->info->time_limit == TIME_UNLIMITED && !row->record->end_time;

    put_time(out, job_row_end(row), is_open ? "NONE" : "N/A");
}

static double key_end(const void *p)
{
    return (double)job_row_end(p);
}

PUT(elapsed_time)
{
    put_elapsed(out, job_row_elapsed(p));
}

static double key_elapsed(const void *p)
{
    return (double)job_row_elapsed(p);
}

PUT(pending_time)
{
    ROW;
    int64_t until = row->record->start_time ? row->record->start_time : row->now;

    put_number(out, until - row->record->submit_time);
}

PUT(time_limit)
{
    ROW;

    put_limit(out, row->info->time_limit, "UNLIMITED");
}

static double key_time_limit(const void *p)
{
    ROW;

    return row->info->time_limit < 0 ? 1e18 : (double)row->info->time_limit;
}

PUT(time_left)
{
    ROW;

    if (row->info->time_limit > 0)
        put_elapsed(out, row->info->time_limit - job_row_elapsed(row));
    else
        put_limit(out, row->info->time_limit, "UNLIMITED");
}

PUT(time_min)
{
    ROW;

    put_elapsed(out, row->spec->time_min);
}

PUT(state)
{
    ROW;
    const char *state = state_long(row->info->state);

    strbuf_puts(out, state ? state : "RUNNING");
}

PUT(state_short)
{
    ROW;
    const char *state = state_short(row->info->state);

    strbuf_puts(out, state ? state : "R");
}

static double key_state(const void *p)
{
    ROW;

    return state_number(row->info->state);
}

PUT(memory)
{
    ROW;
    bool is_per_cpu;

    put_size(out, job_row_memory(row, &is_per_cpu), 'M',
             row->is_plain ? SIZE_PLAIN : SIZE_EXACT);
}

static double key_memory(const void *p)
{
    bool is_per_cpu;

    return (double)job_row_memory(p, &is_per_cpu);
}

PUT(priority)
{
    strbuf_printf(out, "%16.14f", (double)job_row_priority(p) / PRIORITY_ONE);
}

PUT(priority_long)
{
    put_number(out, job_row_priority(p));
}

/* As it is: what is below 0 has an order, too. */
static double key_priority_long(const void *p)
{
    ROW;

    return (double)row->info->priority;
}

PUT(array_task)
{
    ROW;
    const char *indexes = job_row_indexes(row);

    if (row->record->array_job)
        put_number(out, row->record->array_task);
    else if (row->task != ARRAY_NONE)
        put_number(out, row->task);
    else
        strbuf_puts(out, indexes ? indexes : "N/A");
}

PUT(tres)
{
    ROW;

    if (job_row_is_pending(row))
        strbuf_puts(out, "N/A");
    else
        job_row_put_tres(row, out);
}

PUT(het_job)
{
    ROW;

    if (row->record->het_leader)
        put_number(out, row->record->het_leader);
    else
        strbuf_puts(out, "N/A");
}

PUT(het_offset)
{
    ROW;

    if (row->record->het_leader)
        put_number(out, row->record->id - row->record->het_leader);
    else
        strbuf_puts(out, "N/A");
}

/* Of a whole job: "gres/gpu:4". */
#define GPUS(name, member)                                        \
    PUT(name)                                                     \
    {                                                             \
        ROW;                                                      \
                                                                  \
        if (row->spec->member[0])                                 \
            strbuf_printf(out, "gres/gpu:%s", row->spec->member); \
        else                                                      \
            strbuf_puts(out, "N/A");                              \
    }
GPUS(tres_per_job, gpus)
GPUS(tres_per_task, gpus_per_task)
GPUS(tres_per_socket, gpus_per_socket)

/* ------------------------------------------------------------------ table */

#define SPEC JOB_NEEDS_SPEC

/* clang-format off */
static const struct field fields[] = {
    {'a', "account", "ACCOUNT", put_account, NULL, 0, 0},
    {'A', "jobid", "JOBID", put_job_id, key_job_id, 0, 0},
    {'b', "tres-per-node", "TRES_PER_NODE", put_tres_per_node, NULL, 0, SPEC},
    {'B', "batchhost", "EXEC_HOST", put_batch_host, NULL, 0, 0},
    {'c', "mincpus", "MIN_CPUS", put_min_cpus, key_min_cpus, 0, SPEC},
    {'C', "numcpus", "CPUS", put_cpus, key_cpus, 0, 0},
    {'d', "mintmpdisk", "MIN_TMP_DISK", put_zero, NULL, 0, 0},
    {'D', "numnodes", "NODES", put_n_nodes, key_n_nodes, 0, 0},
    {'e', "endtime", "END_TIME", put_end, key_end, 0, 0},
    {'E', "dependency", "DEPENDENCY", put_dependency, NULL, 0, SPEC},
    {'f', "feature", "FEATURES", put_features, NULL, 0, SPEC},
    {'F', "arrayjobid", "ARRAY_JOB_ID", put_array_job, key_array_job, 0, 0},
    {'g', "groupname", "GROUP", put_group, NULL, 0, 0},
    {'G', "groupid", "GROUP", put_gid, key_gid, 0, 0},
    {'h', "oversubscribe", "OVER_SUBSCRIBE", put_sharing, NULL, 0, SPEC},
    {'H', "sockets", "SOCKETS_PER_NODE", put_star, NULL, 0, 0},
    {'i', "jobarrayid", "JOBID", put_id, key_job_id, 0, 0},
    {'I', "cores", "CORES_PER_SOCKET", put_star, NULL, 0, 0},
    {'j', "name", "NAME", put_name, NULL, 0, 0},
    {'J', "threads", "THREADS_PER_CORE", put_star, NULL, 0, 0},
    {'k', "comment", "COMMENT", put_comment, NULL, 0, 0},
    {'K', "arraytaskid", "ARRAY_TASK_ID", put_array_task, NULL, 0, 0},
    {'l', "timelimit", "TIME_LIMIT", put_time_limit, key_time_limit, 0, 0},
    {'L', "timeleft", "TIME_LEFT", put_time_left, NULL, 0, 0},
    {'m', "minmemory", "MIN_MEMORY", put_memory, key_memory, 0, SPEC},
    {'M', "timeused", "TIME", put_elapsed_time, key_elapsed, 0, 0},
    {'n', "reqnodes", "REQ_NODES", put_req_nodes, NULL, 0, SPEC},
    {'N', "nodelist", "NODELIST", put_node_list, NULL, 0, 0},
    {'o', "command", "COMMAND", put_command, NULL, 0, SPEC},
    {'O', "contiguous", "CONTIGUOUS", put_contiguous, key_contiguous, 0, SPEC},
    {'p', "priority", "PRIORITY", put_priority, key_priority_long, 0, 0},
    {'P', "partition", "PARTITION", put_partition, NULL, 0, 0},
    {'q', "qos", "QOS", put_qos, NULL, 0, 0},
    {'Q', "prioritylong", "PRIORITY", put_priority_long, key_priority_long, 0, 0},
    {'r', "reason", "REASON", put_reason, NULL, 0, 0},
    {'R', "reasonlist", "NODELIST(REASON)", put_nodes_or_reason, NULL, 0, 0},
    {'s', "selectjobinfo", "", put_nothing, NULL, 0, 0},
    {'S', "starttime", "START_TIME", put_start, key_start, 0, 0},
    {'t', "statecompact", "ST", put_state_short, key_state, 0, 0},
    {'T', "state", "STATE", put_state, key_state, 0, 0},
    {'u', "username", "USER", put_user, NULL, 0, 0},
    {'U', "userid", "UID", put_uid, key_uid, 0, 0},
    {'v', "reservation", "RESERVATION", put_reservation, NULL, 0, SPEC},
    {'V', "submittime", "SUBMIT_TIME", put_submit, key_submit, 0, 0},
    {'w', "wckey", "WCKEY", put_wckey, NULL, 0, SPEC},
    {'W', "licenses", "LICENSES", put_licenses, NULL, 0, SPEC},
    {'x', "excnodes", "EXC_NODES", put_exc_nodes, NULL, 0, SPEC},
    {'X', "corespec", "CORE_SPEC", put_not_available, NULL, 0, 0},
    {'y', "nice", "NICE", put_nice, key_nice, 0, SPEC},
    {'Y', "schednodes", "SCHEDNODES", put_null, NULL, 0, 0},
    {'z', "sct", "S:C:T", put_stars, NULL, 0, 0},
    {'Z', "workdir", "WORK_DIR", put_work_dir, NULL, 0, 0},
    {0, "accruetime", "ACCRUE_TIME", put_eligible, key_eligible, 0, 0},
    {0, "allocnodes", "ALLOC_NODES", put_alloc_node, NULL, 0, SPEC},
    {0, "allocsid", "ALLOC_SID", put_zero, NULL, 0, 0},
    {0, "associd", "ASSOC_ID", put_zero, NULL, 0, 0},
    {0, "batchflag", "BATCH_FLAG", put_batch_flag, key_batch_flag, 0, SPEC},
    {0, "boardspernode", "BOARDS_PER_NODE", put_zero, NULL, 0, 0},
    {0, "burstbuffer", "BURST_BUFFER", put_null, NULL, 0, 0},
    {0, "burstbufferstate", "BURST_BUFFER_STATE", put_null, NULL, 0, 0},
    {0, "cluster", "CLUSTER", put_cluster, NULL, 0, 0},
    {0, "clusterfeature", "CLUSTER_FEATURES", put_null, NULL, 0, 0},
    {0, "container", "CONTAINER", put_image, NULL, 0, SPEC},
    {0, "cpus-per-task", "CPUS_PER_TASK", put_min_cpus, key_min_cpus, 0, SPEC},
    {0, "deadline", "DEADLINE", put_deadline, key_deadline, 0, SPEC},
    {0, "delayboot", "DELAY_BOOT", put_no_delay, NULL, 0, 0},
    {0, "derivedec", "DERIVED_EC", put_zero, NULL, 0, 0},
    {0, "eligibletime", "ELIGIBLE_TIME", put_eligible, key_eligible, 0, 0},
    {0, "exit_code", "EXIT_CODE", put_exit_code, key_exit_code, 0, 0},
    {0, "gres", "TRES_PER_NODE", put_tres_per_node, NULL, 0, SPEC},
    {0, "hetjobid", "HET_JOB_ID", put_het_job, NULL, 0, 0},
    {0, "hetjobidset", "HET_JOB_ID_SET", put_het_job, NULL, 0, 0},
    {0, "hetjoboffset", "HET_JOB_OFFSET", put_het_offset, NULL, 0, 0},
    {0, "lastschedeval", "LAST_SCHED_EVAL", put_not_available, NULL, 0, 0},
    {0, "maxcpus", "MAX_CPUS", put_cpus, key_cpus, 0, 0},
    {0, "maxnodes", "MAX_NODES", put_max_nodes, key_max_nodes, 0, SPEC},
    {0, "mcslabel", "MCSLABEL", put_null, NULL, 0, 0},
    {0, "mintime", "TIME_MIN", put_time_min, NULL, 0, SPEC},
    {0, "network", "NETWORK", put_null, NULL, 0, 0},
    {0, "ntperboard", "NTASKS_PER_BOARD", put_zero, NULL, 0, 0},
    {0, "ntpercore", "NTASKS_PER_CORE", put_not_available, NULL, 0, 0},
    {0, "ntpernode", "NTASKS_PER_NODE", put_tasks_per_node, key_tasks_per_node, 0, SPEC},
    {0, "ntpersocket", "NTASKS_PER_SOCKET", put_not_available, NULL, 0, 0},
    {0, "numtasks", "TASKS", put_tasks, key_tasks, 0, 0},
    {0, "origin", "ORIGIN", put_na, NULL, 0, 0},
    {0, "originraw", "ORIGIN_RAW", put_na, NULL, 0, 0},
    {0, "pendingtime", "PENDING_TIME", put_pending_time, NULL, 0, 0},
    {0, "preempttime", "PREEMPT_TIME", put_not_available, NULL, 0, 0},
    {0, "prefer", "PREFER", put_prefer, NULL, 0, SPEC},
    {0, "profile", "PROFILE", put_not_set, NULL, 0, 0},
    {0, "reboot", "REBOOT", put_zero, NULL, 0, 0},
    {0, "reqswitch", "REQ_SWITCH", put_zero, NULL, 0, 0},
    {0, "requeue", "REQUEUE", put_requeue, key_requeue, 0, SPEC},
    {0, "resizetime", "RESIZE_TIME", put_not_available, NULL, 0, 0},
    {0, "restartcnt", "RESTART_COUNT", put_restarts, key_restarts, 0, SPEC},
    {0, "siblingsactive", "ACTIVE_SIBLINGS", put_na, NULL, 0, 0},
    {0, "siblingsactiveraw", "ACTIVE_SIBLINGS_RAW", put_na, NULL, 0, 0},
    {0, "siblingsviable", "VIABLE_SIBLINGS", put_na, NULL, 0, 0},
    {0, "siblingsviableraw", "VIABLE_SIBLINGS_RAW", put_na, NULL, 0, 0},
    {0, "sperboard", "SOCKETS_PER_BOARD", put_zero, NULL, 0, 0},
    {0, "stderr", "STDERR", put_std_err, NULL, 0, SPEC},
    {0, "stdin", "STDIN", put_std_in, NULL, 0, SPEC},
    {0, "stdout", "STDOUT", put_std_out, NULL, 0, SPEC},
    {0, "suspendtime", "SUSPEND_TIME", put_suspended, key_suspended, 0, 0},
    {0, "tres-alloc", "TRES_ALLOC", put_tres, NULL, 0, SPEC},
    {0, "tres-per-job", "TRES_PER_JOB", put_tres_per_job, NULL, 0, SPEC},
    {0, "tres-per-task", "TRES_PER_TASK", put_tres_per_task, NULL, 0, SPEC},
    {0, "tres-per-socket", "TRES_PER_SOCKET", put_tres_per_socket, NULL, 0, SPEC},
};
/* clang-format on */

const struct field_table job_fields = {
    .fields = fields, .n = ARRAY_SIZE(fields), .what = "job"};
