/* SPDX-License-Identifier: Apache-2.0
 *
 * job_index.c - rows in an array that only grows at its end
 *
 *     | 17 | 18 | -- | 20 | 21 | ...     a removed job leaves a hole; when half
 *                                        of them are holes, rows move together
 */
#include "controller/job_index.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define ROWS_FIRST 1024

struct row {
    uint32_t id;
    uint32_t user, partition; /* numbers of names */
    uint32_t state;
    struct ctl_job *cj; /* NULL: a hole */
};

/* A user or partition; few, and never forgotten. */
struct name {
    char *text;
    uint32_t number;
    UT_hash_handle hh;
};

struct job_index {
    struct row *rows;
    size_t n, cap, n_holes;
    struct name *names;
    uint32_t n_names;
};

struct job_index *job_index_create(void)
{
    return xcalloc(1, sizeof(struct job_index));
}

void job_index_destroy(struct job_index *index)
{
    struct name *name, *next;

    if (!index)
        return;
    HASH_ITER(hh, index->names, name, next)
    {
        HASH_DELETE(hh, index->names, name);
        free(name->text);
        free(name);
    }
    free(index->rows);
    free(index);
}

/* ------------------------------------------------------------------ names */

static const struct name *find_name(const struct job_index *index, const char *text)
{
    const struct name *name;

    HASH_FIND(hh, index->names, text, strlen(text), name);
    return name;
}

static uint32_t number_of(struct job_index *index, const char *text)
{
    const struct name *known = find_name(index, text);
    struct name *name;

    if (known)
        return known->number;
    name = xcalloc(1, sizeof(*name));
    name->text = xstrdup(text);
    name->number = index->n_names++;
    HASH_ADD_KEYPTR(hh, index->names, name->text, strlen(name->text), name);
    return name->number;
}

/* ------------------------------------------------------------------ rows */

/* The first row whose id is not below 'id'. */
static size_t lower_bound(const struct job_index *index, uint32_t id)
{
    size_t low = 0, high = index->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (index->rows[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct row *find_row(struct job_index *index, uint32_t id)
{
    size_t at = lower_bound(index, id);

    BUG_ON(at == index->n || index->rows[at].id != id || !index->rows[at].cj);
    return &index->rows[at];
}

void job_index_add(struct job_index *index, uint32_t id, const char *user,
                   const char *partition, enum job_state state, struct ctl_job *cj)
{
    BUG_ON(index->n && index->rows[index->n - 1].id >= id);
    if (index->n == index->cap) {
        index->cap = index->cap ? index->cap * 2 : ROWS_FIRST;
        index->rows = xrealloc(index->rows, index->cap, sizeof(*index->rows));
    }
    index->rows[index->n++] = (struct row){.id = id,
                                           .user = number_of(index, user),
                                           .partition = number_of(index, partition),
                                           .state = state,
                                           .cj = cj};
}

void job_index_set_state(struct job_index *index, uint32_t id, enum job_state state)
{
    find_row(index, id)->state = state;
}

void job_index_set_partition(struct job_index *index, uint32_t id,
                             const char *partition)
{
    find_row(index, id)->partition = number_of(index, partition);
}

static void close_holes(struct job_index *index)
{
    size_t n = 0;

    for (size_t i = 0; i < index->n; i++)
        if (index->rows[i].cj)
            index->rows[n++] = index->rows[i];
    index->n = n;
    index->n_holes = 0;
}

void job_index_remove(struct job_index *index, uint32_t id)
{
    find_row(index, id)->cj = NULL;
    index->n_holes++;
    if (index->n_holes > index->n / 2)
        close_holes(index);
}

/* ------------------------------------------------------------------ choosing */

/* A filter with numbers for names. */
struct test {
    uint32_t states, user, partition;
    bool any_user, any_partition;
};

/* False when nothing can match: nobody has that name. */
static bool test_init(const struct job_index *index, const struct job_filter *filter,
                      struct test *ret)
{
    const struct name *user = NULL, *partition = NULL;

    ret->states = filter->states ? filter->states : UINT32_MAX;
    ret->any_user = !filter->user || !filter->user[0];
    ret->any_partition = !filter->partition || !filter->partition[0];
    if (!ret->any_user)
        user = find_name(index, filter->user);
    if (!ret->any_partition)
        partition = find_name(index, filter->partition);
    ret->user = user ? user->number : 0;
    ret->partition = partition ? partition->number : 0;
    return (ret->any_user || user) && (ret->any_partition || partition);
}

static bool passes(const struct test *test, const struct row *row)
{
    return row->cj && (test->states >> row->state & 1) &&
           (test->any_user || row->user == test->user) &&
           (test->any_partition || row->partition == test->partition);
}

size_t job_index_count(const struct job_index *index, const struct job_filter *filter)
{
    struct test test;
    size_t n = 0;

    if (!test_init(index, filter, &test))
        return 0;
    for (size_t i = 0; i < index->n; i++)
        n += passes(&test, &index->rows[i]);
    return n;
}

size_t job_index_select(const struct job_index *index, const struct job_filter *filter,
                        uint32_t after, size_t max, struct ctl_job **ret_jobs)
{
    struct test test;
    size_t n = 0;

    if (after == UINT32_MAX || !test_init(index, filter, &test))
        return 0;
    for (size_t i = lower_bound(index, after + 1); i < index->n && n < max; i++)
        if (passes(&test, &index->rows[i]))
            ret_jobs[n++] = index->rows[i].cj;
    return n;
}
