/* SPDX-License-Identifier: Apache-2.0
 *
 * wiring.c - the seam between the step and its MPI plugin
 */
#include "shepherd/wiring.h"

#include "base/mem.h"
#include "base/strv.h"
#include "mpi/mpi.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum kind { FENCE, MODEX_REQUEST, MODEX_REPLY, ABORT, CLIENT };

/* A callback of the plugin on its way to the loop. */
struct event {
    enum kind kind;
    uint8_t set[16];
    uint32_t *nodes;
    size_t n_nodes;
    uint32_t rank;
    uint64_t cookie;
    int status;
    void *data;
    size_t len;
    struct event *next;
};

struct wiring {
    const struct berth_mpi_ops *ops;
    void *self;
    struct berth_mpi_host host;
    struct wiring_events events;
    uv_async_t async;
    pthread_mutex_t lock; /* guards the queue */
    struct event *first, **last;
};

static void post(struct wiring *wiring, struct event *event)
{
    (void)pthread_mutex_lock(&wiring->lock);
    *wiring->last = event;
    wiring->last = &event->next;
    (void)pthread_mutex_unlock(&wiring->lock);
    (void)uv_async_send(&wiring->async);
}

static struct event *event_create(enum kind kind, const void *data, size_t len)
{
    struct event *event = xcalloc(1, sizeof(*event));

    event->kind = kind;
    event->data = len ? xmemdup(data, len) : NULL;
    event->len = len;
    return event;
}

static void host_fence(void *ctx, const uint8_t id[16], const uint32_t *nodes,
                       size_t n_nodes, const void *data, size_t len)
{
    struct event *event = event_create(FENCE, data, len);

    memcpy(event->set, id, sizeof(event->set));
    event->nodes = n_nodes ? xmemdup(nodes, n_nodes * sizeof(*nodes)) : NULL;
    event->n_nodes = n_nodes;
    post(ctx, event);
}

static void host_modex_request(void *ctx, uint32_t rank, uint64_t cookie)
{
    struct event *event = event_create(MODEX_REQUEST, NULL, 0);

    event->rank = rank;
    event->cookie = cookie;
    post(ctx, event);
}

static void host_modex_reply(void *ctx, uint64_t cookie, int status, const void *data,
                             size_t len)
{
    struct event *event = event_create(MODEX_REPLY, data, len);

    event->cookie = cookie;
    event->status = status;
    post(ctx, event);
}

static void host_abort(void *ctx, uint32_t rank, int status, const char *words)
{
    const char *said = words ? words : "";
    struct event *event = event_create(ABORT, said, strlen(said) + 1);

    event->rank = rank;
    event->status = status;
    post(ctx, event);
}

static void host_client(void *ctx, uint32_t rank, int is_finalized)
{
    struct event *event = event_create(CLIENT, NULL, 0);

    event->rank = rank;
    event->status = is_finalized;
    post(ctx, event);
}

static void hand_over(const struct wiring_events *to, const struct event *event)
{
    switch (event->kind) {
    case FENCE:
        to->fence(to->ctx, event->set, event->nodes, event->n_nodes, event->data,
                  event->len);
        break;
    case MODEX_REQUEST:
        to->modex_request(to->ctx, event->rank, event->cookie);
        break;
    case MODEX_REPLY:
        to->modex_reply(to->ctx, event->cookie, event->status, event->data, event->len);
        break;
    case ABORT:
        to->abort(to->ctx, event->rank, event->status, event->data);
        break;
    case CLIENT:
        to->client(to->ctx, event->rank, event->status != 0);
        break;
    }
}

static struct event *take_events(struct wiring *wiring)
{
    struct event *first;

    (void)pthread_mutex_lock(&wiring->lock);
    first = wiring->first;
    wiring->first = NULL;
    wiring->last = &wiring->first;
    (void)pthread_mutex_unlock(&wiring->lock);
    return first;
}

static void event_free(struct event *event)
{
    free(event->nodes);
    free(event->data);
    free(event);
}

void wiring_flush(struct wiring *wiring)
{
    struct event *next;

    for (struct event *event = take_events(wiring); event; event = next) {
        next = event->next;
        hand_over(&wiring->events, event);
        event_free(event);
    }
}

static void on_async(uv_async_t *async)
{
    wiring_flush(async->data);
}

void wiring_preload(const char *topology_xml)
{
    const struct berth_mpi_ops *ops;

    if (mpi_load("pmix", NULL, &ops, NULL) == 0 && ops->preload)
        (void)ops->preload(topology_xml, NULL);
}

/* The step as the plugin wants it: flat arrays over all ranks. */
struct flat {
    const char **nodes;
    uint32_t *rank_node;
    uint32_t n_tasks;
};

static int flatten(const Berth__LaunchStep *step, struct flat *flat, struct err *err)
{
    flat->n_tasks = 0;
    for (size_t i = 0; i < step->n_nodes; i++)
        flat->n_tasks += (uint32_t)step->nodes[i]->n_ranks;
    flat->nodes = xcalloc(step->n_nodes, sizeof(*flat->nodes));
    flat->rank_node = xcalloc(flat->n_tasks, sizeof(*flat->rank_node));
    for (size_t i = 0; i < step->n_nodes; i++) {
        flat->nodes[i] = step->nodes[i]->node;
        for (size_t r = 0; r < step->nodes[i]->n_ranks; r++) {
            if (step->nodes[i]->ranks[r] >= flat->n_tasks)
                return err_set(err, EINVAL, "a step with a hole in its ranks");
            flat->rank_node[step->nodes[i]->ranks[r]] = (uint32_t)i;
        }
    }
    return 0;
}

/* An unguessable name: PMIx's own check believes what a client says of itself,
 * so knowing the name is what admits it. */
static void make_nspace(char *out, size_t size, uint32_t job,
                        const Berth__LaunchStep *step)
{
    int n = snprintf(out, size, "berth.%u.%u.", job, step->step_id);

    for (size_t i = 0; i < step->secret.len && (size_t)n + 2 < size; i++)
        n += snprintf(out + n, size - (size_t)n, "%02x", step->secret.data[i]);
}

static void free_wiring(uv_handle_t *handle)
{
    struct wiring *wiring = handle->data;

    (void)pthread_mutex_destroy(&wiring->lock);
    free(wiring);
}

static struct wiring *wiring_create(uv_loop_t *loop, const struct berth_mpi_ops *ops,
                                    const struct wiring_events *events)
{
    struct wiring *wiring = xcalloc(1, sizeof(*wiring));

    wiring->ops = ops;
    wiring->events = *events;
    wiring->last = &wiring->first;
    wiring->host = (struct berth_mpi_host){
        .ctx = wiring,
        .fence = host_fence,
        .modex_request = host_modex_request,
        .modex_reply = host_modex_reply,
        .abort = host_abort,
        .client = host_client,
    };
    (void)pthread_mutex_init(&wiring->lock, NULL);
    (void)uv_async_init(loop, &wiring->async, on_async);
    wiring->async.data = wiring;
    return wiring;
}

int wiring_start(uv_loop_t *loop, const Berth__Assignment *assignment, uint32_t job,
                 const char *dir, uid_t uid, gid_t gid,
                 const struct wiring_events *events, struct wiring **ret,
                 struct err *err)
{
    const Berth__LaunchStep *step = assignment->step;
    const Berth__StepNode *own = step->nodes[step->index];
    const struct berth_mpi_ops *ops;
    struct berth_mpi_err mpi_err = {0};
    cleanup(freep) char *server_dir = xasprintf("%s/server", dir);
    cleanup(freep) char *task_dir = xasprintf("%s/tasks", dir);
    struct flat flat = {0};
    char nspace[128];
    int rc = mpi_load(step->spec->mpi, NULL, &ops, err);

    if (rc)
        return rc;
    if ((mkdir(server_dir, 0700) && errno != EEXIST) ||
        (mkdir(task_dir, 0700) && errno != EEXIST))
        return err_sys(err, errno, "%s", dir);
    rc = flatten(step, &flat, err);
    if (!rc) {
        struct berth_mpi_step mpi = {
            .nspace = nspace,
            .node_index = step->index,
            .n_nodes = (uint32_t)step->n_nodes,
            .nodes = flat.nodes,
            .n_tasks = flat.n_tasks,
            .rank_node = flat.rank_node,
            .local_ranks = own->ranks,
            .local_cpus = assignment->virtual_topology
                              ? NULL
                              : (const char *const *)assignment->task_pus,
            .n_local = (uint32_t)own->n_ranks,
            .uid = uid,
            .gid = gid,
            .server_dir = server_dir,
            .task_dir = task_dir,
            .topology_xml =
                assignment->topology_xml[0] ? assignment->topology_xml : NULL,
            .shares_machine = assignment->shares_machine,
        };
        struct wiring *wiring = wiring_create(loop, ops, events);

        make_nspace(nspace, sizeof(nspace), job, step);
        rc = ops->start(&mpi, &wiring->host, &wiring->self, &mpi_err);
        if (rc) {
            rc = err_set(err, mpi_err.code ? mpi_err.code : EIO, "%s", mpi_err.text);
            uv_close((uv_handle_t *)&wiring->async, free_wiring);
        } else {
            *ret = wiring;
        }
    }
    free(flat.nodes);
    free(flat.rank_node);
    return rc;
}

void wiring_stop(struct wiring *wiring)
{
    struct event *next;

    if (!wiring)
        return;
    wiring->ops->stop(wiring->self);
    /* Its threads are gone: what they left behind is nobody's. */
    for (struct event *event = take_events(wiring); event; event = next) {
        next = event->next;
        event_free(event);
    }
    uv_close((uv_handle_t *)&wiring->async, free_wiring);
}

int wiring_task_env(struct wiring *wiring, uint32_t rank, char ***env, struct err *err)
{
    cleanup(strv_freep) char **own = NULL;
    struct berth_mpi_err mpi_err = {0};
    int rc = wiring->ops->task_env(wiring->self, rank, &own, &mpi_err);

    if (rc)
        return err_set(err, mpi_err.code ? mpi_err.code : EIO, "%s", mpi_err.text);
    strv_foreach (pair, own) {
        char *eq = strchr(*pair, '=');

        if (!eq)
            continue;
        *eq = '\0';
        /* What the user has set stays, except for the connection itself. */
        if (strncmp(*pair, "PMIX_", 5) == 0 || strncmp(*pair, "PMI_", 4) == 0 ||
            !strv_getenv(*env, *pair))
            strv_setenv(env, *pair, eq + 1);
    }
    return 0;
}

void wiring_forget_outer(char ***env)
{
    static const char *const names[] = {
        "PMI_FD",
        "PMI_RANK",
        "PMI_SIZE",
        "PMI_ID",
        "PMI_PORT",
        "PMI_SPAWNED",
        "PMIX_RANK",
        "PMIX_NAMESPACE",
        "PMIX_SERVER_URI",
        "PMIX_SERVER_URI2",
        "PMIX_SERVER_URI3",
        "PMIX_SERVER_URI4",
        "PMIX_SERVER_URI41",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        strv_unsetenv(*env, names[i]);
}

int wiring_task_fd(struct wiring *wiring, uint32_t rank)
{
    return wiring->ops->task_fd ? wiring->ops->task_fd(wiring->self, rank) : -1;
}

void wiring_fence_done(struct wiring *wiring, const uint8_t set[16], int status,
                       const void *data, size_t len)
{
    wiring->ops->fence_done(wiring->self, set, status, data, len);
}

void wiring_modex_serve(struct wiring *wiring, uint32_t rank, uint64_t cookie)
{
    wiring->ops->modex_serve(wiring->self, rank, cookie);
}

void wiring_modex_done(struct wiring *wiring, uint64_t cookie, int status,
                       const void *data, size_t len)
{
    wiring->ops->modex_done(wiring->self, cookie, status, data, len);
}

void wiring_task_ended(struct wiring *wiring, uint32_t rank)
{
    if (wiring->ops->task_ended)
        wiring->ops->task_ended(wiring->self, rank);
}
