/* SPDX-License-Identifier: Apache-2.0
 *
 * job_data.c - what libpmix is told about the step
 *
 * The two maps say where each rank is; libpmix derives sizes, peers and local
 * ranks of all tasks from them. Arrays of properties are given for this node's
 * tasks only: for each rank of the step they would cost kilobytes on each node.
 */
#include "server.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct infos {
    pmix_info_t *v;
    size_t n, max;
};

static void infos_init(struct infos *infos, size_t max)
{
    PMIX_INFO_CREATE(infos->v, max);
    infos->n = 0;
    infos->max = max;
}

/* The value is copied. */
static void put(struct infos *infos, const char *key, const void *value,
                pmix_data_type_t type)
{
    if (infos->n < infos->max)
        PMIX_INFO_LOAD(&infos->v[infos->n], key, value, type);
    infos->n += infos->n < infos->max;
}

static void put_u32(struct infos *infos, const char *key, uint32_t value)
{
    put(infos, key, &value, PMIX_UINT32);
}

static void put_u16(struct infos *infos, const char *key, uint32_t value)
{
    uint16_t small = (uint16_t)value;
    put(infos, key, &small, PMIX_UINT16);
}

/* "0,1;2,3": the ranks of each node; "n0,n1": the nodes; "0,1": local ranks.
 * All heap strings, or NULL when there is no memory. */
static char *join_ranks(const struct berth_mpi_step *step)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f)
        return NULL;
    uint32_t *first = malloc((step->n_nodes + 1) * sizeof(*first));
    uint32_t *by_node = malloc(step->n_tasks * sizeof(*by_node));
    if (first && by_node) {
        /* A counting sort, so that many nodes with many ranks stay linear. */
        memset(first, 0, (step->n_nodes + 1) * sizeof(*first));
        for (uint32_t r = 0; r < step->n_tasks; r++)
            first[step->rank_node[r] + 1]++;
        for (uint32_t i = 0; i < step->n_nodes; i++)
            first[i + 1] += first[i];
        for (uint32_t r = 0; r < step->n_tasks; r++)
            by_node[first[step->rank_node[r]]++] = r;
        /* first[i] is now the end of node i. */
        for (uint32_t i = 0, at = 0; i < step->n_nodes; i++) {
            fputs(i ? ";" : "", f);
            for (uint32_t begin = at; at < first[i]; at++)
                fprintf(f, "%s%u", at > begin ? "," : "", by_node[at]);
        }
    }
    free(first);
    free(by_node);
    fclose(f);
    return text;
}

static char *join_nodes(const struct berth_mpi_step *step)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    for (uint32_t i = 0; f && i < step->n_nodes; i++)
        fprintf(f, "%s%s", i ? "," : "", step->nodes[i]);
    if (f)
        fclose(f);
    return text;
}

static char *join_local(const struct berth_mpi_step *step)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    for (uint32_t i = 0; f && i < step->n_local; i++)
        fprintf(f, "%s%u", i ? "," : "", step->local_ranks[i]);
    if (f)
        fclose(f);
    return text;
}

static pmix_status_t put_maps(struct infos *infos, const struct berth_mpi_step *step)
{
    char *nodes = join_nodes(step), *ranks = join_ranks(step);
    char *node_map = NULL, *proc_map = NULL;
    pmix_status_t rc = nodes && ranks ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    if (rc == PMIX_SUCCESS)
        rc = PMIx_generate_regex(nodes, &node_map);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_generate_ppn(ranks, &proc_map);
    if (rc == PMIX_SUCCESS) {
        put(infos, PMIX_NODE_MAP, node_map, PMIX_REGEX);
        put(infos, PMIX_PROC_MAP, proc_map, PMIX_REGEX);
    }
    free(nodes);
    free(ranks);
    free(node_map);
    free(proc_map);
    return rc;
}

static void put_sizes(struct infos *infos, const struct berth_mpi_step *step)
{
    put_u32(infos, PMIX_UNIV_SIZE, step->n_tasks);
    put_u32(infos, PMIX_JOB_SIZE, step->n_tasks);
    put_u32(infos, PMIX_MAX_PROCS, step->n_tasks);
    put_u32(infos, PMIX_JOB_NUM_APPS, 1);
    put_u32(infos, PMIX_NUM_NODES, step->n_nodes);
    put_u32(infos, PMIX_LOCAL_SIZE, step->n_local);
    put_u32(infos, PMIX_NODE_SIZE, step->n_local);
}

static pmix_status_t put_local(struct infos *infos, const struct berth_mpi_step *step,
                               bool is_crowded)
{
    bool yes = true;
    char *peers = join_local(step);
    if (!peers)
        return PMIX_ERR_NOMEM;
    put(infos, PMIX_LOCAL_PEERS, peers, PMIX_STRING);
    if (step->n_local)
        put(infos, PMIX_LOCALLDR, &step->local_ranks[0], PMIX_PROC_RANK);
    put(infos, PMIX_TMPDIR, step->task_dir, PMIX_STRING);
    put(infos, PMIX_NSDIR, step->task_dir, PMIX_STRING);
    put(infos, PMIX_TDIR_RMCLEAN, &yes, PMIX_BOOL);
    put(infos, PMIX_NODE_OVERSUBSCRIBED, &is_crowded, PMIX_BOOL);
    free(peers);
    return PMIX_SUCCESS;
}

/* Where a task is bound, in libpmix's own words. Without them the tasks know
 * only that they share a node. */
static void put_binding(struct infos *infos, const char *cpus,
                        hwloc_topology_t topology)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (set && hwloc_bitmap_list_sscanf(set, cpus) == 0 && !hwloc_bitmap_iszero(set)) {
        char source[] = "hwloc";
        pmix_cpuset_t cpuset = {.source = source, .bitmap = set};
        char *text = NULL;
        if (PMIx_server_generate_cpuset_string(&cpuset, &text) == PMIX_SUCCESS)
            put(infos, PMIX_CPUSET, text, PMIX_STRING);
        free(text);
        text = NULL;
        if (topology &&
            PMIx_server_generate_locality_string(&cpuset, &text) == PMIX_SUCCESS)
            put(infos, PMIX_LOCALITY_STRING, text, PMIX_STRING);
        free(text);
    }
    if (set)
        hwloc_bitmap_free(set);
}

static void put_task(struct infos *job, const struct berth_mpi_step *step,
                     uint32_t local, hwloc_topology_t topology)
{
    struct infos task;
    uint32_t rank = step->local_ranks[local];
    infos_init(&task, 12);
    put(&task, PMIX_RANK, &rank, PMIX_PROC_RANK);
    put_u32(&task, PMIX_APPNUM, 0);
    put_u16(&task, PMIX_LOCAL_RANK, local);
    put_u16(&task, PMIX_NODE_RANK, local);
    put_u32(&task, PMIX_NODEID, step->node_index);
    put(&task, PMIX_GLOBAL_RANK, &rank, PMIX_PROC_RANK);
    put(&task, PMIX_APP_RANK, &rank, PMIX_PROC_RANK);
    put_u32(&task, PMIX_REINCARNATION, 0);
    put(&task, PMIX_HOSTNAME, step->nodes[step->node_index], PMIX_STRING);
    if (step->local_cpus && step->local_cpus[local])
        put_binding(&task, step->local_cpus[local], topology);

    pmix_data_array_t array = {.type = PMIX_INFO, .size = task.n, .array = task.v};
    put(job, PMIX_PROC_DATA, &array, PMIX_DATA_ARRAY);
    PMIX_INFO_FREE(task.v, task.max);
}

/* Calls of libpmix that run on its thread: waited for together. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    uint32_t pending;
    pmix_status_t status; /* of the first that failed */
};

static void on_done(pmix_status_t status, void *cbdata)
{
    struct waiter *waiter = cbdata;
    pthread_mutex_lock(&waiter->lock);
    if (waiter->status == PMIX_SUCCESS && status != PMIX_OPERATION_SUCCEEDED)
        waiter->status = status;
    if (--waiter->pending == 0)
        pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

/* Take the immediate result of a call whose callback is on_done. */
static void was_called(struct waiter *waiter, pmix_status_t rc)
{
    if (rc != PMIX_SUCCESS)
        on_done(rc, waiter);
}

static pmix_status_t register_all(const struct berth_mpi_step *step, struct infos *job)
{
    struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
                            1 + step->n_local, PMIX_SUCCESS};
    was_called(&waiter, PMIx_server_register_nspace(step->nspace, (int)step->n_local,
                                                    job->v, job->n, on_done, &waiter));
    for (uint32_t i = 0; i < step->n_local; i++) {
        pmix_proc_t proc;
        PMIX_LOAD_PROCID(&proc, step->nspace, step->local_ranks[i]);
        was_called(&waiter, PMIx_server_register_client(&proc, step->uid, step->gid,
                                                        NULL, on_done, &waiter));
    }
    pthread_mutex_lock(&waiter.lock);
    while (waiter.pending)
        pthread_cond_wait(&waiter.done, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    return waiter.status;
}

int job_register(const struct server *server, const struct berth_mpi_step *step,
                 hwloc_topology_t topology, struct berth_mpi_err *err)
{
    struct infos job;
    infos_init(&job, 20 + step->n_local);
    put(&job, PMIX_JOBID, step->nspace, PMIX_STRING);
    put_u32(&job, PMIX_SESSION_ID, 0);
    put(&job, PMIX_USERID, &step->uid, PMIX_UINT32);
    put(&job, PMIX_GRPID, &step->gid, PMIX_UINT32);
    put_sizes(&job, step);
    pmix_status_t rc = put_maps(&job, step);
    if (rc == PMIX_SUCCESS)
        rc = put_local(&job, step, server->is_crowded);
    for (uint32_t i = 0; i < step->n_local; i++)
        put_task(&job, step, i, topology);
    if (rc == PMIX_SUCCESS)
        rc = register_all(step, &job);
    PMIX_INFO_FREE(job.v, job.max);
    if (rc != PMIX_SUCCESS)
        return fail(err, EIO, "PMIx refuses the step's description: %s",
                    PMIx_Error_string(rc));
    return 0;
}
