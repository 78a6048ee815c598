/* SPDX-License-Identifier: Apache-2.0
 *
 * query_select.c - which jobs a question is about
 */
#include "controller/query_select.h"

#include <string.h>

#include "base/mem.h"
#include "controller/job_index.h"
#include "controller/jobs.h"

/* Jobs that one request looks at when it asks for names and the like: none of these
 * are in the index. */
#define LOOKED_AT_MAX 20000
#define CHUNK 512

static bool is_one_of(const char *text, char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return n == 0;
}

bool query_has_lists(const Berth__JobQuery *query)
{
    return query->n_names || query->n_users || query->n_partitions ||
           query->n_accounts || query->n_qos;
}

bool query_is_listed(const Berth__JobQuery *query, const struct ctl_job *cj)
{
    const Berth__JobSpec *spec = cj->job.spec;

    return is_one_of(spec->name, query->names, query->n_names) &&
           is_one_of(spec->user, query->users, query->n_users) &&
           is_one_of(spec->partition, query->partitions, query->n_partitions) &&
           is_one_of(spec->account, query->accounts, query->n_accounts) &&
           is_one_of(spec->qos, query->qos, query->n_qos);
}

/* What the index knows, asked of the index. */
static size_t select_plain(const struct job_index *index,
                           const struct job_filter *filter, uint32_t after, size_t max,
                           struct ctl_job **jobs, bool *ret_more, uint32_t *ret_next)
{
    size_t n = job_index_select(index, filter, after, max + 1, jobs);

    *ret_more = n > max;
    n = n > max ? max : n;
    *ret_next = n ? jobs[n - 1]->id : after;
    return n;
}

static size_t select_listed(const struct job_index *index,
                            const struct job_filter *filter,
                            const Berth__JobQuery *query, size_t max,
                            struct ctl_job **jobs, bool *ret_more, uint32_t *ret_next)
{
    struct ctl_job *chunk[CHUNK];
    uint32_t after = query->after;
    size_t n = 0, looked_at = 0, got = CHUNK;

    while (got == CHUNK && n < max && looked_at < LOOKED_AT_MAX) {
        got = job_index_select(index, filter, after, CHUNK, chunk);
        for (size_t i = 0; i < got && n < max; i++) {
            after = chunk[i]->id;
            if (query_is_listed(query, chunk[i]))
                jobs[n++] = chunk[i];
        }
        looked_at += got;
    }
    *ret_more = got == CHUNK || n == max;
    *ret_next = after;
    return n;
}

size_t query_select(const struct controller *ctl, const Berth__JobQuery *query,
                    uint32_t states, size_t max, struct ctl_job **ret_jobs,
                    bool *ret_more, uint32_t *ret_next)
{
    struct job_filter filter = {
        .states = states, .user = query->user, .partition = query->partition};

    if (query_has_lists(query))
        return select_listed(ctl->index, &filter, query, max, ret_jobs, ret_more,
                             ret_next);
    return select_plain(ctl->index, &filter, query->after, max, ret_jobs, ret_more,
                        ret_next);
}
