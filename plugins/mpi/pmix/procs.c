/* SPDX-License-Identifier: Apache-2.0
 *
 * procs.c - sets of processes, as libpmix names them
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
    const pmix_proc_t *x = a, *y = b;
    int order = strncmp(x->nspace, y->nspace, PMIX_MAX_NSLEN);
    if (order)
        return order;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

__extension__ typedef unsigned __int128 u128;

static u128 hash_byte(u128 hash, uint8_t byte)
{
    const u128 prime = ((u128)1 << 88) + 0x13b;
    return (hash ^ byte) * prime;
}

static u128 hash_text(u128 hash, const char *text)
{
    for (; *text; text++)
        hash = hash_byte(hash, (uint8_t)*text);
    return hash_byte(hash, 0);
}

pmix_status_t procs_hash(const char *what, const pmix_proc_t procs[], size_t n_procs,
                         uint8_t ret_id[16])
{
    u128 hash = ((u128)0x6c62272e07bb0142 << 64) + 0x62b821756295c58d;
    pmix_proc_t *sorted = malloc(n_procs * sizeof(*sorted) + 1);
    if (!sorted)
        return PMIX_ERR_NOMEM;
    memcpy(sorted, procs, n_procs * sizeof(*sorted));
    qsort(sorted, n_procs, sizeof(*sorted), by_name);
    hash = hash_text(hash, what);
    for (size_t i = 0; i < n_procs; i++) {
        hash = hash_text(hash, sorted[i].nspace);
        for (int shift = 0; shift < 32; shift += 8)
            hash = hash_byte(hash, (uint8_t)(sorted[i].rank >> shift));
    }
    free(sorted);
    memcpy(ret_id, &hash, 16);
    return PMIX_SUCCESS;
}

bool procs_are_own(const pmix_proc_t procs[], size_t n_procs)
{
    const struct server *server = server_now();
    for (size_t i = 0; i < n_procs; i++)
        if (!PMIX_CHECK_NSPACE(procs[i].nspace, server->nspace))
            return false;
    return true;
}

/* Mark the node of each; true in 'ret_is_all' when one names all of the step. */
static pmix_status_t mark_nodes(const struct server *server, const pmix_proc_t procs[],
                                size_t n_procs, bool *has, bool *ret_is_all)
{
    for (size_t i = 0; i < n_procs; i++) {
        if (procs[i].rank == PMIX_RANK_WILDCARD)
            *ret_is_all = true;
        else if (procs[i].rank >= server->n_tasks)
            return PMIX_ERR_BAD_PARAM;
        else
            has[server->rank_node[procs[i].rank]] = true;
    }
    return PMIX_SUCCESS;
}

pmix_status_t procs_nodes(const pmix_proc_t procs[], size_t n_procs,
                          uint32_t **ret_nodes, size_t *ret_n)
{
    const struct server *server = server_now();
    bool *has = calloc(server->n_nodes, sizeof(*has));
    uint32_t *nodes = calloc(server->n_nodes, sizeof(*nodes));
    pmix_status_t rc = has && nodes ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    bool is_all = false;
    size_t n = 0;
    *ret_nodes = NULL;
    *ret_n = 0;
    if (rc == PMIX_SUCCESS)
        rc = mark_nodes(server, procs, n_procs, has, &is_all);
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

struct berth_mpi_proc *procs_for_host(const pmix_proc_t procs[], size_t n_procs)
{
    struct berth_mpi_proc *list = calloc(n_procs + 1, sizeof(*list));
    for (size_t i = 0; list && i < n_procs; i++) {
        list[i].nspace = procs[i].nspace;
        list[i].rank =
            procs[i].rank == PMIX_RANK_WILDCARD ? BERTH_MPI_ALL : procs[i].rank;
    }
    return list;
}
