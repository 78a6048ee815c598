/* SPDX-License-Identifier: Apache-2.0
 *
 * log_bounds.c - which of what pods wrote is to go
 */
#include "node/log_bounds.h"

#include <stdlib.h>

#include "base/mem.h"

#define KEEP_SECONDS 86400
#define KEEP_PODS 500

/* Those that run first: they are counted before what may go. */
static int by_age(const void *a, const void *b)
{
    const struct kept_log *x = a, *y = b;

    if (x->runs != y->runs)
        return x->runs ? -1 : 1;
    if (x->time != y->time)
        return x->time < y->time ? 1 : -1;
    return x->job < y->job ? 1 : x->job > y->job ? -1 : 0;
}

struct share {
    uint32_t uid;
    uint64_t bytes;
};

static struct share *share_of(struct share *shares, size_t *n, uint32_t uid)
{
    for (size_t i = 0; i < *n; i++)
        if (shares[i].uid == uid)
            return &shares[i];
    shares[*n].uid = uid;
    return &shares[(*n)++];
}

void log_bounds_choose(struct kept_log *logs, size_t n, int64_t now, uint64_t of_user,
                       uint64_t of_node)
{
    cleanup(freep) struct share *shares = xcalloc(n + 1, sizeof(*shares));
    size_t n_shares = 0, ended = 0;
    uint64_t all = 0;

    if (n)
        qsort(logs, n, sizeof(*logs), by_age);
    for (size_t i = 0; i < n; i++) {
        struct kept_log *log = &logs[i];
        struct share *share = share_of(shares, &n_shares, log->uid);

        log->goes = !log->runs &&
                    (ended >= KEEP_PODS || now - log->time > KEEP_SECONDS ||
                     share->bytes + log->bytes > of_user || all + log->bytes > of_node);
        ended += !log->runs;
        /* What goes counts on for its user: nothing older stays in its place. */
        share->bytes += log->bytes;
        if (!log->goes)
            all += log->bytes;
    }
}
