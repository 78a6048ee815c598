/* SPDX-License-Identifier: Apache-2.0
 *
 * upcalls.c - what libpmix asks of the launcher
 *
 * All of these run on libpmix's thread. They copy and hand over to the host;
 * none waits. Done at once is PMIX_OPERATION_SUCCEEDED without a callback:
 * since 5.0.8 PMIX_SUCCESS means that the callback will come.
 */
#include "server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static pmix_status_t client_connected(const pmix_proc_t *proc, void *object,
                                      pmix_info_t info[], size_t n_info,
                                      pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)object, (void)info, (void)n_info, (void)cbfunc, (void)cbdata;
    const struct server *server = server_now();
    peers_check();
    server->host.client(server->host.ctx, proc->rank, 0);
    return PMIX_OPERATION_SUCCEEDED;
}

static pmix_status_t client_finalized(const pmix_proc_t *proc, void *object,
                                      pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)object, (void)cbfunc, (void)cbdata;
    const struct server *server = server_now();
    if (PMIX_CHECK_NSPACE(proc->nspace, server->nspace))
        server->host.client(server->host.ctx, proc->rank, 1);
    return PMIX_OPERATION_SUCCEEDED;
}

/* Directives that only advise are skipped; one that is required and unknown is
 * refused. PMIX_COLLECT_DATA may be false: libpmix then gives no data. */
static const char *const for_fence[] = {PMIX_TIMEOUT, PMIX_COLLECT_DATA,
                                        PMIX_ALL_CLONES_PARTICIPATE, NULL};

/* 'data' is ours from here on, unless an error is returned. */
static pmix_status_t fence(const pmix_proc_t procs[], size_t n_procs,
                           const pmix_info_t info[], size_t n_info, char *data,
                           size_t len, pmix_modex_cbfunc_t cbfunc, void *cbdata)
{
    const struct server *server = server_now();
    int timeout = infos_timeout(info, n_info);
    uint8_t id[FENCE_ID_SIZE];
    uint32_t *nodes = NULL;
    size_t n_nodes = 0;
    pmix_status_t rc = infos_check(info, n_info, for_fence);
    if (rc == PMIX_SUCCESS)
        rc = procs_hash("fence", procs, n_procs, id);
    if (rc == PMIX_SUCCESS && !procs_are_own(procs, n_procs))
        return fence_across(id, procs, n_procs, timeout, data, len, cbfunc, cbdata);
    if (rc == PMIX_SUCCESS)
        rc = procs_nodes(procs, n_procs, &nodes, &n_nodes);
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
    bool is_own = PMIX_CHECK_NSPACE(proc->nspace, server->nspace);
    if (is_own && proc->rank >= server->n_tasks)
        return PMIX_ERR_NOT_FOUND;
    /* Whatever else is asked for, the answer is all that the task has put. */
    uint64_t cookie =
        pending_add_modex(is_own ? server->rank_node[proc->rank] : BERTH_MPI_ALL,
                          infos_timeout(info, n_info), cbfunc, cbdata);
    if (!cookie)
        return PMIX_ERR_NOMEM;
    server->host.modex_request(server->host.ctx, is_own ? NULL : proc->nspace,
                               proc->rank, cookie);
    return PMIX_SUCCESS;
}

pmix_status_t ask(struct berth_mpi_call *call, int timeout, pending_answered answered,
                  void *ctx)
{
    const struct server *server = server_now();
    call->cookie = pending_add_call(timeout, answered, ctx);
    if (!call->cookie)
        return PMIX_ERR_NOMEM;
    server->host.call(server->host.ctx, call);
    return PMIX_SUCCESS;
}

struct operation *operation_create(pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    struct operation *operation = malloc(sizeof(*operation));
    if (operation)
        *operation = (struct operation){cbfunc, cbdata};
    return operation;
}

void operation_answered(const struct berth_mpi_answer *answer, void *ctx)
{
    struct operation *operation = ctx;
    if (operation->cbfunc && answer->status != ECANCELED)
        operation->cbfunc(status_of_errno(answer->status), operation->cbdata);
    free(operation);
}

/* Absent ones libpmix answers with PMIX_ERR_NOT_SUPPORTED. */
pmix_server_module_t upcalls = {
    .client_connected2 = client_connected,
    .client_finalized = client_finalized,
    .abort = abort_tasks,
    .fence_nb = fence,
    .direct_modex = direct_modex,
    .publish = publish_values,
    .lookup = lookup_values,
    .unpublish = unpublish_values,
    .spawn = spawn_step,
    .connect = connect_steps,
    .disconnect = disconnect_steps,
    .register_events = register_events,
    .deregister_events = deregister_events,
    .notify_event = notify_event,
    .query = query_job,
    .tool_connected = tool_connected,
    .log = log_data,
    .job_control = control_job,
    .iof_pull = iof_pull,
    .push_stdin = iof_push,
    .group = group_operation,
};
