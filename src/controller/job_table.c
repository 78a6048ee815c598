/* SPDX-License-Identifier: Apache-2.0
 *
 * job_table.c - jobs by columns, for lists of many
 */
#include "controller/job_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "controller/jobs.h"
#include "controller/query.h"

/* Columns by what is in them; the names are those of the message's fields. */
#define COLUMNS_U32(X) \
    X(id)              \
    X(state)           \
    X(uid)             \
    X(gid)             \
    X(node_count)      \
    X(cpus)            \
    X(tasks)           \
    X(array_job)       \
    X(array_task)      \
    X(het_leader)      \
    X(cancelled_by)    \
    X(reason)          \
    X(name)            \
    X(user)            \
    X(partition)       \
    X(account)         \
    X(qos)             \
    X(nodes)           \
    X(lead)            \
    X(array_left)      \
    X(array_cancelled) \
    X(array)           \
    X(cwd)             \
    X(comment)
#define COLUMNS_I64(X) \
    X(time_limit)      \
    X(priority)        \
    X(submit_time)     \
    X(eligible_time)   \
    X(start_time)      \
    X(end_time)        \
    X(promised)        \
    X(suspended_at)    \
    X(suspended_for)
#define COLUMNS_I32(X) X(exit_code) X(exit_signal)
/* Columns whose values mostly repeat that of the row above. */
enum column {
    STATE,
    REASON,
    NAME,
    USER,
    PARTITION,
    ACCOUNT,
    QOS,
    NODES,
    LEAD,
    LEFT,
    CANCELLED,
    ARRAY,
    CWD,
    COMMENT,
    N_COLUMNS
};

struct word {
    const char *text;
    uint32_t number;
    UT_hash_handle hh;
};

struct job_table {
    Berth__JobTable message;
    size_t n, max;
    struct word *by_text;
    const struct word *above[N_COLUMNS];
    size_t cap_words;
};

struct job_table *job_table_create(size_t max)
{
    struct job_table *table = xcalloc(1, sizeof(*table));
    Berth__JobTable *m = &table->message;

    berth__job_table__init(m);
    table->max = max;
#define ALLOC(name) m->name = xcalloc(max, sizeof(*m->name));
    COLUMNS_U32(ALLOC)
    COLUMNS_I64(ALLOC)
    COLUMNS_I32(ALLOC)
#undef ALLOC
    return table;
}

void job_table_destroy(struct job_table *table)
{
    Berth__JobTable *m;
    struct word *word, *next;

    if (!table)
        return;
    m = &table->message;
#define FREE(name) free(m->name);
    COLUMNS_U32(FREE)
    COLUMNS_I64(FREE)
    COLUMNS_I32(FREE)
#undef FREE
    HASH_ITER(hh, table->by_text, word, next)
    {
        HASH_DELETE(hh, table->by_text, word);
        free(word);
    }
    free(m->words);
    free(table);
}

/* ------------------------------------------------------------------ words */

static const struct word *new_word(struct job_table *table, const char *text)
{
    Berth__JobTable *m = &table->message;
    struct word *word = xcalloc(1, sizeof(*word));

    if (m->n_words == table->cap_words) {
        table->cap_words = table->cap_words ? table->cap_words * 2 : 64;
        m->words = xrealloc(m->words, table->cap_words, sizeof(*m->words));
    }
    word->text = text;
    word->number = (uint32_t)m->n_words;
    m->words[m->n_words++] = query_field(text);
    HASH_ADD_KEYPTR(hh, table->by_text, text, strlen(text), word);
    return word;
}

static uint32_t number_of(struct job_table *table, enum column column, const char *text)
{
    const struct word *word = table->above[column];

    if (word && strcmp(word->text, text) == 0)
        return word->number;
    if (table->message.n_words == 0)
        (void)new_word(table, "");
    HASH_FIND(hh, table->by_text, text, strlen(text), word);
    if (!word)
        word = new_word(table, text);
    table->above[column] = word;
    return word->number;
}

/* ------------------------------------------------------------------ rows */

static void put_words(struct job_table *table, const struct ctl_job *cj,
                      const char *reason, size_t at)
{
    Berth__JobTable *m = &table->message;
    const Berth__JobSpec *spec = cj->job.spec;
    const Berth__JobRecord *record = cj->job.record;
    const Berth__NodeShare *lead = job_lead(&cj->job);

    m->state[at] = number_of(table, STATE, job_state_name(job_state_of(&cj->job)));
    m->reason[at] = number_of(table, REASON, reason ? reason : "");
    m->name[at] = number_of(table, NAME, spec->name);
    m->user[at] = number_of(table, USER, spec->user);
    m->partition[at] = number_of(table, PARTITION, spec->partition);
    m->account[at] = number_of(table, ACCOUNT, spec->account);
    m->qos[at] = number_of(table, QOS, spec->qos);
    m->nodes[at] = number_of(table, NODES, cj->nodes ? cj->nodes : "");
    m->lead[at] = number_of(table, LEAD, lead ? lead->node : "");
    m->array_left[at] = number_of(table, LEFT, record->array_left);
    m->array_cancelled[at] = number_of(table, CANCELLED, record->array_cancelled);
    m->array[at] = number_of(table, ARRAY, spec->array);
    m->cwd[at] = number_of(table, CWD, spec->cwd);
    m->comment[at] = number_of(table, COMMENT, spec->comment);
}

static void put_times(Berth__JobTable *m, const struct ctl_job *cj, size_t at)
{
    const Berth__JobRecord *record = cj->job.record;

    m->time_limit[at] = job_time_limit(&cj->job);
    m->submit_time[at] = record->submit_time;
    m->eligible_time[at] = record->eligible_time;
    m->start_time[at] = record->start_time;
    m->end_time[at] = record->end_time;
    m->suspended_at[at] = record->suspended_at;
    m->suspended_for[at] = record->suspended_for;
}

static uint32_t node_count(const struct ctl_job *cj)
{
    const Berth__Placement *placement = cj->job.record->placement;

    if (placement)
        return (uint32_t)placement->n_shares;
    return cj->job.spec->nodes_min ? cj->job.spec->nodes_min : 1;
}

static void put_numbers(Berth__JobTable *m, const struct ctl_job *cj, size_t at)
{
    const Berth__JobSpec *spec = cj->job.spec;
    const Berth__JobRecord *record = cj->job.record;

    m->id[at] = cj->id;
    m->uid[at] = spec->uid;
    m->gid[at] = spec->gid;
    m->node_count[at] = node_count(cj);
    m->cpus[at] = cj->cpus ? cj->cpus : query_asked_cpus(spec);
    m->tasks[at] = spec->tasks;
    m->exit_code[at] = record->exit_code;
    m->exit_signal[at] = record->exit_signal;
    m->array_job[at] = record->array_job;
    m->array_task[at] = record->array_task;
    m->het_leader[at] = record->het_leader;
    m->cancelled_by[at] = record->cancelled_by;
}

int job_table_add(struct job_table *table, const struct ctl_job *cj, const char *reason,
                  int64_t priority, int64_t promised)
{
    size_t at = table->n;

    if (at == table->max)
        return -E2BIG;
    put_words(table, cj, reason, at);
    put_times(&table->message, cj, at);
    put_numbers(&table->message, cj, at);
    table->message.priority[at] = priority;
    table->message.promised[at] = promised;
    table->n++;
    return 0;
}

size_t job_table_count(const struct job_table *table)
{
    return table->n;
}

const Berth__JobTable *job_table_message(struct job_table *table)
{
    Berth__JobTable *m = &table->message;

#define COUNT(name) m->n_##name = table->n;
    COLUMNS_U32(COUNT)
    COLUMNS_I64(COUNT)
    COLUMNS_I32(COUNT)
#undef COUNT
    return m;
}
