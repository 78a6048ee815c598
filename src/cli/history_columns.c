/* SPDX-License-Identifier: Apache-2.0
 *
 * history_columns.c - cells of lists of ended jobs and steps
 */
#include "cli/history_columns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"

#define USEC 1000000

/* How long a run has used its nodes. */
static int64_t span_of(const Berth__HistoryJob *job, int64_t now)
{
    int64_t end = job->end_time ? job->end_time : now;

    if (job->start_time == 0 || end - job->start_time < job->suspended)
        return 0;
    return end - job->start_time - job->suspended;
}

char *history_job_name(const Berth__HistoryJob *job)
{
    if (job->array_job)
        return xasprintf("%u_%u", job->array_job, job->array_task);
    if (job->array[0])
        return xasprintf("%u_[%s]", job->job_id, job->array);
    if (job->het_leader)
        return xasprintf("%u+%u", job->het_leader, job->het_offset);
    return xasprintf("%u", job->job_id);
}

static char *moment(int64_t when)
{
    return when ? when_format(when) : xstrdup("-");
}

static char *count(uint64_t n)
{
    return xasprintf("%llu", (unsigned long long)n);
}

static char *kib(uint64_t n)
{
    return n ? size_format(n << 10) : xstrdup("-");
}

static char *exit_words(int code, int signo)
{
    return xasprintf("%d:%d", code, signo);
}

static char *percent(double part, double whole)
{
    return whole > 0 ? xasprintf("%.0f%%", 100 * part / whole) : xstrdup("-");
}

/* ------------------------------------------------------------------ runs */

static char *job_id(const Berth__HistoryJob *job, int64_t now)
{
    (void)now;
    return history_job_name(job);
}

static char *elapsed(const Berth__HistoryJob *job, int64_t now)
{
    return duration_format(span_of(job, now));
}

static char *waited(const Berth__HistoryJob *job, int64_t now)
{
    int64_t until = job->start_time ? job->start_time
                    : job->end_time ? job->end_time
                                    : now;

    return duration_format(until > job->eligible_time ? until - job->eligible_time : 0);
}

static char *limit(const Berth__HistoryJob *job, int64_t now)
{
    (void)now;
    return duration_format(job->time_limit);
}

static char *memory(const Berth__HistoryJob *job, int64_t now)
{
    uint64_t mib = job->n_nodes ? job->memory : job->req_memory;

    (void)now;
    return mib ? size_format(mib << 20) : xstrdup("-");
}

static char *cpu_time(const Berth__HistoryJob *job, int64_t now)
{
    (void)now;
    return duration_format((int64_t)((job->user_usec + job->system_usec) / USEC));
}

static char *cpu_efficiency(const Berth__HistoryJob *job, int64_t now)
{
    if (job->user_usec + job->system_usec == 0)
        return xstrdup("-");
    return percent((double)(job->user_usec + job->system_usec) / USEC,
                   (double)job->cpus * (double)span_of(job, now));
}

static char *memory_efficiency(const Berth__HistoryJob *job, int64_t now)
{
    uint32_t nodes = job->n_nodes ? job->n_nodes : 1;

    (void)now;
    if (job->memory_peak == 0)
        return xstrdup("-");
    return percent((double)job->memory_peak / 1024 * nodes, (double)job->memory);
}

static char *words(const Berth__HistoryJob *job, int64_t now)
{
    (void)now;
    if (job->steps_lost)
        return xasprintf("%s%ssome steps are not known", job->words,
                         job->words[0] ? "; " : "");
    return xstrdup(job->words[0] ? job->words : job->reason);
}

static char *steps(const Berth__HistoryJob *job, int64_t now)
{
    (void)now;
    return xasprintf("%u%s", job->steps_ended, job->steps_lost ? "+" : "");
}

static char *cpus(const Berth__HistoryJob *job, int64_t now)
{
    (void)now;
    return count(job->n_nodes ? job->cpus : job->req_cpus);
}

static char *nodes(const Berth__HistoryJob *job, int64_t now)
{
    (void)now;
    return xstrdup(job->n_nodes ? job->nodes : "");
}

#define TEXT(fn, field)                                        \
    static char *fn(const Berth__HistoryJob *job, int64_t now) \
    {                                                          \
        (void)now;                                             \
        return xstrdup(job->field);                            \
    }
#define WITH(fn, make)                                         \
    static char *fn(const Berth__HistoryJob *job, int64_t now) \
    {                                                          \
        (void)now;                                             \
        return make;                                           \
    }
TEXT(name, name)
TEXT(user, user)
TEXT(account, account)
TEXT(partition, partition)
TEXT(qos, qos)
TEXT(wckey, wckey)
TEXT(comment, comment)
TEXT(reservation, reservation)
TEXT(state, state)
TEXT(tres, tres_alloc)
TEXT(tres_asked, tres_req)
TEXT(line, submit_line)
TEXT(dir, work_dir)
TEXT(image, image)
WITH(exit_status, exit_words(job->exit_code, job->exit_signal))
WITH(derived, exit_words(job->derived_code, job->derived_signal))
WITH(submit, moment(job->submit_time))
WITH(eligible, moment(job->eligible_time))
WITH(start, moment(job->start_time))
WITH(end, moment(job->end_time))
WITH(suspended, duration_format(job->suspended))
WITH(n_nodes, count(job->n_nodes ? job->n_nodes : job->req_nodes))
WITH(gpus, count(job->n_nodes ? job->gpus : job->req_gpus))
WITH(tasks, count(job->tasks))
WITH(run, count(job->run))
WITH(max_rss, kib(job->max_rss))
WITH(memory_peak, kib(job->memory_peak))
WITH(read_bytes, size_format(job->read_bytes))
WITH(write_bytes, size_format(job->write_bytes))

/* ------------------------------------------------------------------ steps */

static char *step_id(const Berth__HistoryJob *job, const Berth__StepSummary *step)
{
    cleanup(freep) char *of = history_job_name(job);

    if (step->step_id < 0)
        return xasprintf("%s.batch", of);
    return xasprintf("%s.%lld", of, (long long)step->step_id);
}

static char *step_words(const Berth__HistoryJob *job, const Berth__StepSummary *step)
{
    (void)job;
    if (step->bag_commands)
        return xasprintf("%s%s%u commands, %u failed", step->words,
                         step->words[0] ? "; " : "", step->bag_commands,
                         step->bag_failed);
    return xstrdup(step->words);
}

static char *step_efficiency(const Berth__HistoryJob *job,
                             const Berth__StepSummary *step)
{
    (void)job;
    if (step->user_usec + step->system_usec == 0)
        return xstrdup("-");
    return percent((double)(step->user_usec + step->system_usec),
                   (double)step->cpus * (double)(step->end_usec - step->start_usec));
}

#define STEP(fn, make)                                                            \
    static char *fn(const Berth__HistoryJob *job, const Berth__StepSummary *step) \
    {                                                                             \
        (void)job;                                                                \
        (void)step;                                                               \
        return make;                                                              \
    }
STEP(step_name, xstrdup(step->name))
STEP(step_user, xstrdup(job->user))
STEP(step_account, xstrdup(job->account))
STEP(step_partition, xstrdup(job->partition))
STEP(step_state, xstrdup(step->state))
STEP(step_exit, exit_words(step->exit_code, step->exit_signal))
STEP(step_start, moment(step->start_usec / USEC))
STEP(step_end, moment(step->end_usec / USEC))
STEP(step_elapsed, duration_format((step->end_usec - step->start_usec) / USEC))
STEP(step_cpus, count(step->cpus))
STEP(step_nodes, xstrdup(step->nodes))
STEP(step_n_nodes, count(step->n_nodes))
STEP(step_tasks, count(step->tasks))
STEP(step_cpu_time,
     duration_format((int64_t)((step->user_usec + step->system_usec) / USEC)))
STEP(step_max_rss, kib(step->max_rss))
STEP(step_memory_peak, kib(step->memory_peak))
STEP(step_read, size_format(step->read_bytes))
STEP(step_write, size_format(step->write_bytes))
STEP(step_line, xstrdup(step->command))
STEP(step_image, xstrdup(step->image))

/* ------------------------------------------------------------------ the table */

struct history_column {
    const char *name;
    struct column head;
    char *(*of_job)(const Berth__HistoryJob *job, int64_t now);
    /* NULL: steps have nothing there. */
    char *(*of_step)(const Berth__HistoryJob *job, const Berth__StepSummary *step);
};

/* clang-format off */
static const struct history_column columns[] = {
    {"jobid", {"JOBID", false, false}, job_id, step_id},
    {"name", {"NAME", false, true}, name, step_name},
    {"user", {"USER", false, true}, user, step_user},
    {"account", {"ACCOUNT", false, true}, account, step_account},
    {"partition", {"PARTITION", false, true}, partition, step_partition},
    {"qos", {"QOS", false, true}, qos, NULL},
    {"state", {"STATE", false, false}, state, step_state},
    {"exit", {"EXIT", true, false}, exit_status, step_exit},
    {"derived", {"DERIVED", true, false}, derived, NULL},
    {"submit", {"SUBMIT", false, false}, submit, NULL},
    {"eligible", {"ELIGIBLE", false, false}, eligible, NULL},
    {"start", {"START", false, false}, start, step_start},
    {"end", {"END", false, false}, end, step_end},
    {"elapsed", {"ELAPSED", true, false}, elapsed, step_elapsed},
    {"wait", {"WAIT", true, false}, waited, NULL},
    {"suspended", {"SUSPENDED", true, false}, suspended, NULL},
    {"limit", {"TIME_LIMIT", true, false}, limit, NULL},
    {"nnodes", {"NNODES", true, false}, n_nodes, step_n_nodes},
    {"tasks", {"TASKS", true, false}, tasks, step_tasks},
    {"cpus", {"CPUS", true, false}, cpus, step_cpus},
    {"memory", {"MEMORY", true, false}, memory, NULL},
    {"gpus", {"GPUS", true, false}, gpus, NULL},
    {"cputime", {"CPU_USED", true, false}, cpu_time, step_cpu_time},
    {"maxrss", {"MAX_RSS", true, false}, max_rss, step_max_rss},
    {"mempeak", {"MEM_PEAK", true, false}, memory_peak, step_memory_peak},
    {"read", {"READ", true, false}, read_bytes, step_read},
    {"write", {"WRITE", true, false}, write_bytes, step_write},
    {"cpueff", {"CPU_EFF", true, false}, cpu_efficiency, step_efficiency},
    {"memeff", {"MEM_EFF", true, false}, memory_efficiency, NULL},
    {"steps", {"STEPS", true, false}, steps, NULL},
    {"run", {"RUN", true, false}, run, NULL},
    {"tres", {"TRES", false, true}, tres, NULL},
    {"tresreq", {"TRES_ASKED", false, true}, tres_asked, NULL},
    {"wckey", {"WCKEY", false, true}, wckey, NULL},
    {"comment", {"COMMENT", false, true}, comment, NULL},
    {"reservation", {"RESERVATION", false, true}, reservation, NULL},
    {"image", {"IMAGE", false, true}, image, step_image},
    {"dir", {"WORK_DIR", false, true}, dir, NULL},
    {"nodes", {"NODES", false, true}, nodes, step_nodes},
    {"line", {"COMMAND", false, true}, line, step_line},
    {"words", {"WORDS", false, true}, words, step_words},
};
/* clang-format on */

static const struct history_column *find(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        if (strcasecmp(columns[i].name, word) == 0)
            return &columns[i];
    return NULL;
}

static int no_column(const char *word, struct err *err)
{
    const char *names[ARRAY_SIZE(columns)], *near;

    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        names[i] = columns[i].name;
    near = nearest_name(word, names, ARRAY_SIZE(names));
    return err_set(err, EINVAL, "'%.60s' is no column%s%s%s", word,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int history_columns_parse(const char *text, const struct history_column ***ret,
                          size_t *ret_n, struct err *err)
{
    cleanup(strv_freep) char **words_of = strv_split(text, ",");
    size_t n = strv_len(words_of);
    const struct history_column **list = xcalloc(n + 1, sizeof(*list));

    for (size_t i = 0; i < n; i++) {
        list[i] = find(words_of[i]);
        if (!list[i]) {
            free(list);
            return no_column(words_of[i], err);
        }
    }
    *ret = list;
    *ret_n = n;
    return n ? 0 : err_set(err, EINVAL, "no column is named");
}

char *history_columns_all(void)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        strbuf_printf(&sb, "%s%s", i ? "," : "", columns[i].name);
    return strbuf_take(&sb);
}

const struct column *history_column_head(const struct history_column *column)
{
    return &column->head;
}

const char *history_column_name(const struct history_column *column)
{
    return column->name;
}

char *history_column_of_job(const struct history_column *column,
                            const Berth__HistoryJob *job, int64_t now)
{
    return column->of_job(job, now);
}

char *history_column_of_step(const struct history_column *column,
                             const Berth__HistoryJob *job,
                             const Berth__StepSummary *step)
{
    return column->of_step ? column->of_step(job, step) : xstrdup("");
}
