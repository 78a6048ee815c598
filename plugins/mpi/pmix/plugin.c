/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin.c - the slots of berth/mpi.h, served by libpmix
 */
#include "pending.h"
#include "server.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server the_server;

/* libpmix does not start a second time in one process. */
static bool was_started;

const struct server *server_now(void)
{
    return &the_server;
}

int fail(struct berth_mpi_err *err, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (err) {
        err->code = code;
        vsnprintf(err->text, sizeof(err->text), fmt, args);
    }
    va_end(args);
    return -code;
}

/* The layout of libpmix's structures differs between majors. */
static int check_version(struct berth_mpi_err *err)
{
    const char *text = PMIx_Get_version();
    const char *digits = strpbrk(text, "0123456789");
    long major = digits ? strtol(digits, NULL, 10) : 0;
    if (major != PMIX_VERSION_MAJOR)
        return fail(err, ELIBBAD, "made for PMIx %ld, but the library is '%s'",
                    (long)PMIX_VERSION_MAJOR, text);
    return 0;
}

static int check_step(const struct berth_mpi_step *step, struct berth_mpi_err *err)
{
    if (was_started)
        return fail(err, EBUSY, "a process can serve one step with PMIx, and it has");
    if (!*step->nspace || strlen(step->nspace) > PMIX_MAX_NSLEN)
        return fail(err, EINVAL, "the step's PMIx name has %zu bytes, %d are possible",
                    strlen(step->nspace), PMIX_MAX_NSLEN);
    if (step->node_index >= step->n_nodes)
        return fail(err, EINVAL, "node %u of %u", step->node_index, step->n_nodes);
    for (uint32_t r = 0; r < step->n_tasks; r++)
        if (step->rank_node[r] >= step->n_nodes)
            return fail(err, EINVAL, "rank %u is on node %u of %u", r,
                        step->rank_node[r], step->n_nodes);
    for (uint32_t i = 0; i < step->n_local; i++)
        if (step->local_ranks[i] >= step->n_tasks)
            return fail(err, EINVAL, "local rank %u of %u", step->local_ranks[i],
                        step->n_tasks);
    return 0;
}

static void forget(struct server *server)
{
    free(server->rank_node);
    free(server->local_ranks);
    free(server->topology_file);
    *server = (struct server){0};
}

static uint32_t *copy_u32(const uint32_t *v, size_t n)
{
    uint32_t *copy = malloc(n ? n * sizeof(*v) : 1);
    if (copy && n)
        memcpy(copy, v, n * sizeof(*v));
    return copy;
}

static int remember(struct server *server, const struct berth_mpi_step *step,
                    const struct berth_mpi_host *host, struct berth_mpi_err *err)
{
    server->host = *host;
    PMIX_LOAD_NSPACE(server->nspace, step->nspace);
    server->n_tasks = step->n_tasks;
    server->n_nodes = step->n_nodes;
    server->node_index = step->node_index;
    server->n_local = step->n_local;
    server->rank_node = copy_u32(step->rank_node, step->n_tasks);
    server->local_ranks = copy_u32(step->local_ranks, step->n_local);
    if (!server->rank_node || !server->local_ranks) {
        forget(server);
        return fail(err, ENOMEM, "no memory for a step of %u tasks", step->n_tasks);
    }
    return 0;
}

/* A file beside the tasks' own: not advertised unless it could be written. */
static void share_topology(struct server *server, const struct berth_mpi_step *step)
{
    char *path;
    if (asprintf(&path, "%s/topology.xml", step->task_dir) < 0)
        return;
    if (topology_export(path, NULL) < 0) {
        free(path);
        return;
    }
    server->topology_file = path;
}

static pmix_status_t init_library(const struct berth_mpi_step *step,
                                  hwloc_topology_t topology)
{
    bool no = false;
    char source[] = "hwloc";
    pmix_topology_t given = {.source = source, .topology = topology};
    pmix_rank_t rank = step->node_index;
    pmix_info_t info[6];
    PMIX_INFO_LOAD(&info[0], PMIX_SERVER_NSPACE, "berth", PMIX_STRING);
    PMIX_INFO_LOAD(&info[1], PMIX_SERVER_RANK, &rank, PMIX_PROC_RANK);
    PMIX_INFO_LOAD(&info[2], PMIX_SERVER_TMPDIR, step->server_dir, PMIX_STRING);
    PMIX_INFO_LOAD(&info[3], PMIX_HOSTNAME, step->nodes[rank], PMIX_STRING);
    PMIX_INFO_LOAD(&info[4], PMIX_SERVER_TOOL_SUPPORT, &no, PMIX_BOOL);
    /* The pointer itself: libpmix would copy the topology otherwise. */
    PMIX_LOAD_KEY(info[5].key, PMIX_TOPOLOGY2);
    info[5].flags = 0;
    info[5].value.type = PMIX_TOPO;
    info[5].value.data.topo = &given;

    was_started = true;
    env_server_enter();
    pmix_status_t rc = PMIx_server_init(&upcalls, info, topology ? 6 : 5);
    env_server_leave();
    for (size_t i = 0; i < 5; i++)
        PMIX_INFO_DESTRUCT(&info[i]);
    return rc;
}

static int preload(const char *topology_xml, struct berth_mpi_err *err)
{
    hwloc_topology_t topology;
    return topology_get(topology_xml, &topology, err);
}

static void stop(void *self)
{
    struct server *server = self;
    if (!server)
        return;
    PMIx_server_finalize();
    pending_clear();
    forget(server);
}

static int start(const struct berth_mpi_step *step, const struct berth_mpi_host *host,
                 void **ret_self, struct berth_mpi_err *err)
{
    hwloc_topology_t topology = NULL;
    int rc = check_version(err);
    if (rc == 0)
        rc = check_step(step, err);
    if (rc == 0)
        rc = topology_get(step->topology_xml, &topology, err);
    if (rc == 0)
        rc = remember(&the_server, step, host, err);
    if (rc < 0)
        return rc;
    the_server.is_crowded =
        step->shares_machine || topology_is_crowded_by(step->n_local);
    share_topology(&the_server, step);

    pmix_status_t status = init_library(step, topology);
    if (status != PMIX_SUCCESS) {
        forget(&the_server);
        return fail(err, EIO, "the PMIx server does not start: %s",
                    PMIx_Error_string(status));
    }
    sockets_hurry();
    rc = job_register(&the_server, step, topology, err);
    if (rc < 0) {
        stop(&the_server);
        return rc;
    }
    *ret_self = &the_server;
    return 0;
}

static int task_env(void *self, uint32_t rank, char ***ret_env,
                    struct berth_mpi_err *err)
{
    return env_of_task(self, rank, ret_env, err);
}

/* Nothing but success and the usual failures need to be told apart. */
static pmix_status_t status_of_errno(int code)
{
    switch (code) {
    case 0:
        return PMIX_SUCCESS;
    case ETIMEDOUT:
        return PMIX_ERR_TIMEOUT;
    case ENOENT:
        return PMIX_ERR_NOT_FOUND;
    case ENOMEM:
        return PMIX_ERR_NOMEM;
    }
    return PMIX_ERR_LOST_CONNECTION;
}

static int errno_of_status(pmix_status_t status)
{
    switch (status) {
    case PMIX_SUCCESS:
        return 0;
    case PMIX_ERR_TIMEOUT:
        return ETIMEDOUT;
    case PMIX_ERR_NOT_FOUND:
        return ENOENT;
    }
    return EIO;
}

static void fence_done(void *self, const uint8_t id[16], int status, const void *data,
                       size_t len)
{
    (void)self;
    pending_answer_fence(id, status_of_errno(status), data, len);
}

static void modex_done(void *self, uint64_t cookie, int status, const void *data,
                       size_t len)
{
    (void)self;
    pending_answer_modex(cookie, status_of_errno(status), data, len);
}

static void on_modex_data(pmix_status_t status, char *data, size_t len, void *cbdata)
{
    const struct server *server = server_now();
    server->host.modex_reply(server->host.ctx, (uintptr_t)cbdata,
                             errno_of_status(status), data, len);
}

static void modex_serve(void *self, uint32_t rank, uint64_t cookie)
{
    struct server *server = self;
    pmix_proc_t proc;
    PMIX_LOAD_PROCID(&proc, server->nspace, rank);
    pmix_status_t rc =
        PMIx_server_dmodex_request(&proc, on_modex_data, (void *)(uintptr_t)cookie);
    if (rc != PMIX_SUCCESS)
        server->host.modex_reply(server->host.ctx, cookie, errno_of_status(rc), NULL,
                                 0);
}

static void ignore(pmix_status_t status, void *cbdata)
{
    (void)status, (void)cbdata;
}

static void task_ended(void *self, uint32_t rank, int status)
{
    struct server *server = self;
    pmix_proc_t proc;
    (void)status;
    PMIX_LOAD_PROCID(&proc, server->nspace, rank);
    PMIx_server_deregister_client(&proc, ignore, NULL);
}

static const struct berth_mpi_ops ops = {
    .preload = preload,
    .start = start,
    .task_env = task_env,
    .fence_done = fence_done,
    .modex_serve = modex_serve,
    .modex_done = modex_done,
    .task_ended = task_ended,
    .stop = stop,
};

extern const struct berth_mpi_plugin berth_mpi_plugin;

__attribute__((visibility("default")))
const struct berth_mpi_plugin berth_mpi_plugin = {
    .abi = BERTH_MPI_ABI,
    .ops_size = sizeof(struct berth_mpi_ops),
    .name = "pmix",
    .summary = "OpenMPI and others through an OpenPMIx server",
    .ops = &ops,
};
