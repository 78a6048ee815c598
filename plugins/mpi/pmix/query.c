/* SPDX-License-Identifier: Apache-2.0
 *
 * query.c - what tasks and tools may know of the job's steps
 */
#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* One call of libpmix: its queries, answered one after another, as each may take a
 * question to the lead. */
struct inquiry {
    pmix_nspace_t own; /* of who asks */
    pmix_query_t *queries;
    size_t n_queries, at;
    pmix_info_cbfunc_t cbfunc;
    void *cbdata;
    struct infos found;
    size_t n_asked, n_found;
};

static void proceed(struct inquiry *inquiry);

static void finish(struct inquiry *inquiry)
{
    pmix_status_t status = PMIX_ERR_PARTIAL_SUCCESS;
    if (inquiry->n_found == inquiry->n_asked)
        status = PMIX_SUCCESS;
    else if (inquiry->n_found == 0)
        status = PMIX_ERR_NOT_SUPPORTED;
    infos_answer(inquiry->cbfunc, inquiry->cbdata, status, &inquiry->found);
    infos_fini(&inquiry->found);
    PMIX_QUERY_FREE(inquiry->queries, inquiry->n_queries);
    free(inquiry);
}

/* ----------------------------------------------------------- what is known here */

/* What spawn.c heeds. */
#define SPAWN_SUPPORT \
    PMIX_HOST "," PMIX_WDIR "," PMIX_TIMEOUT "," PMIX_NOTIFY_PROC_TERMINATION

static bool answer_here(struct infos *found, const char *key)
{
    const struct server *server = server_now();
    if (strcmp(key, PMIX_QUERY_SPAWN_SUPPORT) == 0)
        infos_put(found, key, SPAWN_SUPPORT, PMIX_STRING);
    else if (strcmp(key, PMIX_QUERY_DEBUG_SUPPORT) == 0)
        infos_put(found, key, PMIX_QUERY_PROC_TABLE "," PMIX_QUERY_LOCAL_PROC_TABLE,
                  PMIX_STRING);
    else if (strcmp(key, PMIX_QUERY_NUM_PSETS) == 0)
        infos_put_u32(found, key, 0);
    else if (strcmp(key, PMIX_QUERY_PSET_NAMES) == 0)
        infos_put(found, key, "", PMIX_STRING);
    else if (strcmp(key, PMIX_UNIV_SIZE) == 0)
        infos_put_u32(found, key, server->universe);
    else if (strcmp(key, PMIX_JOB_SIZE) == 0)
        infos_put_u32(found, key, server->n_tasks);
    else
        return false;
    return true;
}

/* ----------------------------------------------------------- what the lead knows */

static const char *const of_lead[] = {
    PMIX_QUERY_NAMESPACES, PMIX_QUERY_NAMESPACE_INFO,   PMIX_QUERY_JOB_STATUS,
    PMIX_QUERY_PROC_TABLE, PMIX_QUERY_LOCAL_PROC_TABLE, NULL};

static bool is_of_lead(const char *key)
{
    for (size_t i = 0; of_lead[i]; i++)
        if (strcmp(key, of_lead[i]) == 0)
            return true;
    return false;
}

static void put_names(struct infos *found, const struct berth_mpi_answer *answer)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    for (size_t i = 0; f && i < answer->n_jobs; i++)
        fprintf(f, "%s%s", i ? "," : "", answer->jobs[i].of.nspace);
    if (f)
        fclose(f);
    if (text)
        infos_put(found, PMIX_QUERY_NAMESPACES, text, PMIX_STRING);
    free(text);
}

/* An array of arrays: each step's name, size and command. */
static void put_steps(struct infos *found, const struct berth_mpi_answer *answer)
{
    struct infos steps = {0};
    for (size_t i = 0; i < answer->n_jobs; i++) {
        const struct berth_mpi_job_info *job = &answer->jobs[i];
        struct infos step = {0};
        infos_put(&step, PMIX_NSPACE, job->of.nspace, PMIX_STRING);
        infos_put_u32(&step, PMIX_JOB_SIZE, job->of.n_tasks);
        infos_put_u32(&step, PMIX_NUM_NODES, job->of.n_nodes);
        infos_put(&step, PMIX_CMD_LINE, job->command, PMIX_STRING);
        pmix_data_array_t array = {.type = PMIX_INFO, .size = step.n, .array = step.v};
        infos_put(&steps, PMIX_JOB_INFO_ARRAY, &array, PMIX_DATA_ARRAY);
        infos_fini(&step);
    }
    pmix_data_array_t array = {.type = PMIX_INFO, .size = steps.n, .array = steps.v};
    infos_put(found, PMIX_QUERY_NAMESPACE_INFO, &array, PMIX_DATA_ARRAY);
    infos_fini(&steps);
}

static pmix_proc_state_t state_of(const struct berth_mpi_proc_info *proc)
{
    switch (proc->state) {
    case BERTH_MPI_STARTING:
        return PMIX_PROC_STATE_LAUNCH_UNDERWAY;
    case BERTH_MPI_RUNNING:
        return PMIX_PROC_STATE_RUNNING;
    case BERTH_MPI_CONNECTED:
        return PMIX_PROC_STATE_CONNECTED;
    case BERTH_MPI_ENDED:
        break;
    }
    if (WIFSIGNALED(proc->status))
        return PMIX_PROC_STATE_ABORTED_BY_SIG;
    return WEXITSTATUS(proc->status) ? PMIX_PROC_STATE_TERM_NON_ZERO
                                     : PMIX_PROC_STATE_TERMINATED;
}

static char *copy(const char *text)
{
    return strdup(text ? text : "");
}

/* 'node' BERTH_MPI_ALL: of all nodes. */
static void put_table(struct infos *found, const char *key,
                      const struct berth_mpi_job_info *job, const char *node)
{
    pmix_data_array_t array = {.type = PMIX_PROC_INFO};
    pmix_proc_info_t *table;
    PMIX_PROC_INFO_CREATE(table, job->n_procs + 1);
    for (size_t i = 0; table && i < job->n_procs; i++) {
        const struct berth_mpi_proc_info *proc = &job->procs[i];
        const char *host =
            proc->node < job->of.n_nodes ? job->of.nodes[proc->node] : "";
        pmix_proc_info_t *row = &table[array.size];
        if (node && strcmp(node, host) != 0)
            continue;
        PMIX_LOAD_PROCID(&row->proc, job->of.nspace, proc->rank);
        row->hostname = copy(host);
        row->executable_name = copy(job->command);
        row->pid = (pid_t)proc->pid;
        row->state = state_of(proc);
        row->exit_code = proc->state == BERTH_MPI_ENDED ? proc->status : 0;
        array.size++;
    }
    array.array = table;
    infos_put(found, key, &array, PMIX_DATA_ARRAY);
    PMIX_PROC_INFO_FREE(table, job->n_procs + 1);
}

static void put_answer(struct inquiry *inquiry, const char *key,
                       const struct berth_mpi_answer *answer)
{
    const struct server *server = server_now();
    struct infos *found = &inquiry->found;
    if (strcmp(key, PMIX_QUERY_NAMESPACES) == 0)
        put_names(found, answer);
    else if (strcmp(key, PMIX_QUERY_NAMESPACE_INFO) == 0)
        put_steps(found, answer);
    else if (answer->n_jobs == 0)
        return;
    else if (strcmp(key, PMIX_QUERY_JOB_STATUS) == 0) {
        pmix_status_t status =
            answer->jobs[0].is_running ? PMIX_SUCCESS : PMIX_ERR_NOT_AVAILABLE;
        infos_put(found, key, &status, PMIX_STATUS);
    } else
        put_table(found, key, &answer->jobs[0],
                  strcmp(key, PMIX_QUERY_LOCAL_PROC_TABLE) == 0 ? server->node_name
                                                                : NULL);
    inquiry->n_found++;
}

static void on_answer(const struct berth_mpi_answer *answer, void *ctx)
{
    struct inquiry *inquiry = ctx;
    const pmix_query_t *query = &inquiry->queries[inquiry->at];
    for (size_t k = 0; answer->status == 0 && query->keys[k]; k++)
        if (is_of_lead(query->keys[k]))
            put_answer(inquiry, query->keys[k], answer);
    inquiry->at++;
    proceed(inquiry);
}

/* The step a query is about: that of its qualifiers, else the one that asks. NULL where
 * it is about all. */
static const char *about(const struct inquiry *inquiry, const pmix_query_t *query)
{
    const pmix_value_t *nspace =
        infos_find(query->qualifiers, query->nqual, PMIX_NSPACE);
    const pmix_value_t *proc = infos_find(query->qualifiers, query->nqual, PMIX_PROCID);
    for (size_t k = 0; query->keys[k]; k++)
        if (strcmp(query->keys[k], PMIX_QUERY_NAMESPACES) == 0 ||
            strcmp(query->keys[k], PMIX_QUERY_NAMESPACE_INFO) == 0)
            return NULL;
    if (nspace && nspace->type == PMIX_STRING)
        return nspace->data.string;
    if (proc && proc->type == PMIX_PROC)
        return proc->data.proc->nspace;
    return inquiry->own;
}

static bool ask_lead(struct inquiry *inquiry, const pmix_query_t *query)
{
    bool is_needed = false;
    for (size_t k = 0; query->keys[k]; k++)
        is_needed |= is_of_lead(query->keys[k]);
    return is_needed && ask(&(struct berth_mpi_call){.verb = BERTH_MPI_QUERY,
                                                     .nspace = about(inquiry, query)},
                            0, on_answer, inquiry) == PMIX_SUCCESS;
}

static void proceed(struct inquiry *inquiry)
{
    for (; inquiry->at < inquiry->n_queries; inquiry->at++) {
        const pmix_query_t *query = &inquiry->queries[inquiry->at];
        for (size_t k = 0; query->keys && query->keys[k]; k++) {
            inquiry->n_asked++;
            inquiry->n_found += answer_here(&inquiry->found, query->keys[k]);
        }
        if (query->keys && ask_lead(inquiry, query))
            return;
    }
    finish(inquiry);
}

static pmix_status_t copy_query(pmix_query_t *to, const pmix_query_t *from)
{
    for (size_t k = 0; from->keys && from->keys[k]; k++) {
        pmix_status_t rc;
        PMIX_ARGV_APPEND(rc, to->keys, from->keys[k]);
        if (rc != PMIX_SUCCESS)
            return rc;
    }
    if (from->nqual == 0)
        return PMIX_SUCCESS;
    PMIX_QUERY_QUALIFIERS_CREATE(to, from->nqual);
    for (size_t i = 0; i < from->nqual; i++)
        PMIX_INFO_XFER(&to->qualifiers[i], &from->qualifiers[i]);
    return PMIX_SUCCESS;
}

pmix_status_t query_job(pmix_proc_t *proc, pmix_query_t *queries, size_t n_queries,
                        pmix_info_cbfunc_t cbfunc, void *cbdata)
{
    struct inquiry *inquiry = calloc(1, sizeof(*inquiry));
    pmix_status_t rc = inquiry ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    if (rc != PMIX_SUCCESS)
        return rc;
    /* For a task libpmix names its own server. */
    bool is_step = strncmp(proc->nspace, "berth.", 6) == 0;
    PMIX_LOAD_NSPACE(inquiry->own, is_step ? proc->nspace : server_now()->nspace);
    inquiry->cbfunc = cbfunc;
    inquiry->cbdata = cbdata;
    inquiry->n_queries = n_queries;
    PMIX_QUERY_CREATE(inquiry->queries, n_queries);
    for (size_t i = 0; i < n_queries && rc == PMIX_SUCCESS; i++)
        rc = copy_query(&inquiry->queries[i], &queries[i]);
    if (rc != PMIX_SUCCESS) {
        PMIX_QUERY_FREE(inquiry->queries, n_queries);
        free(inquiry);
        return rc;
    }
    proceed(inquiry);
    return PMIX_SUCCESS;
}
