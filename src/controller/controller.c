/* SPDX-License-Identifier: Apache-2.0
 *
 * controller.c - put the controller together and take it apart
 */
#include "controller/controller.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "controller/diag.h"
#include "controller/accounts.h"
#include "controller/changes.h"
#include "controller/conn.h"
#include "controller/dispatch.h"
#include "controller/images.h"
#include "controller/job_index.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/pods/pod_evict.h"
#include "controller/objects/objects.h"
#include "controller/pods/pod_network.h"
#include "controller/pods/pod_nodes.h"
#include "controller/reconcile.h"
#include "controller/recover.h"
#include "controller/reservations.h"
#include "controller/settings.h"
#include "controller/users.h"
#include "controller/watch.h"
#include "controller/workloads/workloads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#define LOCK_PAUSE_NS 20000000
#define LOCK_TRIES 100
#define BACKLOG 1024
#define TICK_MS 1000
#define STOP_PATIENCE_MS 1000

int64_t controller_now(void)
{
    return (int64_t)time(NULL);
}

bool controller_is_admin(uid_t uid)
{
    return uid == 0 || uid == geteuid();
}

/* ------------------------------------------------------------------ store */

/* What was applied is not on disk and must not be told: stop at once; a new
 * start begins with what is on disk. */
static void on_store_failed(const struct err *why, void *ctx)
{
    struct controller *ctl = ctx;
    struct conn *conn;

    log_error("%s: stopping, since nothing more can be promised", why->text);
    ctl->is_failed = true;
    DL_FOREACH(ctl->conns, conn)
    if (conn->ch)
        channel_abort(conn->ch, "the controller has failed");
    uv_stop(ctl->loop);
}

static void on_told(void *ctx)
{
    conns_let_go(ctx);
}

/* One that was killed has its files open until the last of its threads has ended. */
static int wait_for_lock(int fd)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};

    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return 0;
        (void)nanosleep(&pause, NULL);
    }
    return -EBUSY;
}

/* Two controllers on one store would give out the same ids. */
static int lock_state_dir(struct controller *ctl, const char *dir, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/lock", dir);

    ctl->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ctl->lock_fd < 0)
        return err_sys(err, errno, "cannot write in %s", dir);
    if (wait_for_lock(ctl->lock_fd))
        return err_set(err, EBUSY, "another berthctld uses %s", dir);
    return 0;
}

static int open_store(struct controller *ctl, struct err *err)
{
    const char *dir = ctl->config->controller.state_dir;
    cleanup(freep) char *path = xasprintf("%s/controller.db", dir);
    int rc = io_mkdir_p(dir, 0700, err);

    if (rc == 0)
        rc = lock_state_dir(ctl, dir, err);
    if (rc == 0)
        rc = store_open(ctl->loop, path, on_store_failed, ctl, &ctl->store, err);
    if (rc)
        return err_wrap(err, "controller.state_dir");
    store_on_told(ctl->store, on_told, ctl);
    return 0;
}

/* ------------------------------------------------------------------ listening */

static void on_connection(uv_stream_t *listener, int status)
{
    struct controller *ctl = listener->data;

    if (status)
        log_warn("cannot accept a connection: %s", uv_strerror(status));
    else
        conn_accept(ctl);
}

static int listen_on(struct controller *ctl, struct err *err)
{
    uint16_t port = ctl->config->controller.port;
    struct sockaddr_in6 any6;
    struct sockaddr_in any4;
    int rc;

    BUG_ON(uv_ip6_addr("::", port, &any6) || uv_ip4_addr("0.0.0.0", port, &any4));
    rc = uv_tcp_bind(&ctl->listener, (const struct sockaddr *)&any6, 0);
    if (rc == UV_EAFNOSUPPORT || rc == UV_EADDRNOTAVAIL || rc == UV_EINVAL)
        rc = uv_tcp_bind(&ctl->listener, (const struct sockaddr *)&any4, 0);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&ctl->listener, BACKLOG, on_connection);
    if (rc == UV_EADDRINUSE)
        return err_set(err, EADDRINUSE,
                       "port %u (controller.port) is in use: is another berthctld "
                       "running?",
                       port);
    if (rc)
        return err_set(err, -rc, "cannot listen on port %u: %s", port, uv_strerror(rc));
    return 0;
}

uint16_t controller_port(const struct controller *ctl)
{
    struct sockaddr_storage address = {0};
    int len = sizeof(address);

    if (uv_tcp_getsockname(&ctl->listener, (struct sockaddr *)&address, &len))
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* ------------------------------------------------------------------ life */

static void on_tick(uv_timer_t *timer)
{
    struct controller *ctl = timer->data;
    int64_t now = controller_now();

    nodes_check_silence(ctl, now);
    reconcile_tick(ctl, now);
    pod_evict_tick(ctl, now);
    jobs_purge(ctl, now);
    reservations_purge(ctl, now);
    objects_tick(ctl, now);
    changes_trim(ctl, now);
    workloads_tick(ctl, now);
}

static void init_handles(struct controller *ctl)
{
    uv_tcp_init(ctl->loop, &ctl->listener);
    uv_timer_init(ctl->loop, &ctl->tick);
    ctl->listener.data = ctl;
    ctl->tick.data = ctl;
    changes_init(ctl);
    dispatch_init(ctl);
    workloads_init(ctl);
}

int controller_create(uv_loop_t *loop, const struct config *config,
                      struct controller **ret, struct err *err)
{
    struct controller *ctl = xcalloc(1, sizeof(*ctl));
    const char *munge = config->munge.socket;
    int rc;

    ctl->loop = loop;
    ctl->config = config;
    ctl->lock_fd = -1;
    ctl->auth.munge_socket = munge && *munge ? munge : NULL;
    ctl->started_at = controller_now();
    init_handles(ctl);
    nodes_init(ctl);
    ctl->assoc = accounts_create(config);
    ctl->index = job_index_create();
    ctl->diag = diag_create();
    rc = settings_make_sched(ctl, err);
    if (rc == 0)
        rc = open_store(ctl, err);
    if (rc == 0)
        rc = changes_open(ctl, err);
    if (rc == 0)
        rc = recover(ctl, err);
    if (rc == 0)
        changes_recovered(ctl);
    if (rc == 0)
        rc = listen_on(ctl, err);
    if (rc) {
        controller_close(ctl);
        return rc;
    }
    uv_timer_start(&ctl->tick, on_tick, TICK_MS, TICK_MS);
    dispatch_want_pass(ctl);
    *ret = ctl;
    return 0;
}

static void free_partitions(struct controller *ctl)
{
    for (size_t i = 0; ctl->partition_nodes && i < ctl->config->n_partitions; i++)
        bitset_destroy(ctl->partition_nodes[i]);
    free(ctl->partition_nodes);
}

static void controller_free(struct controller *ctl)
{
    jobs_clear(ctl);
    objects_clear(ctl);
    job_index_destroy(ctl->index);
    diag_destroy(ctl->diag);
    if (ctl->sched)
        sched_destroy(ctl->sched);
    assoc_destroy(ctl->assoc);
    pod_nodes_destroy(ctl);
    switch_tree_destroy(ctl->tree);
    images_fini(ctl);
    nodes_fini(ctl);
    pod_network_clear(ctl);
    free_partitions(ctl);
    users_clear(ctl);
    reservations_clear(ctl);
    free(ctl->changes);
    watch_clear(ctl);
    workloads_clear(ctl);
    free(ctl);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct controller *ctl = handle->data;

    ctl->n_handles--;
    controller_release(ctl);
}

static void close_handle(struct controller *ctl, uv_handle_t *handle)
{
    if (uv_is_closing(handle))
        return;
    ctl->n_handles++;
    uv_close(handle, on_handle_closed);
}

/* The last connection takes the timer along that guards it; the last handle
 * frees the controller. */
void controller_release(struct controller *ctl)
{
    if (!ctl->is_closing || ctl->n_conns)
        return;
    close_handle(ctl, (uv_handle_t *)&ctl->tick);
    if (ctl->n_handles == 0)
        controller_free(ctl);
}

/* A peer that does not read cannot keep us from stopping. */
static void on_stop_patience(uv_timer_t *timer)
{
    struct controller *ctl = timer->data;
    struct conn *conn;

    DL_FOREACH(ctl->conns, conn)
    {
        if (conn->ch)
            channel_abort(conn->ch, "the controller has stopped");
        else
            /* Still in its opening, which would time out by itself. */
            uv_stop(ctl->loop);
    }
}

void controller_close(struct controller *ctl)
{
    struct conn *conn;

    ctl->is_closing = true;
    /* What is answered here still leaves: channels close behind their queues. */
    store_close(ctl->store);
    changes_close(ctl);
    closep(&ctl->lock_fd);
    close_handle(ctl, (uv_handle_t *)&ctl->listener);
    close_handle(ctl, (uv_handle_t *)&ctl->answers);
    close_handle(ctl, (uv_handle_t *)&ctl->due);
    close_handle(ctl, (uv_handle_t *)&ctl->pass);
    close_handle(ctl, (uv_handle_t *)&ctl->plans);
    DL_FOREACH(ctl->conns, conn)
    if (conn->ch)
        channel_close(conn->ch);
    if (ctl->conns)
        uv_timer_start(&ctl->tick, on_stop_patience, STOP_PATIENCE_MS, 0);
    else
        close_handle(ctl, (uv_handle_t *)&ctl->tick);
}
