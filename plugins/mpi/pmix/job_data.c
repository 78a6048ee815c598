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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------------- maps */

/* "0,1;2,3": the ranks of each node; "n0,n1": the nodes; "0,1": local ranks.
 * All heap strings, or NULL when there is no memory. */
static char *join_ranks(const struct berth_mpi_nspace *step)
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

static char *join_nodes(const struct berth_mpi_nspace *step)
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

static pmix_status_t put_maps(struct infos *infos, const struct berth_mpi_nspace *step)
{
    char *nodes = join_nodes(step), *ranks = join_ranks(step);
    char *node_map = NULL, *proc_map = NULL;
    pmix_status_t rc = nodes && ranks ? PMIX_SUCCESS : PMIX_ERR_NOMEM;
    if (rc == PMIX_SUCCESS)
        rc = PMIx_generate_regex(nodes, &node_map);
    if (rc == PMIX_SUCCESS)
        rc = PMIx_generate_ppn(ranks, &proc_map);
    if (rc == PMIX_SUCCESS) {
        infos_put(infos, PMIX_NODE_MAP, node_map, PMIX_REGEX);
        infos_put(infos, PMIX_PROC_MAP, proc_map, PMIX_REGEX);
    }
    free(nodes);
    free(ranks);
    free(node_map);
    free(proc_map);
    return rc;
}

static void put_sizes(struct infos *infos, const struct berth_mpi_nspace *step,
                      uint32_t universe)
{
    infos_put_u32(infos, PMIX_UNIV_SIZE, universe);
    infos_put_u32(infos, PMIX_JOB_SIZE, step->n_tasks);
    infos_put_u32(infos, PMIX_MAX_PROCS, step->n_tasks);
    infos_put_u32(infos, PMIX_NUM_NODES, step->n_nodes);
}

/* ---------------------------------------------------------------- programs */

static uint32_t app_of(const struct berth_mpi_step *step, uint32_t rank)
{
    uint32_t app = 0;
    while (app + 1 < step->n_apps && step->app_first[app + 1] <= rank)
        app++;
    return app;
}

static uint32_t app_size(const struct berth_mpi_step *step, uint32_t app)
{
    uint32_t end = app + 1 < step->n_apps ? step->app_first[app + 1] : step->n_tasks;
    return end - step->app_first[app];
}

/* OpenMPI 5 knows its MPI_Comm_spawn_multiple by these two. */
static void put_sizes_for_openmpi(struct infos *infos,
                                  const struct berth_mpi_step *step)
{
    char *sizes = NULL, *firsts = NULL;
    size_t len;
    FILE *s = open_memstream(&sizes, &len), *f = open_memstream(&firsts, &len);
    for (uint32_t app = 0; s && f && app < step->n_apps; app++) {
        fprintf(s, "%s%u", app ? " " : "", app_size(step, app));
        fprintf(f, "%s%u", app ? " " : "", step->app_first[app]);
    }
    if (s)
        fclose(s);
    if (f)
        fclose(f);
    if (sizes && firsts) {
        infos_put(infos, "OMPI_APP_SIZES", sizes, PMIX_STRING);
        infos_put(infos, "OMPI_FIRST_RANKS", firsts, PMIX_STRING);
    }
    free(sizes);
    free(firsts);
}

static char *join_argv(const char *const *argv)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    for (size_t i = 0; f && argv[i]; i++)
        fprintf(f, "%s%s", i ? " " : "", argv[i]);
    if (f)
        fclose(f);
    return text;
}

static void put_programs(struct infos *job, const struct berth_mpi_step *step)
{
    infos_put_u32(job, PMIX_JOB_NUM_APPS, step->n_apps ? step->n_apps : 1);
    for (uint32_t app = 0; app < step->n_apps; app++) {
        struct infos infos = {0};
        pmix_rank_t leader = step->app_first[app];
        char *argv = join_argv(step->app_argv[app]);
        infos_put_u32(&infos, PMIX_APPNUM, app);
        infos_put_u32(&infos, PMIX_APP_SIZE, app_size(step, app));
        infos_put(&infos, PMIX_APPLDR, &leader, PMIX_PROC_RANK);
        if (argv)
            infos_put(&infos, PMIX_APP_ARGV, argv, PMIX_STRING);
        if (step->cwd)
            infos_put(&infos, PMIX_WDIR, step->cwd, PMIX_STRING);
        pmix_data_array_t array = {
            .type = PMIX_INFO, .size = infos.n, .array = infos.v};
        infos_put(job, PMIX_APP_INFO_ARRAY, &array, PMIX_DATA_ARRAY);
        infos_fini(&infos);
        free(argv);
    }
    if (step->n_apps > 1)
        put_sizes_for_openmpi(job, step);
}

/* ------------------------------------------------------------------- tasks */

static pmix_status_t put_local(struct infos *infos, const struct berth_mpi_step *step,
                               bool is_crowded)
{
    bool yes = true;
    char *peers = join_local(step);
    if (!peers)
        return PMIX_ERR_NOMEM;
    infos_put(infos, PMIX_LOCAL_PEERS, peers, PMIX_STRING);
    if (step->n_local)
        infos_put(infos, PMIX_LOCALLDR, &step->local_ranks[0], PMIX_PROC_RANK);
    infos_put(infos, PMIX_TMPDIR, step->task_dir, PMIX_STRING);
    infos_put(infos, PMIX_NSDIR, step->task_dir, PMIX_STRING);
    infos_put(infos, PMIX_TDIR_RMCLEAN, &yes, PMIX_BOOL);
    infos_put(infos, PMIX_NODE_OVERSUBSCRIBED, &is_crowded, PMIX_BOOL);
    infos_put_u32(infos, PMIX_LOCAL_SIZE, step->n_local);
    infos_put_u32(infos, PMIX_NODE_SIZE, step->n_local);
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
            infos_put(infos, PMIX_CPUSET, text, PMIX_STRING);
        free(text);
        text = NULL;
        if (topology &&
            PMIx_server_generate_locality_string(&cpuset, &text) == PMIX_SUCCESS)
            infos_put(infos, PMIX_LOCALITY_STRING, text, PMIX_STRING);
        free(text);
    }
    if (set)
        hwloc_bitmap_free(set);
}

static void put_task(struct infos *job, const struct berth_mpi_step *step,
                     uint32_t local, hwloc_topology_t topology)
{
    struct infos task = {0};
    uint32_t rank = step->local_ranks[local], app = app_of(step, rank);
    pmix_rank_t app_rank = rank - (step->n_apps ? step->app_first[app] : 0);
    infos_put(&task, PMIX_RANK, &rank, PMIX_PROC_RANK);
    infos_put_u32(&task, PMIX_APPNUM, app);
    infos_put_u16(&task, PMIX_LOCAL_RANK, local);
    infos_put_u16(&task, PMIX_NODE_RANK, local);
    infos_put_u32(&task, PMIX_NODEID, step->node_index);
    infos_put(&task, PMIX_GLOBAL_RANK, &rank, PMIX_PROC_RANK);
    infos_put(&task, PMIX_APP_RANK, &app_rank, PMIX_PROC_RANK);
    infos_put_u32(&task, PMIX_REINCARNATION, 0);
    infos_put(&task, PMIX_HOSTNAME, step->nodes[step->node_index], PMIX_STRING);
    if (step->local_cpus && step->local_cpus[local])
        put_binding(&task, step->local_cpus[local], topology);

    pmix_data_array_t array = {.type = PMIX_INFO, .size = task.n, .array = task.v};
    infos_put(job, PMIX_PROC_DATA, &array, PMIX_DATA_ARRAY);
    infos_fini(&task);
}

static void put_parent(struct infos *job, const struct berth_mpi_step *step)
{
    pmix_proc_t parent;
    if (!step->parent)
        return;
    PMIX_LOAD_PROCID(&parent, step->parent->nspace, step->parent_rank);
    infos_put_bool(job, PMIX_SPAWNED, true);
    infos_put(job, PMIX_PARENT_ID, &parent, PMIX_PROC);
}

static pmix_status_t register_all(const struct berth_mpi_step *step, struct infos *job)
{
    struct waiter waiter = WAITER(1 + step->n_local);
    waiter_called(&waiter,
                  PMIx_server_register_nspace(step->nspace, (int)step->n_local, job->v,
                                              job->n, waiter_done, &waiter));
    for (uint32_t i = 0; i < step->n_local; i++) {
        pmix_proc_t proc;
        PMIX_LOAD_PROCID(&proc, step->nspace, step->local_ranks[i]);
        waiter_called(&waiter, PMIx_server_register_client(&proc, step->uid, step->gid,
                                                           NULL, waiter_done, &waiter));
    }
    return waiter_wait(&waiter);
}

static struct berth_mpi_nspace as_nspace(const struct berth_mpi_step *step)
{
    return (struct berth_mpi_nspace){.nspace = step->nspace,
                                     .n_nodes = step->n_nodes,
                                     .nodes = step->nodes,
                                     .n_tasks = step->n_tasks,
                                     .rank_node = step->rank_node};
}

int job_register(const struct server *server, const struct berth_mpi_step *step,
                 hwloc_topology_t topology, struct berth_mpi_err *err)
{
    struct infos job = {0};
    struct berth_mpi_nspace own = as_nspace(step);
    infos_put(&job, PMIX_JOBID, step->nspace, PMIX_STRING);
    infos_put_u32(&job, PMIX_SESSION_ID, step->job);
    infos_put(&job, PMIX_USERID, &step->uid, PMIX_UINT32);
    infos_put(&job, PMIX_GRPID, &step->gid, PMIX_UINT32);
    put_sizes(&job, &own, server->universe);
    put_programs(&job, step);
    put_parent(&job, step);
    pmix_status_t rc = put_maps(&job, &own);
    if (rc == PMIX_SUCCESS)
        rc = put_local(&job, step, server->is_crowded);
    for (uint32_t i = 0; i < step->n_local; i++)
        put_task(&job, step, i, topology);
    if (rc == PMIX_SUCCESS)
        rc = register_all(step, &job);
    infos_fini(&job);
    if (rc != PMIX_SUCCESS)
        return fail(err, EIO, "PMIx refuses the step's description: %s",
                    PMIx_Error_string(rc));
    return 0;
}

/* ------------------------------------------------------------- other steps */

/* None of its tasks is a client of this server, even where they are on this node. */
void job_meet(const struct berth_mpi_nspace *nspace)
{
    struct infos job = {0};
    struct waiter waiter = WAITER(1);
    infos_put(&job, PMIX_JOBID, nspace->nspace, PMIX_STRING);
    put_sizes(&job, nspace, nspace->n_tasks);
    infos_put_u32(&job, PMIX_JOB_NUM_APPS, 1);
    if (put_maps(&job, nspace) == PMIX_SUCCESS) {
        waiter_called(&waiter,
                      PMIx_server_register_nspace(nspace->nspace, 0, job.v, job.n,
                                                  waiter_done, &waiter));
        waiter_wait(&waiter);
    }
    infos_fini(&job);
}

void job_part(const char *nspace)
{
    struct waiter waiter = WAITER(1);
    PMIx_server_deregister_nspace(nspace, waiter_done, &waiter);
    waiter_wait(&waiter);
}
