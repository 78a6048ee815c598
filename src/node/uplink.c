/* SPDX-License-Identifier: Apache-2.0
 *
 * uplink.c - the connection to the controller
 *
 *     away --backoff--> calling --opened--> registering --Registered--> up
 *       ^                                                               |
 *       +------------------------- closed ------------------------------+
 *
 * Ends of jobs wait in a list until the controller has them on disk, and are
 * told again after every registration.
 */
#include "node/uplink.h"

#include "base/log.h"
#include "base/mem.h"
#include "wire/pack.h"
#include "wire/rpc.h"

#include <errno.h>
#include <pwd.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 10000

/* The end of a job that the controller has not acknowledged yet. */
struct ended {
    struct uplink *up;
    Berth__JobEnded *msg;
    void (*fn)(void *ctx);
    void *ctx;
    struct ended *next;
};

struct uplink {
    struct uplink_self self;
    const struct uplink_host *host;
    void *ctx;
    struct channel *ch;
    struct rpc *rpc;
    bool is_up, told_lost;
    uid_t controller_uid;
    unsigned int backoff_ms;
    uv_timer_t retry, heartbeat;
    struct ended *ended;
};

static void call_controller(uv_timer_t *timer);

/* -------------------------------------------------------------- job reports */

static void on_end_acknowledged(const Berth__Envelope *reply, const struct err *err,
                                void *ctx)
{
    struct ended *ended = ctx, **slot = &ended->up->ended;
    struct uplink *up = ended->up;

    (void)reply;
    /* No connection: told again after the next registration. */
    if (err && (err->code == EPIPE || err->code == ECONNRESET))
        return;
    if (err)
        log_warn("job %u: the controller does not take its end: %s", ended->msg->job_id,
                 err->text);
    while (*slot != ended)
        slot = &(*slot)->next;
    *slot = ended->next;
    up->host->acknowledged(up->ctx, ended->msg->job_id, ended->msg->epoch);
    if (ended->fn)
        ended->fn(ended->ctx);
    free_message(ended->msg);
    free(ended);
}

static void tell_ended(struct uplink *up, struct ended *ended)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_ENDED;
    env.job_ended = ended->msg;
    rpc_call(up->rpc, up->ch, &env, on_end_acknowledged, ended);
}

void uplink_send_ended(struct uplink *up, const Berth__JobEnded *msg,
                       void (*fn)(void *ctx), void *ctx)
{
    struct ended *ended = xcalloc(1, sizeof(*ended));

    ended->up = up;
    ended->msg = copy_message(&msg->base);
    ended->fn = fn;
    ended->ctx = ctx;
    ended->next = up->ended;
    up->ended = ended;
    if (up->is_up)
        tell_ended(up, ended);
}

struct passed {
    void (*fn)(const struct err *err, void *ctx);
    void *ctx;
};

static void on_passed(const Berth__Envelope *reply, const struct err *err, void *ctx)
{
    static const struct err away = {.code = EAGAIN, .text = "the controller went away"};
    struct passed *passed = ctx;
    bool is_away = err && (err->code == EPIPE || err->code == ECONNRESET);

    (void)reply;
    passed->fn(is_away ? &away : err, passed->ctx);
    free(passed);
}

void uplink_pass(struct uplink *up, const Berth__Envelope *told,
                 void (*fn)(const struct err *err, void *ctx), void *ctx)
{
    static const struct err nobody = {.code = EAGAIN, .text = "no controller"};
    Berth__Envelope env = *told;
    struct passed *passed;

    if (!up->is_up) {
        fn(&nobody, ctx);
        return;
    }
    passed = xcalloc(1, sizeof(*passed));
    *passed = (struct passed){fn, ctx};
    rpc_call(up->rpc, up->ch, &env, on_passed, passed);
}

void uplink_tell(struct uplink *up, const Berth__Envelope *env)
{
    if (up->is_up)
        channel_send(up->ch, env);
}

void uplink_send_started(struct uplink *up, uint32_t job, uint32_t epoch)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__JobStarted started = BERTH__JOB_STARTED__INIT;

    /* Not kept: a registration names what runs. */
    if (!up->is_up)
        return;
    started.job_id = job;
    started.epoch = epoch;
    started.time = time(NULL);
    env.body_case = BERTH__ENVELOPE__BODY_JOB_STARTED;
    env.job_started = &started;
    channel_send(up->ch, &env);
}

/* ------------------------------------------------------------- registration */

static void on_trouble_told(const Berth__Envelope *reply, const struct err *err,
                            void *ctx)
{
    struct uplink *up = ctx;

    (void)reply;
    if (!err)
        up->host->trouble_told(up->ctx);
}

static void send_heartbeat(uv_timer_t *timer)
{
    struct uplink *up = timer->data;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Heartbeat beat = BERTH__HEARTBEAT__INIT;

    up->host->heartbeat(up->ctx, &beat);
    env.body_case = BERTH__ENVELOPE__BODY_HEARTBEAT;
    env.heartbeat = &beat;
    if (beat.trouble[0])
        rpc_call(up->rpc, up->ch, &env, on_trouble_told, up);
    else
        channel_send(up->ch, &env);
}

void uplink_beat(struct uplink *up)
{
    if (up->is_up)
        send_heartbeat(&up->heartbeat);
}

static void send_topology(struct uplink *up)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TopologyUpload upload = BERTH__TOPOLOGY_UPLOAD__INIT;
    char hash[sizeof(up->self.topo->hash)];

    memcpy(hash, up->self.topo->hash, sizeof(hash));
    upload.hash = hash;
    upload.xml.data = (uint8_t *)(uintptr_t)up->self.topo_xml;
    upload.xml.len = strlen(up->self.topo_xml);
    env.body_case = BERTH__ENVELOPE__BODY_TOPOLOGY;
    env.topology = &upload;
    channel_send(up->ch, &env);
}

static void on_registered(const Berth__Envelope *reply, const struct err *err,
                          void *ctx)
{
    struct uplink *up = ctx;
    const Berth__Registered *msg;
    uint64_t beat;

    if (err || reply->body_case != BERTH__ENVELOPE__BODY_REGISTERED) {
        log_error("the controller does not register this node: %s",
                  err ? err->text : "it sent something else");
        if (up->ch)
            channel_abort(up->ch, "not registered");
        return;
    }
    msg = reply->registered;
    up->host->registered(up->ctx, msg);
    if (msg->want_topology)
        send_topology(up);
    up->is_up = true;
    up->told_lost = false;
    up->backoff_ms = BACKOFF_FIRST_MS;
    beat = 1000ull * (msg->heartbeat_seconds ? msg->heartbeat_seconds : 10);
    /* Nodes that were lost together have come back together: spread them. */
    (void)uv_timer_start(&up->heartbeat, send_heartbeat,
                         randombytes_uniform((uint32_t)beat), beat);
    for (struct ended *ended = up->ended; ended; ended = ended->next)
        tell_ended(up, ended);
    uplink_beat(up);
}

static void fill_register(const struct uplink *up, Berth__Register *reg)
{
    const struct uplink_self *self = &up->self;

    reg->name = self->node->name;
    reg->version = (char *)(uintptr_t)PACKAGE_VERSION;
    reg->cores = self->topo->n_cores;
    reg->memory = self->node->memory ? self->node->memory : self->topo->memory;
    reg->port = self->node->port;
}

static void on_open(struct channel *ch, void *ctx)
{
    struct uplink *up = ctx;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Register reg = BERTH__REGISTER__INIT;
    cleanup(freep) Berth__RunningJob *running = NULL;
    cleanup(freep) Berth__RunningJob **pointers = NULL;
    cleanup(freep) Berth__RunningJob *hooked = NULL;
    cleanup(freep) Berth__RunningJob **hooked_pointers = NULL;
    cleanup(freep) char *boot_id = xstrdup(up->self.boot_id);
    cleanup(freep) char *hash = xstrdup(up->self.topo->hash);

    reg.n_running = up->host->running(up->ctx, &running);
    pointers = xcalloc(reg.n_running, sizeof(*pointers));
    for (size_t i = 0; i < reg.n_running; i++)
        pointers[i] = &running[i];
    reg.running = pointers;
    if (up->host->hooked)
        reg.n_hooked = up->host->hooked(up->ctx, &hooked);
    hooked_pointers = xcalloc(reg.n_hooked + 1, sizeof(*hooked_pointers));
    for (size_t i = 0; i < reg.n_hooked; i++)
        hooked_pointers[i] = &hooked[i];
    reg.hooked = hooked_pointers;
    reg.boot_id = boot_id;
    reg.topology_hash = hash;
    fill_register(up, &reg);
    env.body_case = BERTH__ENVELOPE__BODY_REGISTER;
    env.register_ = &reg;
    rpc_call(up->rpc, ch, &env, on_registered, up);
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    struct uplink *up = ctx;

    (void)adopted;
    if (env->reply)
        rpc_dispatch(up->rpc, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_LAUNCH_JOB ||
             env->body_case == BERTH__ENVELOPE__BODY_SIGNAL_JOB ||
             env->body_case == BERTH__ENVELOPE__BODY_JOB_GONE ||
             env->body_case == BERTH__ENVELOPE__BODY_VOLUME_RECLAIM ||
             env->body_case == BERTH__ENVELOPE__BODY_POD_DATA)
        up->host->order(up->ctx, ch, env);
    else
        channel_reply_status(ch, env, ENOSYS, "a node does not answer this");
}

/* -------------------------------------------------------------- connection */

static void retry_later(struct uplink *up, const char *why)
{
    const struct config *config = up->self.config;

    if (!up->told_lost)
        log_warn("no controller at %s:%u: %s; trying again", config->controller.host,
                 config->controller.port, why[0] ? why : "the connection ended");
    up->told_lost = true;
    /* Not all nodes of a cluster at the same moment. */
    (void)uv_timer_start(&up->retry, call_controller,
                         up->backoff_ms / 2 + randombytes_uniform(up->backoff_ms), 0);
    if (up->backoff_ms < BACKOFF_MAX_MS / 2)
        up->backoff_ms *= 2;
    else
        up->backoff_ms = BACKOFF_MAX_MS;
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct uplink *up = ctx;
    struct err gone = {.code = EPIPE, .text = "the controller went away"};

    up->host->gone(up->ctx, ch);
    up->ch = NULL;
    up->is_up = false;
    (void)uv_timer_stop(&up->heartbeat);
    rpc_fail_all(up->rpc, &gone);
    retry_later(up, why->text);
}

static const struct channel_callbacks callbacks = {
    .on_open = on_open,
    .on_message = on_message,
    .on_close = on_close,
};

static void call_controller(uv_timer_t *timer)
{
    struct uplink *up = timer->data;
    const struct config *config = up->self.config;
    struct err err;

    up->ch = channel_connect(up->self.loop, up->self.auth, config->controller.host,
                             config->controller.port, "", up->controller_uid,
                             &callbacks, up, &err);
    if (!up->ch)
        retry_later(up, err.text);
}

static uid_t uid_of(const char *user)
{
    const struct passwd *pw = user ? getpwnam(user) : NULL;

    return pw ? pw->pw_uid : geteuid();
}

struct uplink *uplink_create(const struct uplink_self *self,
                             const struct uplink_host *host, void *ctx)
{
    struct uplink *up = xcalloc(1, sizeof(*up));

    up->self = *self;
    up->host = host;
    up->ctx = ctx;
    up->rpc = rpc_create();
    up->backoff_ms = BACKOFF_FIRST_MS;
    up->controller_uid = uid_of(self->config->controller.user);
    (void)uv_timer_init(self->loop, &up->retry);
    (void)uv_timer_init(self->loop, &up->heartbeat);
    up->retry.data = up->heartbeat.data = up;
    return up;
}

void uplink_start(struct uplink *up)
{
    (void)uv_timer_start(&up->retry, call_controller, 0, 0);
}
