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

/* ------------------------------------------------------------------ waiting */

void waiter_done(pmix_status_t status, void *ctx)
{
    struct waiter *waiter = ctx;
    pthread_mutex_lock(&waiter->lock);
    if (waiter->status == PMIX_SUCCESS && status != PMIX_OPERATION_SUCCEEDED)
        waiter->status = status;
    if (--waiter->pending == 0)
        pthread_cond_signal(&waiter->done);
    pthread_mutex_unlock(&waiter->lock);
}

void waiter_called(struct waiter *waiter, pmix_status_t rc)
{
    if (rc != PMIX_SUCCESS)
        waiter_done(rc, waiter);
}

pmix_status_t waiter_wait(struct waiter *waiter)
{
    pthread_mutex_lock(&waiter->lock);
    while (waiter->pending)
        pthread_cond_wait(&waiter->done, &waiter->lock);
    pthread_mutex_unlock(&waiter->lock);
    return waiter->status;
}

/* -------------------------------------------------------------------- start */

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
    free(server->node_name);
    *server = (struct server){0};
}

static uint32_t *copy_u32(const uint32_t *v, size_t n)
{
    uint32_t *copy = malloc(n ? n * sizeof(*v) : 1);
    if (copy && n)
        memcpy(copy, v, n * sizeof(*v));
    return copy;
}

/* Whether who spawned this step wants to hear of each task's end. */
static bool wants_ends(const struct berth_mpi_step *step)
{
    pmix_data_buffer_t buffer;
    struct infos infos = {0};
    bool wants = false;
    if (step->spawn_len == 0)
        return false;
    buffer_borrow(&buffer, step->spawn_data, step->spawn_len);
    if (infos_unpack(&buffer, &infos) == PMIX_SUCCESS)
        wants = infos_flag(infos.v, infos.n, PMIX_NOTIFY_PROC_TERMINATION);
    infos_fini(&infos);
    return wants;
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
    server->job = step->job;
    server->step = step->step;
    server->uid = step->uid;
    server->universe = step->universe > step->n_tasks ? step->universe : step->n_tasks;
    server->outlives_tasks = step->outlives_tasks;
    server->tells_ends = wants_ends(step);
    server->node_name = strdup(step->nodes[step->node_index]);
    server->rank_node = copy_u32(step->rank_node, step->n_tasks);
    server->local_ranks = copy_u32(step->local_ranks, step->n_local);
    if (!server->rank_node || !server->local_ranks || !server->node_name) {
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
    bool yes = true;
    char source[] = "hwloc";
    pmix_topology_t given = {.source = source, .topology = topology};
    pmix_rank_t rank = step->node_index;
    pmix_info_t info[6];
    PMIX_INFO_LOAD(&info[0], PMIX_SERVER_NSPACE, SERVER_NSPACE, PMIX_STRING);
    PMIX_INFO_LOAD(&info[1], PMIX_SERVER_RANK, &rank, PMIX_PROC_RANK);
    PMIX_INFO_LOAD(&info[2], PMIX_SERVER_TMPDIR, step->server_dir, PMIX_STRING);
    PMIX_INFO_LOAD(&info[3], PMIX_HOSTNAME, step->nodes[rank], PMIX_STRING);
    PMIX_INFO_LOAD(&info[4], PMIX_SERVER_TOOL_SUPPORT, &yes, PMIX_BOOL);
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
    iof_forget();
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
    if (rc == 0 && step->parent)
        job_meet(step->parent);
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

static const struct {
    int code;
    pmix_status_t status;
} meanings[] = {
    {0, PMIX_SUCCESS},
    {ETIMEDOUT, PMIX_ERR_TIMEOUT},
    {ENOENT, PMIX_ERR_NOT_FOUND},
    {ENOMEM, PMIX_ERR_NOMEM},
    {EINVAL, PMIX_ERR_BAD_PARAM},
    {EEXIST, PMIX_ERR_DUPLICATE_KEY},
    {ENOSPC, PMIX_ERR_OUT_OF_RESOURCE},
    {EOPNOTSUPP, PMIX_ERR_NOT_SUPPORTED},
};

pmix_status_t status_of_errno(int code)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].code == code)
            return meanings[i].status;
    return PMIX_ERR_LOST_CONNECTION;
}

int errno_of_status(pmix_status_t status)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (meanings[i].status == status)
            return meanings[i].code;
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
    events_task_ended(rank, status);
    PMIX_LOAD_PROCID(&proc, server->nspace, rank);
    PMIx_server_deregister_client(&proc, ignore, NULL);
}

static void answer(void *self, const struct berth_mpi_answer *given)
{
    (void)self;
    pending_answer_call(given);
}

static void nspace(void *self, const struct berth_mpi_nspace *other, int is_gone)
{
    const struct server *server = self;
    if (PMIX_CHECK_NSPACE(other->nspace, server->nspace))
        return;
    if (!is_gone) {
        job_meet(other);
        return;
    }
    iof_nspace_gone(other->nspace);
    events_step_ended(other->nspace);
    job_part(other->nspace);
}

static void told(void *self, const char *from, uint32_t node, const void *data,
                 size_t len)
{
    const struct server *server = self;
    pmix_data_buffer_t buffer;
    uint8_t what = 0;
    int32_t n = 1;
    bool is_own = node == server->node_index && PMIX_CHECK_NSPACE(from, server->nspace);
    buffer_borrow(&buffer, data, len);
    if (PMIx_Data_unpack(NULL, &buffer, &what, &n, PMIX_BYTE) != PMIX_SUCCESS)
        return;
    /* Our own events we have had. */
    if (what != TELL_EVENT)
        iof_told((enum telling)what, from, node, &buffer);
    else if (!is_own)
        events_told(&buffer);
}

static void output(void *self, uint32_t rank, int stream, const void *data, size_t len)
{
    (void)self;
    iof_output(rank, stream, data, len);
}

static void node_lost(void *self, uint32_t node)
{
    (void)self;
    pending_lose_node(node);
    events_node_lost(node);
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
    .answer = answer,
    .nspace = nspace,
    .told = told,
    .output = output,
    .node_lost = node_lost,
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
