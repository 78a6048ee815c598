/* SPDX-License-Identifier: Apache-2.0
 *
 * upcalls.c - what libpmix asks of the launcher
 *
 * All of these run on libpmix's thread. They copy and hand over to the host;
 * none waits. Done at once is PMIX_OPERATION_SUCCEEDED without a callback:
 * since 5.0.8 PMIX_SUCCESS means that the callback will come.
 */
#include "pending.h"
#include "server.h"

#include <stdlib.h>
#include <string.h>

static pmix_status_t client_connected(const pmix_proc_t *proc, void *object,
                                      pmix_info_t info[], size_t n_info,
                                      pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)object, (void)info, (void)n_info, (void)cbfunc, (void)cbdata;
    const struct server *server = server_now();
    server->host.client(server->host.ctx, proc->rank, 0);
    return PMIX_OPERATION_SUCCEEDED;
}

static pmix_status_t client_finalized(const pmix_proc_t *proc, void *object,
                                      pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)object, (void)cbfunc, (void)cbdata;
    const struct server *server = server_now();
    server->host.client(server->host.ctx, proc->rank, 1);
    return PMIX_OPERATION_SUCCEEDED;
}

/* The whole step ends, whichever tasks the caller names. */
static pmix_status_t abort_step(const pmix_proc_t *proc, void *object, int status,
                                const char words[], pmix_proc_t procs[], size_t n_procs,
                                pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)object, (void)procs, (void)n_procs, (void)cbfunc, (void)cbdata;
    const struct server *server = server_now();
    server->host.abort(server->host.ctx, proc->rank, status, words ? words : "");
    return PMIX_OPERATION_SUCCEEDED;
}

/* Seconds of PMIX_TIMEOUT in 'info' (0: none). Directives that only advise are
 * skipped; one that is required and unknown is refused. */
static pmix_status_t read_directives(const pmix_info_t info[], size_t n_info,
                                     int *ret_timeout)
{
    *ret_timeout = 0;
    for (size_t i = 0; i < n_info; i++) {
        if (PMIX_CHECK_KEY(&info[i], PMIX_TIMEOUT)) {
            if (info[i].value.type == PMIX_INT)
                *ret_timeout = info[i].value.data.integer;
            else if (info[i].value.type == PMIX_UINT32)
                *ret_timeout = (int)info[i].value.data.uint32;
        } else if (!PMIX_CHECK_KEY(&info[i], PMIX_COLLECT_DATA) &&
                   PMIX_INFO_IS_REQUIRED(&info[i])) {
            return PMIX_ERR_NOT_SUPPORTED;
        }
    }
    return PMIX_SUCCESS;
}

static int by_name(const void *a, const void *b)
{
    const pmix_proc_t *x = a, *y = b;
    int order = strncmp(x->nspace, y->nspace, PMIX_MAX_NSLEN);
    if (order)
        return order;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* FNV-1a of 128 bits over the sorted names: the same on every node. */
static pmix_status_t hash_participants(const pmix_proc_t procs[], size_t n_procs,
                                       uint8_t ret_id[FENCE_ID_SIZE])
{
    __extension__ typedef unsigned __int128 u128;
    const u128 prime = ((u128)1 << 88) + 0x13b;
    u128 hash = ((u128)0x6c62272e07bb0142 << 64) + 0x62b821756295c58d;
    pmix_proc_t *sorted = malloc(n_procs * sizeof(*sorted));
    if (!sorted)
        return PMIX_ERR_NOMEM;
    memcpy(sorted, procs, n_procs * sizeof(*sorted));
    qsort(sorted, n_procs, sizeof(*sorted), by_name);
    for (size_t i = 0; i < n_procs; i++) {
        for (const char *c = sorted[i].nspace; *c; c++)
            hash = (hash ^ (uint8_t)*c) * prime;
        for (int shift = 0; shift < 32; shift += 8)
            hash = (hash ^ (uint8_t)(sorted[i].rank >> shift)) * prime;
    }
    free(sorted);
    memcpy(ret_id, &hash, FENCE_ID_SIZE);
    return PMIX_SUCCESS;
}

/* The nodes of the participants, ascending; 0 of them means all of the step. */
static pmix_status_t nodes_of(const struct server *server, const pmix_proc_t procs[],
                              size_t n_procs, uint32_t **ret_nodes, size_t *ret_n)
{
    *ret_nodes = NULL;
    *ret_n = 0;
    bool *has = calloc(server->n_nodes, sizeof(*has));
    uint32_t *nodes = calloc(server->n_nodes, sizeof(*nodes));
    pmix_status_t rc = has && nodes ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    bool is_all = false;
    for (size_t i = 0; i < n_procs && rc == PMIX_SUCCESS; i++) {
        if (strncmp(procs[i].nspace, server->nspace, PMIX_MAX_NSLEN) != 0)
            rc = PMIX_ERR_NOT_SUPPORTED;
        else if (procs[i].rank == PMIX_RANK_WILDCARD)
            is_all = true;
        else if (procs[i].rank >= server->n_tasks)
            rc = PMIX_ERR_BAD_PARAM;
        else
            has[server->rank_node[procs[i].rank]] = true;
    }
    size_t n = 0;
    for (uint32_t i = 0; rc == PMIX_SUCCESS && !is_all && i < server->n_nodes; i++)
        if (has[i])
            nodes[n++] = i;
    free(has);
    if (rc != PMIX_SUCCESS || n == 0) {
        free(nodes);
        return rc;
    }
    *ret_nodes = nodes;
    *ret_n = n;
    return rc;
}

/* 'data' is ours from here on, unless an error is returned. */
static pmix_status_t fence(const pmix_proc_t procs[], size_t n_procs,
                           const pmix_info_t info[], size_t n_info, char *data,
                           size_t len, pmix_modex_cbfunc_t cbfunc, void *cbdata)
{
    const struct server *server = server_now();
    uint8_t id[FENCE_ID_SIZE];
    uint32_t *nodes;
    size_t n_nodes;
    int timeout;
    pmix_status_t rc = read_directives(info, n_info, &timeout);
    if (rc == PMIX_SUCCESS)
        rc = hash_participants(procs, n_procs, id);
    if (rc == PMIX_SUCCESS)
        rc = nodes_of(server, procs, n_procs, &nodes, &n_nodes);
    if (rc != PMIX_SUCCESS)
        return rc;

    uint64_t cookie = pending_add(PENDING_FENCE, id, timeout, cbfunc, cbdata);
    if (cookie) {
        server->host.fence(server->host.ctx, id, nodes, n_nodes, data, len);
        free(data);
    }
    free(nodes);
    return cookie ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
}

static pmix_status_t direct_modex(const pmix_proc_t *proc, const pmix_info_t info[],
                                  size_t n_info, pmix_modex_cbfunc_t cbfunc,
                                  void *cbdata)
{
    const struct server *server = server_now();
    int timeout;
    if (strncmp(proc->nspace, server->nspace, PMIX_MAX_NSLEN) != 0 ||
        proc->rank >= server->n_tasks)
        return PMIX_ERR_NOT_FOUND;
    /* Required or not, the answer is all that the task has put. */
    if (read_directives(info, n_info, &timeout) != PMIX_SUCCESS)
        timeout = 0;
    uint64_t cookie = pending_add(PENDING_MODEX, NULL, timeout, cbfunc, cbdata);
    if (!cookie)
        return PMIX_ERR_NOMEM;
    server->host.modex_request(server->host.ctx, NULL, proc->rank, cookie);
    return PMIX_SUCCESS;
}

/* Absent ones libpmix answers with PMIX_ERR_NOT_SUPPORTED. */
pmix_server_module_t upcalls = {
    .client_connected2 = client_connected,
    .client_finalized = client_finalized,
    .abort = abort_step,
    .fence_nb = fence,
    .direct_modex = direct_modex,
};
