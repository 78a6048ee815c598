/* SPDX-License-Identifier: Apache-2.0
 *
 * events.c - what happens to some, told to all whom it concerns
 *
 * libpmix delivers to the clients of this node, who have registered with it. Events go
 * to all nodes of the step, or of the job's steps, and libpmix there does the same.
 */
#include "server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void tell(const char *nspace, uint32_t node, pmix_data_buffer_t *buffer)
{
    const struct server *server = server_now();
    server->host.tell(server->host.ctx, nspace, node, buffer->base_ptr,
                      buffer->bytes_used);
    PMIX_DATA_BUFFER_DESTRUCT(buffer);
}

pmix_status_t telling_begin(pmix_data_buffer_t *buffer, enum telling what)
{
    uint8_t byte = (uint8_t)what;
    PMIX_DATA_BUFFER_CONSTRUCT(buffer);
    return PMIx_Data_pack(NULL, buffer, &byte, 1, PMIX_BYTE);
}

/* All events reach all servers: there is nothing to subscribe to. */
pmix_status_t register_events(pmix_status_t *codes, size_t n_codes,
                              const pmix_info_t info[], size_t n_info,
                              pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)codes, (void)n_codes, (void)info, (void)n_info, (void)cbfunc, (void)cbdata;
    return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t deregister_events(pmix_status_t *codes, size_t n_codes,
                                pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)codes, (void)n_codes, (void)cbfunc, (void)cbdata;
    return PMIX_OPERATION_SUCCEEDED;
}

struct event {
    pmix_status_t code;
    pmix_proc_t source;
    pmix_data_range_t range;
    struct infos infos;
};

static pmix_status_t pack_event(pmix_data_buffer_t *buffer, pmix_status_t code,
                                const pmix_proc_t *source, pmix_data_range_t range,
                                const pmix_info_t info[], size_t n_info)
{
    pmix_status_t rc = telling_begin(buffer, TELL_EVENT);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_Data_pack(NULL, buffer, &code, 1, PMIX_STATUS);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_Data_pack(NULL, buffer, (pmix_proc_t *)(uintptr_t)source, 1,
                            PMIX_PROC);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_Data_pack(NULL, buffer, &range, 1, PMIX_DATA_RANGE);
    if (rc == PMIX_SUCCESS)
        rc = infos_pack(buffer, info, n_info);
    return rc;
}

static pmix_status_t unpack_event(pmix_data_buffer_t *buffer, struct event *event)
{
    int32_t n = 1;
    pmix_status_t rc = PMIx_Data_unpack(NULL, buffer, &event->code, &n, PMIX_STATUS);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_Data_unpack(NULL, buffer, &event->source, &n, PMIX_PROC);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_Data_unpack(NULL, buffer, &event->range, &n, PMIX_DATA_RANGE);
    if (rc == PMIX_SUCCESS)
        rc = infos_unpack(buffer, &event->infos);
    return rc;
}

/* Here libpmix has told the clients already. */
pmix_status_t notify_event(pmix_status_t code, const pmix_proc_t *source,
                           pmix_data_range_t range, pmix_info_t info[], size_t n_info,
                           pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)cbfunc, (void)cbdata;
    pmix_data_buffer_t buffer;
    if (range == PMIX_RANGE_LOCAL || range == PMIX_RANGE_PROC_LOCAL)
        return PMIX_OPERATION_SUCCEEDED;
    pmix_status_t rc = pack_event(&buffer, code, source, range, info, n_info);
    if (rc != PMIX_SUCCESS) {
        PMIX_DATA_BUFFER_DESTRUCT(&buffer);
        return rc;
    }
    tell(range == PMIX_RANGE_NAMESPACE ? NULL : "", BERTH_MPI_ALL, &buffer);
    return PMIX_OPERATION_SUCCEEDED;
}

static void on_notified(pmix_status_t status, void *ctx)
{
    struct event *event = ctx;
    (void)status;
    infos_fini(&event->infos);
    free(event);
}

/* 'event' is given away. */
static void raise_here(struct event *event)
{
    pmix_status_t rc =
        PMIx_Notify_event(event->code, &event->source, event->range, event->infos.v,
                          event->infos.n, on_notified, event);
    if (rc != PMIX_SUCCESS)
        on_notified(rc, event);
}

void events_told(pmix_data_buffer_t *buffer)
{
    struct event *event = calloc(1, sizeof(*event));
    if (!event)
        return;
    if (unpack_event(buffer, event) == PMIX_SUCCESS)
        raise_here(event);
    else
        on_notified(PMIX_SUCCESS, event);
}

/* -------------------------------------------------------------- ends of tasks */

static pmix_status_t code_of(int status)
{
    if (WIFSIGNALED(status))
        return PMIX_ERR_PROC_ABORTED_BY_SIG;
    return WEXITSTATUS(status) ? PMIX_ERR_EXIT_NONZERO_TERM
                               : PMIX_EVENT_PROC_TERMINATED;
}

static void put_affected(struct infos *infos, const char *nspace, pmix_rank_t rank)
{
    pmix_proc_t proc;
    PMIX_LOAD_PROCID(&proc, nspace, rank);
    infos_put(infos, PMIX_EVENT_AFFECTED_PROC, &proc, PMIX_PROC);
    /* Programs that have not asked for this one go on as they are. */
    infos_put_bool(infos, PMIX_EVENT_NON_DEFAULT, true);
}

void events_task_ended(uint32_t rank, int status)
{
    const struct server *server = server_now();
    int code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    struct infos infos = {0};
    pmix_proc_t source;
    pmix_data_buffer_t buffer;
    if (status == 0 && !server->tells_ends)
        return;
    PMIX_LOAD_PROCID(&source, server->nspace, rank);
    put_affected(&infos, server->nspace, rank);
    infos_put(&infos, PMIX_EXIT_CODE, &code, PMIX_INT);
    if (pack_event(&buffer, code_of(status), &source, PMIX_RANGE_SESSION, infos.v,
                   infos.n) == PMIX_SUCCESS) {
        pmix_data_buffer_t own;
        uint8_t what;
        int32_t n = 1;
        buffer_borrow(&own, buffer.base_ptr, buffer.bytes_used);
        if (PMIx_Data_unpack(NULL, &own, &what, &n, PMIX_BYTE) == PMIX_SUCCESS)
            events_told(&own);
        tell("", BERTH_MPI_ALL, &buffer);
    } else {
        PMIX_DATA_BUFFER_DESTRUCT(&buffer);
    }
    infos_fini(&infos);
}

/* What 'nspace', 'rank' has come to, for the clients of this node; NULL: no memory. */
static struct event *event_new(pmix_status_t code, const char *nspace, pmix_rank_t rank)
{
    struct event *event = calloc(1, sizeof(*event));
    if (!event)
        return NULL;
    event->code = code;
    event->range = PMIX_RANGE_LOCAL;
    PMIX_LOAD_PROCID(&event->source, nspace, rank);
    return event;
}

/* One that was spawned from here, or that we met: the end of all its tasks. */
void events_step_ended(const char *nspace)
{
    struct event *event = event_new(PMIX_EVENT_JOB_END, nspace, PMIX_RANK_WILDCARD);
    if (!event)
        return;
    put_affected(&event->infos, nspace, PMIX_RANK_WILDCARD);
    raise_here(event);
}

/* --------------------------------------------------------------- lost nodes */

static void raise_lost(pmix_status_t code, const char *nspace, pmix_rank_t rank,
                       uint32_t node)
{
    struct event *event = event_new(code, nspace, rank);
    if (!event)
        return;
    infos_put_u32(&event->infos, PMIX_NODEID, node);
    infos_put_bool(&event->infos, PMIX_EVENT_NON_DEFAULT, true);
    if (code == PMIX_ERR_PROC_ABORTED)
        infos_put(&event->infos, PMIX_EVENT_AFFECTED_PROC, &event->source, PMIX_PROC);
    raise_here(event);
}

/* Every node hears of it by itself: so to the clients of this one. First the node, in
 * the name of its server (libpmix tells no client of an event of its own namespace's
 * wildcard), then each of its tasks, which is what fault-tolerant MPIs listen for. */
void events_node_lost(uint32_t node)
{
    const struct server *server = server_now();
    raise_lost(PMIX_EVENT_NODE_DOWN, SERVER_NSPACE, node, node);
    for (uint32_t r = 0; r < server->n_tasks; r++)
        if (server->rank_node[r] == node)
            raise_lost(PMIX_ERR_PROC_ABORTED, server->nspace, r, node);
}
