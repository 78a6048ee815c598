/* SPDX-License-Identifier: Apache-2.0
 *
 * wiring.c - the seam between the step and its MPI plugin
 */
#include "shepherd/wiring.h"

#include "base/mem.h"
#include "base/strv.h"
#include "mpi/mpi.h"
#include "shepherd/translate.h"
#include "wire/pack.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum kind { FENCE, MODEX_REQUEST, MODEX_REPLY, ABORT, CLIENT, CALL, TELL, WRITE };

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
    char *nspace;         /* NULL: of this step */
    Berth__MpiCall *call; /* of CALL */
    struct event *next;
};

struct wiring {
    const struct berth_mpi_ops *ops;
    void *self;
    struct berth_mpi_host host;
    struct wiring_events events;
    uint32_t index; /* of this node in the step */
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

static void host_modex_request(void *ctx, const char *nspace, uint32_t rank,
                               uint64_t cookie)
{
    struct event *event = event_create(MODEX_REQUEST, NULL, 0);

    event->nspace = nspace ? xstrdup(nspace) : NULL;
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

static void host_call(void *ctx, const struct berth_mpi_call *call)
{
    const struct wiring *wiring = ctx;
    struct event *event = event_create(CALL, NULL, 0);

    event->call = call_to_wire(call, wiring->index);
    post(ctx, event);
}

static void host_cancel(void *ctx, uint64_t cookie)
{
    const struct wiring *wiring = ctx;
    struct event *event = event_create(CALL, NULL, 0);
    struct berth_mpi_call nothing = {.cookie = cookie};

    event->call = call_to_wire(&nothing, wiring->index);
    event->call->cancel = true;
    post(ctx, event);
}

static void host_tell(void *ctx, const char *nspace, uint32_t node, const void *data,
                      size_t len)
{
    struct event *event = event_create(TELL, data, len);

    event->nspace = nspace ? xstrdup(nspace) : NULL;
    event->rank = node;
    post(ctx, event);
}

static void host_write(void *ctx, uint32_t rank, int stream, const void *data,
                       size_t len)
{
    struct event *event = event_create(WRITE, data, len);

    event->rank = rank;
    event->status = stream;
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
        to->modex_request(to->ctx, event->nspace, event->rank, event->cookie);
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
    case CALL:
        to->call(to->ctx, event->call);
        break;
    case TELL:
        to->tell(to->ctx, event->nspace, event->rank, event->data, event->len);
        break;
    case WRITE:
        to->write(to->ctx, event->rank, event->status, event->data, event->len);
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
    free(event->nspace);
    free_message(event->call);
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

static void free_wiring(uv_handle_t *handle)
{
    struct wiring *wiring = handle->data;

    (void)pthread_mutex_destroy(&wiring->lock);
    free(wiring);
}

static struct wiring *wiring_create(uv_loop_t *loop, const struct berth_mpi_ops *ops,
                                    uint32_t index, const struct wiring_events *events)
{
    struct wiring *wiring = xcalloc(1, sizeof(*wiring));

    wiring->ops = ops;
    wiring->events = *events;
    wiring->index = index;
    wiring->last = &wiring->first;
    wiring->host = (struct berth_mpi_host){
        .ctx = wiring,
        .fence = host_fence,
        .modex_request = host_modex_request,
        .modex_reply = host_modex_reply,
        .abort = host_abort,
        .client = host_client,
        .call = host_call,
        .cancel = host_cancel,
        .tell = host_tell,
        .write = host_write,
    };
    (void)pthread_mutex_init(&wiring->lock, NULL);
    (void)uv_async_init(loop, &wiring->async, on_async);
    wiring->async.data = wiring;
    return wiring;
}

static void fill_step(struct berth_mpi_step *mpi, const Berth__Assignment *assignment,
                      const struct flat *flat, const struct programs *programs)
{
    const Berth__LaunchStep *step = assignment->step;
    const Berth__StepNode *own = step->nodes[step->index];

    *mpi = (struct berth_mpi_step){
        .nspace = flat->of.nspace,
        .node_index = step->index,
        .n_nodes = flat->of.n_nodes,
        .nodes = flat->of.nodes,
        .n_tasks = flat->of.n_tasks,
        .rank_node = flat->of.rank_node,
        .local_ranks = own->ranks,
        .local_cpus = assignment->virtual_topology
                          ? NULL
                          : (const char *const *)assignment->task_pus,
        .n_local = (uint32_t)own->n_ranks,
        .topology_xml = assignment->topology_xml[0] ? assignment->topology_xml : NULL,
        .shares_machine = assignment->shares_machine,
        .outlives_tasks = !step->spec->kill_on_bad_exit,
        .step = step->step_id,
        .universe = step->spec->universe,
        .n_apps = programs->n,
        .app_first = programs->first,
        .app_argv = programs->argv,
        .cwd = step->spec->cwd,
        .parent_rank = step->spec->parent_rank,
        .spawn_data = step->spec->spawn_data.data,
        .spawn_len = step->spec->spawn_data.len,
    };
}

static int start_plugin(struct wiring *wiring, const struct berth_mpi_step *mpi,
                        struct err *err)
{
    struct berth_mpi_err mpi_err = {0};
    int rc = wiring->ops->start(mpi, &wiring->host, &wiring->self, &mpi_err);

    return rc ? err_set(err, mpi_err.code ? mpi_err.code : EIO, "%s", mpi_err.text) : 0;
}

static int make_dirs(const char *server_dir, const char *task_dir, const char *dir,
                     struct err *err)
{
    if ((mkdir(dir, 0700) && errno != EEXIST) ||
        (mkdir(server_dir, 0700) && errno != EEXIST) ||
        (mkdir(task_dir, 0700) && errno != EEXIST))
        return err_sys(err, errno, "%s", dir);
    return 0;
}

int wiring_start(uv_loop_t *loop, const Berth__Assignment *assignment, uint32_t job,
                 const char *dir, uid_t uid, gid_t gid,
                 const struct wiring_events *events, struct wiring **ret,
                 struct err *err)
{
    const Berth__LaunchStep *step = assignment->step;
    const Berth__MpiNamespace *parent = step->spec->parent;
    const struct berth_mpi_ops *ops;
    cleanup(freep) char *server_dir = xasprintf("%s/server", dir);
    cleanup(freep) char *task_dir = xasprintf("%s/tasks", dir);
    struct flat flat = {0}, of_parent = {0};
    struct programs programs = {0};
    struct berth_mpi_step mpi;
    char nspace[NSPACE_MAX];
    int rc = mpi_load(step->spec->mpi, NULL, &ops, err);

    if (!rc)
        rc = make_dirs(server_dir, task_dir, dir, err);
    if (rc)
        return rc;
    nspace_format(nspace, job, step->step_id, &step->secret);
    programs_init(&programs, step->spec);
    rc = flat_init(&flat, nspace, step->nodes, step->n_nodes, err);
    if (!rc && parent)
        rc = flat_init(&of_parent, parent->nspace, parent->nodes, parent->n_nodes, err);
    if (!rc) {
        struct wiring *wiring = wiring_create(loop, ops, step->index, events);

        fill_step(&mpi, assignment, &flat, &programs);
        mpi.job = job;
        mpi.uid = uid;
        mpi.gid = gid;
        mpi.server_dir = server_dir;
        mpi.task_dir = task_dir;
        mpi.parent = parent ? &of_parent.of : NULL;
        rc = start_plugin(wiring, &mpi, err);
        if (rc)
            uv_close((uv_handle_t *)&wiring->async, free_wiring);
        else
            *ret = wiring;
    }
    flat_fini(&flat);
    flat_fini(&of_parent);
    programs_fini(&programs);
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

void wiring_task_ended(struct wiring *wiring, uint32_t rank, int status)
{
    if (wiring->ops->task_ended)
        wiring->ops->task_ended(wiring->self, rank, status);
}

static void meet(struct wiring *wiring, const Berth__MpiNamespace *nspace)
{
    struct flat flat = {0};

    if (wiring->ops->nspace &&
        flat_init(&flat, nspace->nspace, nspace->nodes, nspace->n_nodes, NULL) == 0)
        wiring->ops->nspace(wiring->self, &flat.of, false);
    flat_fini(&flat);
}

static void part(struct wiring *wiring, const char *nspace)
{
    struct berth_mpi_nspace gone = {.nspace = nspace};

    if (wiring->ops->nspace)
        wiring->ops->nspace(wiring->self, &gone, true);
}

void wiring_answer(struct wiring *wiring, const Berth__MpiAnswer *msg)
{
    struct translated translated;

    for (size_t i = 0; i < msg->n_met; i++)
        meet(wiring, msg->met[i]);
    if (msg->gone[0])
        part(wiring, msg->gone);
    if (!msg->cookie || !wiring->ops->answer)
        return;
    if (answer_from_wire(msg, &translated, NULL) == 0)
        wiring->ops->answer(wiring->self, &translated.answer);
    answer_fini(&translated);
}

void wiring_told(struct wiring *wiring, const char *nspace, uint32_t node,
                 const void *data, size_t len)
{
    if (wiring->ops->told)
        wiring->ops->told(wiring->self, nspace, node, data, len);
}

void wiring_output(struct wiring *wiring, uint32_t rank, int stream, const void *data,
                   size_t len)
{
    if (wiring->ops->output)
        wiring->ops->output(wiring->self, rank, stream, data, len);
}

void wiring_node_lost(struct wiring *wiring, uint32_t node)
{
    if (wiring->ops->node_lost)
        wiring->ops->node_lost(wiring->self, node);
}
