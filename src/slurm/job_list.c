/* SPDX-License-Identifier: Apache-2.0
 *
 * job_list.c - jobs from the controller, row by row
 *
 * What every list shows comes by columns; what was asked for, job by job.
 */
#include "slurm/job_list.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "slurm/states.h"

/* ------------------------------------------------------------------ starts */

struct job_starts {
    Berth__StartList *list;
    Berth__StartInfo **by_id; /* sorted */
};

static int by_id(const void *a, const void *b)
{
    uint32_t x = (*(Berth__StartInfo *const *)a)->job->record->id;
    uint32_t y = (*(Berth__StartInfo *const *)b)->job->record->id;

    return x < y ? -1 : x > y;
}

static int job_starts_load(struct berth *berth, struct job_starts **ret,
                           struct berth_err *err)
{
    Berth__StartQuery query = BERTH__START_QUERY__INIT;
    Berth__StartList *list;
    struct job_starts *starts;
    int rc = berth_starts(berth, &query, &list, err);

    if (rc < 0)
        return rc;
    starts = xcalloc(1, sizeof(*starts));
    starts->list = list;
    starts->by_id = xcalloc(list->n_starts + 1, sizeof(struct job *));
    for (size_t i = 0; i < list->n_starts; i++)
        starts->by_id[i] = list->starts[i];
    qsort(starts->by_id, list->n_starts, sizeof(struct job *), by_id);
    *ret = starts;
    return 0;
}

static void job_starts_destroyp(struct job_starts **starts)
{
    if (!*starts)
        return;
    berth_free((*starts)->list);
    free((*starts)->by_id);
    free(*starts);
}

/* 0: not known. */
static int64_t job_starts_of(const struct job_starts *starts, uint32_t job)
{
    size_t low = 0, high = starts ? starts->list->n_starts : 0;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (starts->by_id[mid]->job->record->id < job)
            low = mid + 1;
        else
            high = mid;
    }
    if (!starts || low == starts->list->n_starts ||
        starts->by_id[low]->job->record->id != job)
        return 0;
    return starts->by_id[low]->start;
}

/* ------------------------------------------------------------------ rows */

struct run {
    const struct job_list *list;
    struct job_starts *starts;
};

static void hand_over(const struct run *run, struct job_row *row)
{
    cleanup(array_spec_fini) struct array_spec indexes = {0};
    const char *text = job_row_indexes(row);

    if (!job_row_is_job(row))
        return;
    row->is_plain = run->list->is_plain;
    if (job_row_is_pending(row))
        row->start = run->starts ? job_starts_of(run->starts, row->record->id)
                                 : row->info->promised;
    if (!run->list->by_element || !text || array_spec_parse(text, &indexes, NULL)) {
        run->list->each(row, run->list->ctx);
        return;
    }
    for (row->task = array_spec_next(&indexes, 0); row->task != ARRAY_NONE;
         row->task = array_spec_next(&indexes, row->task + 1))
        run->list->each(row, run->list->ctx);
}

static int on_page(const Berth__JobList *page, void *ctx)
{
    const struct run *run = ctx;
    int64_t now = time(NULL);

    for (size_t i = 0; i < page->n_jobs; i++) {
        struct job_row row = job_row_of(page->jobs[i], now, run->list->cluster);

        hand_over(run, &row);
    }
    return 0;
}

/* A row of a table, as messages that borrow from it. */
struct borrowed {
    Berth__JobInfo info;
    Berth__JobRecord record;
    Berth__JobSpec spec;
};

/* The columns are as long as that of the ids, or the controller speaks of something
 * else: what lies beyond reads as 0, the empty word. */
#define AT(column) (i < table->n_##column ? table->column[i] : 0)
#define WORD(column) word_at(table, AT(column))

static char *word_at(const Berth__JobTable *table, uint32_t number)
{
    static char empty[1] = "";

    return number < table->n_words ? table->words[number] : empty;
}

static void borrow_record(const Berth__JobTable *table, size_t i,
                          Berth__JobRecord *record)
{
    record->id = AT(id);
    record->submit_time = AT(submit_time);
    record->eligible_time = AT(eligible_time);
    record->start_time = AT(start_time);
    record->end_time = AT(end_time);
    record->suspended_at = AT(suspended_at);
    record->suspended_for = AT(suspended_for);
    record->exit_code = AT(exit_code);
    record->exit_signal = AT(exit_signal);
    record->array_job = AT(array_job);
    record->array_task = AT(array_task);
    record->array_left = WORD(array_left);
    record->array_cancelled = WORD(array_cancelled);
    record->het_leader = AT(het_leader);
    record->cancelled_by = AT(cancelled_by);
}

static void borrow_spec(const Berth__JobTable *table, size_t i, Berth__JobSpec *spec)
{
    spec->name = WORD(name);
    spec->user = WORD(user);
    spec->uid = AT(uid);
    spec->gid = AT(gid);
    spec->partition = WORD(partition);
    spec->account = WORD(account);
    spec->qos = WORD(qos);
    spec->array = WORD(array);
    spec->cwd = WORD(cwd);
    spec->comment = WORD(comment);
    spec->tasks = AT(tasks);
}

static void borrow_info(const Berth__JobTable *table, size_t i, Berth__JobInfo *info)
{
    info->state = WORD(state);
    info->reason = WORD(reason);
    info->nodes = WORD(nodes);
    info->lead = WORD(lead);
    info->n_nodes = AT(node_count);
    info->cpus = AT(cpus);
    info->time_limit = AT(time_limit);
    info->priority = AT(priority);
    info->promised = AT(promised);
}

static int on_table(const Berth__JobTable *table, void *ctx)
{
    const struct run *run = ctx;
    struct borrowed b;

    berth__job_info__init(&b.info);
    berth__job_record__init(&b.record);
    berth__job_spec__init(&b.spec);
    b.info.record = &b.record;
    b.info.spec = &b.spec;
    for (size_t i = 0; i < table->n_id; i++) {
        struct job_row row;

        borrow_record(table, i, &b.record);
        borrow_spec(table, i, &b.spec);
        borrow_info(table, i, &b.info);
        row = job_row_of(&b.info, table->now, run->list->cluster);
        hand_over(run, &row);
    }
    return 0;
}

int job_list_run(const struct job_list *list, struct berth_err *err)
{
    cleanup(job_starts_destroyp) struct job_starts *starts = NULL;
    struct run run = {.list = list};
    Berth__JobQuery query = *list->query;
    int rc = 0;

    if (list->with_starts)
        rc = job_starts_load(list->berth, &starts, err);
    run.starts = starts;
    if (rc == 0 && !(list->needs & JOB_NEEDS_SPEC))
        return berth_job_tables(list->berth, &query, on_table, &run, err);
    query.with_wishes = true;
    return rc ? rc : berth_job_pages(list->berth, &query, on_page, &run, err);
}
