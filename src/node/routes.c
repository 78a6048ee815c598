/* SPDX-License-Identifier: Apache-2.0
 *
 * routes.c - the node's one listening port
 *
 * A connection names its target in its first frame. Those for the daemon stay;
 * those for a shepherd are passed on unanswered, so that credentials and keys
 * are end to end. One whose shepherd is not there yet waits for it, as long as
 * an opening may take.
 */
#include "node/node.h"
#include "node/pod_logs.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAITING_MAX 4096
#define WAIT_MS 10000

/* A connection for a shepherd that has not come yet. */
struct waiting {
    char *target;
    int fd;
    void *hello;
    size_t len;
    uint64_t until; /* loop time, ms */
    struct waiting *next;
};

struct routes {
    struct node *node;
    struct waiting *waiting;
    size_t n_waiting;
    uv_timer_t timer;
};

static void waiting_free(struct waiting *waiting)
{
    if (waiting->fd >= 0)
        (void)close(waiting->fd);
    free(waiting->hello);
    free(waiting->target);
    free(waiting);
}

static bool is_for_daemon(const char *target, void *ctx)
{
    (void)ctx;
    return target[0] == '\0';
}

static void pass_on(const char *target, int fd, const void *hello, size_t len,
                    void *ctx)
{
    struct node *node = ctx;
    struct routes *routes = node->routes;
    struct shepherd *shepherd = shepherd_by_target(node, target);
    struct waiting *waiting;

    if (shepherd && shepherd_channel(shepherd)) {
        channel_send_adopt(shepherd_channel(shepherd), fd, hello, len);
        return;
    }
    if (routes->n_waiting >= WAITING_MAX) {
        log_warn("connection for %s: %d others wait already: refused", target,
                 WAITING_MAX);
        (void)close(fd);
        return;
    }
    waiting = xcalloc(1, sizeof(*waiting));
    waiting->target = xstrdup(target);
    waiting->fd = fd;
    waiting->hello = xmemdup(hello, len);
    waiting->len = len;
    waiting->until = uv_now(node->loop) + WAIT_MS;
    waiting->next = routes->waiting;
    routes->waiting = waiting;
    routes->n_waiting++;
}

void routes_arrived(struct node *node, struct shepherd *shepherd)
{
    struct waiting **slot = &node->routes->waiting;

    while (*slot) {
        struct waiting *waiting = *slot;

        if (shepherd_by_target(node, waiting->target) != shepherd) {
            slot = &waiting->next;
            continue;
        }
        *slot = waiting->next;
        node->routes->n_waiting--;
        channel_send_adopt(shepherd_channel(shepherd), take_fd(waiting->fd),
                           waiting->hello, waiting->len);
        waiting_free(waiting);
    }
}

static void drop_old(uv_timer_t *timer)
{
    struct routes *routes = timer->data;
    struct waiting **slot = &routes->waiting;

    while (*slot) {
        struct waiting *waiting = *slot;

        if (waiting->until > uv_now(timer->loop)) {
            slot = &waiting->next;
            continue;
        }
        log_info("connection for %s: no such shepherd came", waiting->target);
        *slot = waiting->next;
        routes->n_waiting--;
        waiting_free(waiting);
    }
}

/* Other daemons may launch steps and spread images; a grant says which. */
static void from_daemon(struct node *node, struct channel *ch,
                        const Berth__Envelope *env)
{
    const struct peer *peer = channel_peer(ch);

    if (peer->uid != 0 && peer->uid != geteuid())
        channel_reply_status(ch, env, EPERM, "only a node's daemon may ask this");
    else if (env->body_case == BERTH__ENVELOPE__BODY_LAUNCH_STEP)
        launch_step(node, ch, env);
    else
        image_spread(node, ch, env);
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    (void)adopted;
    if (env->body_case == BERTH__ENVELOPE__BODY_PING) {
        channel_reply_status(ch, env, 0, "");
    } else if (env->body_case == BERTH__ENVELOPE__BODY_USAGE_QUERY) {
        usage_query(ctx, ch, env);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_LAUNCH_STEP ||
               env->body_case == BERTH__ENVELOPE__BODY_IMAGE_SPREAD) {
        from_daemon(ctx, ch, env);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_IMAGE_QUERY) {
        image_query(ctx, ch, env);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_LOG) {
        pod_logs_request(ctx, ch, env);
    } else if (env->body_case == BERTH__ENVELOPE__BODY_BLOB_READ) {
        blob_read(ctx, ch, env);
    } else {
        channel_reply_status(ch, env, ENOSYS, "a node does not answer this");
    }
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct node *node = ctx;

    launch_channel_gone(node, ch);
    images_channel_gone(node, ch);
    if (why->text[0] && !node->stopping)
        log_info("connection from %s: %s", channel_peer(ch)->address, why->text);
}

static const struct channel_callbacks callbacks = {
    .on_message = on_message,
    .on_close = on_close,
};

static void on_connection(uv_stream_t *listener, int status)
{
    struct node *node = listener->data;
    struct channel_router router = {is_for_daemon, pass_on, node};
    struct err err;

    if (status < 0)
        log_warn("listen: %s", uv_strerror(status));
    else if (channel_accept(listener, &node->auth, &router, &callbacks, node, &err))
        log_warn("accept: %s", err.text);
}

int routes_start(struct node *node, struct err *err)
{
    struct routes *routes = xcalloc(1, sizeof(*routes));
    struct sockaddr_in address;
    int rc;

    routes->node = node;
    node->routes = routes;
    (void)uv_timer_init(node->loop, &routes->timer);
    routes->timer.data = routes;
    (void)uv_timer_start(&routes->timer, drop_old, 1000, 1000);
    (void)uv_ip4_addr("0.0.0.0", node->self->port, &address);
    (void)uv_tcp_init(node->loop, &node->listener);
    node->listener.data = node;
    rc = uv_tcp_bind(&node->listener, (struct sockaddr *)&address, 0);
    if (!rc)
        rc = uv_listen((uv_stream_t *)&node->listener, 511, on_connection);
    if (rc)
        return err_set(err, -rc, "cannot listen on port %u: %s", node->self->port,
                       rc == UV_EADDRINUSE ? "it is in use" : uv_strerror(rc));
    return 0;
}
