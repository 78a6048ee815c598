/* SPDX-License-Identifier: Apache-2.0
 *
 * control.c - tasks that end or signal others
 */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ job control */

/* What to send; 0: nothing. Cleaning up files is libpmix's own business. */
static pmix_status_t signal_of(const pmix_info_t info[], size_t n, int *ret_signo)
{
    const pmix_value_t *value = infos_find(info, n, PMIX_JOB_CTRL_SIGNAL);
    *ret_signo = 0;
    if (infos_flag(info, n, PMIX_JOB_CTRL_KILL))
        *ret_signo = SIGKILL;
    else if (infos_flag(info, n, PMIX_JOB_CTRL_TERMINATE))
        *ret_signo = SIGTERM;
    else if (infos_flag(info, n, PMIX_JOB_CTRL_PAUSE))
        *ret_signo = SIGSTOP;
    else if (infos_flag(info, n, PMIX_JOB_CTRL_RESUME))
        *ret_signo = SIGCONT;
    else if (value && value->type == PMIX_INT)
        *ret_signo = value->data.integer;
    else if (infos_find(info, n, PMIX_JOB_CTRL_RESTART) ||
             infos_find(info, n, PMIX_JOB_CTRL_CHECKPOINT) ||
             infos_find(info, n, PMIX_JOB_CTRL_PROVISION) ||
             infos_find(info, n, PMIX_JOB_CTRL_CANCEL))
        return PMIX_ERR_NOT_SUPPORTED;
    return PMIX_SUCCESS;
}

struct order {
    pmix_info_cbfunc_t cbfunc;
    void *cbdata;
};

static void on_answer(const struct berth_mpi_answer *answer, void *ctx)
{
    struct order *order = ctx;
    infos_answer(order->cbfunc, order->cbdata, status_of_errno(answer->status), NULL);
    free(order);
}

/* A tool has no tasks: it must say whose it means. */
static struct berth_mpi_proc *targets_of(const pmix_proc_t *requestor,
                                         const pmix_proc_t targets[], size_t n_targets)
{
    pmix_proc_t all;
    if (n_targets)
        return procs_for_host(targets, n_targets);
    PMIX_LOAD_PROCID(&all, requestor->nspace, PMIX_RANK_WILDCARD);
    struct berth_mpi_proc *list = procs_for_host(&all, 1);
    if (list)
        list->nspace = requestor->nspace;
    return list;
}

pmix_status_t control_job(const pmix_proc_t *requestor, const pmix_proc_t targets[],
                          size_t n_targets, const pmix_info_t info[], size_t n_info,
                          pmix_info_cbfunc_t cbfunc, void *cbdata)
{
    int signo;
    pmix_status_t rc = signal_of(info, n_info, &signo);
    if (rc != PMIX_SUCCESS || signo == 0)
        return rc != PMIX_SUCCESS ? rc : PMIX_OPERATION_SUCCEEDED;
    struct berth_mpi_proc *list = targets_of(requestor, targets, n_targets);
    struct order *order = malloc(sizeof(*order));
    rc = list && order ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    if (rc == PMIX_SUCCESS) {
        *order = (struct order){cbfunc, cbdata};
        rc = ask(&(struct berth_mpi_call){.verb = BERTH_MPI_SIGNAL,
                                          .rank = requestor->rank,
                                          .procs = list,
                                          .n_procs = n_targets ? n_targets : 1,
                                          .signo = signo},
                 0, on_answer, order);
    }
    if (rc != PMIX_SUCCESS)
        free(order);
    free(list);
    return rc;
}

/* -------------------------------------------------------------------- abort */

/* Whether 'procs', and the one that asks, are all of the step. */
static bool is_all(const struct server *server, const pmix_proc_t *by,
                   const pmix_proc_t procs[], size_t n)
{
    bool *named = calloc(server->n_tasks, sizeof(*named));
    uint32_t n_named = 0;
    bool is_whole = n == 0 || !named;
    for (size_t i = 0; i < n && !is_whole; i++) {
        if (!PMIX_CHECK_NSPACE(procs[i].nspace, server->nspace))
            continue;
        if (procs[i].rank == PMIX_RANK_WILDCARD)
            is_whole = true;
        else if (procs[i].rank < server->n_tasks)
            named[procs[i].rank] = true;
    }
    if (named && by->rank < server->n_tasks)
        named[by->rank] = true;
    for (uint32_t r = 0; named && r < server->n_tasks; r++)
        n_named += named[r];
    free(named);
    return is_whole || n_named == server->n_tasks;
}

/* A step that does not outlive its tasks ends at once, with the status. There is no
 * answer then: the one that asks waits to be killed, as its exit would break
 * connections, and others would abort for that before they hear of this. Of another
 * step the tasks named are killed, and the one that asks exits by itself. */
pmix_status_t abort_tasks(const pmix_proc_t *proc, void *object, int status,
                          const char words[], pmix_proc_t procs[], size_t n_procs,
                          pmix_op_cbfunc_t cbfunc, void *cbdata)
{
    (void)object;
    const struct server *server = server_now();
    if (!server->outlives_tasks || is_all(server, proc, procs, n_procs)) {
        server->host.abort(server->host.ctx, proc->rank, status, words ? words : "");
        return PMIX_SUCCESS;
    }
    struct berth_mpi_proc *list = calloc(n_procs, sizeof(*list));
    struct operation *operation = operation_create(cbfunc, cbdata);
    pmix_status_t rc = list && operation ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    size_t n = 0;
    for (size_t i = 0; i < n_procs && rc == PMIX_SUCCESS; i++)
        if (!PMIX_CHECK_PROCID(&procs[i], proc))
            list[n++] = (struct berth_mpi_proc){procs[i].nspace, procs[i].rank};
    if (rc == PMIX_SUCCESS && n == 0)
        rc = PMIX_OPERATION_SUCCEEDED;
    if (rc == PMIX_SUCCESS)
        rc = ask(&(struct berth_mpi_call){.verb = BERTH_MPI_SIGNAL,
                                          .rank = proc->rank,
                                          .procs = list,
                                          .n_procs = n,
                                          .signo = SIGKILL},
                 0, operation_answered, operation);
    if (rc != PMIX_SUCCESS)
        free(operation);
    free(list);
    return rc;
}
