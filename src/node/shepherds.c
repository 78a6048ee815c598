/* SPDX-License-Identifier: Apache-2.0
 *
 * shepherds.c - the shepherds of this node: spare, assigned, come back
 *
 *     spawn --> spare --assign--> assigned --its end--> gone
 *                                   ^   |
 *             berthd restarts:      |   v
 *             awaited --hello-------+  (record says pid and start time)
 *
 * A shepherd is a process on the other end of a local channel. When the channel
 * ends, the process is taken for gone, and killed to make it so. A lead that
 * goes without having reported its job's end is reported by us.
 */
#include "node/groups.h"
#include "node/hooks.h"
#include "node/nursery.h"
#include "node/exports.h"
#include "node/pod_logs.h"
#include "node/pod_grant.h"
#include "node/pod_network.h"
#include "node/shepherd_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long after an assignment a new spare is made: off the launch's path. */
#define SPARE_DELAY_MS 5

void shepherd_name(struct shepherd *shepherd)
{
    if (shepherd->step == STEP_LEAD)
        (void)snprintf(shepherd->name, sizeof(shepherd->name), "%u.lead",
                       shepherd->job);
    else
        (void)snprintf(shepherd->name, sizeof(shepherd->name), "%u.%" PRId64,
                       shepherd->job, shepherd->step);
}

struct channel *shepherd_channel(const struct shepherd *shepherd)
{
    return shepherd->ch;
}

void shepherd_order(struct shepherd *shepherd, const Berth__Envelope *env)
{
    if (shepherd->ch) {
        channel_send(shepherd->ch, env);
        return;
    }
    if (shepherd->order && shepherd->order->signal_job->signal == 0)
        return;
    free_message(shepherd->order);
    shepherd->order = copy_message(&env->base);
}

void shepherd_tell(struct shepherd *shepherd, const Berth__Envelope *env)
{
    if (shepherd->ch)
        channel_send(shepherd->ch, env);
    else if (shepherd->n_told < SHEPHERD_TOLD_MAX)
        shepherd->told[shepherd->n_told++] = copy_message(&env->base);
}

static void forget_told(struct shepherd *shepherd)
{
    while (shepherd->n_told)
        free_message(shepherd->told[--shepherd->n_told]);
}

void shepherd_tell_order(struct shepherd *shepherd)
{
    for (size_t i = 0; i < shepherd->n_told; i++)
        channel_send(shepherd->ch, shepherd->told[i]);
    forget_told(shepherd);
    if (shepherd->order)
        channel_send(shepherd->ch, shepherd->order);
    free_message(take(shepherd->order));
}

uint32_t shepherd_epoch(const struct shepherd *shepherd)
{
    return shepherd->epoch;
}

struct shepherd *shepherd_by_target(struct node *node, const char *target)
{
    struct shepherd *found;

    HASH_FIND_STR(node->shepherds, target, found);
    return found;
}

struct shepherd *shepherd_find(struct node *node, uint32_t job, int64_t step)
{
    struct shepherd key = {.job = job, .step = step};

    shepherd_name(&key);
    return shepherd_by_target(node, key.name);
}

/* -------------------------------------------------------------- their ends */

void shepherd_report_lost(struct node *node, uint32_t job, uint32_t epoch,
                          const char *words)
{
    Berth__JobEnded ended = BERTH__JOB_ENDED__INIT;

    log_warn("job %u: %s", job, words);
    ended.job_id = job;
    ended.epoch = epoch;
    ended.time = time(NULL);
    ended.exit_signal = SIGKILL;
    ended.steps_lost = true;
    ended.words = (char *)(uintptr_t)words;
    uplink_send_ended(node->uplink, &ended, NULL, NULL);
}

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

void shepherd_stop_waiting(struct shepherd *shepherd)
{
    if (!shepherd->come_back)
        return;
    uv_close((uv_handle_t *)shepherd->come_back, free_timer);
    shepherd->come_back = NULL;
}

static void forget_spare(struct shepherd *shepherd)
{
    struct shepherd **slot = &shepherd->node->spares;

    for (; *slot; slot = &(*slot)->next_spare) {
        if (*slot == shepherd) {
            *slot = shepherd->next_spare;
            return;
        }
    }
}

static void leave_pod(struct node *node, const struct shepherd *shepherd)
{
    pod_network_lead_gone(node, shepherd->job, shepherd->epoch);
    exports_lead_gone(shepherd->job, shepherd->epoch);
}

/* The process is gone (or about to be): settle what it leaves behind. */
void shepherd_gone(struct shepherd *shepherd)
{
    struct node *node = shepherd->node;

    shepherd_stop_waiting(shepherd);
    if (!shepherd->assigned) {
        forget_spare(shepherd);
    } else {
        HASH_DEL(node->shepherds, shepherd);
        (void)process_signal(&shepherd->process, SIGKILL);
        if (shepherd->step != STEP_LEAD || shepherd->end_acknowledged)
            record_remove(node, shepherd->job, shepherd->epoch, shepherd->step);
        else if (!shepherd->end_reported && !node->stopping)
            shepherd_report_lost(node, shepherd->job, shepherd->epoch,
                                 "the job's lead shepherd ended unexpectedly");
        if (shepherd->step == STEP_LEAD && !node->stopping)
            leave_pod(node, shepherd);
        if (shepherd->step == STEP_LEAD)
            pod_logs_ended(node, shepherd->job, shepherd->epoch);
        job_dir_remove_unless_used(node, shepherd->job, shepherd->epoch);
        groups_release(node, shepherd->job, shepherd->epoch, shepherd->step);
        hooks_shepherd_gone(node, shepherd->job, shepherd->epoch);
    }
    rpc_destroy(shepherd->rpc);
    free_message(shepherd->granted);
    free_message(shepherd->order);
    forget_told(shepherd);
    free(shepherd);
}

void shepherd_on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct shepherd *shepherd = ctx;

    launch_channel_gone(shepherd->node, ch);
    shepherd->ch = NULL;
    if (!shepherd->node->stopping)
        rpc_fail_all(shepherd->rpc,
                     why->text[0] ? why
                                  : &(struct err){EPIPE, "its shepherd ended early"});
    shepherd_gone(shepherd);
}

/* ------------------------------------------------------------ their reports */

struct ended_reply {
    struct node *node;
    char name[40];
    uint32_t epoch;
    uint64_t id;
};

static void on_end_acknowledged(void *ctx)
{
    struct ended_reply *reply = ctx;
    struct shepherd *shepherd = shepherd_by_target(reply->node, reply->name);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    if (shepherd && shepherd->epoch == reply->epoch && shepherd->ch) {
        env.id = reply->id;
        channel_reply_status(shepherd->ch, &env, 0, "");
    }
    free(reply);
}

static struct ended_reply *reply_to(const struct shepherd *shepherd,
                                    const Berth__Envelope *env)
{
    struct ended_reply *reply = xcalloc(1, sizeof(*reply));

    reply->node = shepherd->node;
    memcpy(reply->name, shepherd->name, sizeof(reply->name));
    reply->epoch = shepherd->epoch;
    reply->id = env->id;
    return reply;
}

static void take_job_ended(struct shepherd *shepherd, const Berth__Envelope *env)
{
    shepherd->end_reported = true;
    uplink_send_ended(shepherd->node->uplink, env->job_ended, on_end_acknowledged,
                      reply_to(shepherd, env));
}

/* Kept by the lead alone: it says so again when this fails. */
static void on_told_answered(const struct err *err, void *ctx)
{
    struct ended_reply *reply = ctx;
    struct shepherd *shepherd = shepherd_by_target(reply->node, reply->name);
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.id = reply->id;
    if (shepherd && shepherd->epoch == reply->epoch && shepherd->ch)
        channel_reply_status(shepherd->ch, &env, err ? err->code : 0,
                             err ? err->text : "");
    free(reply);
}

static void pass_on(struct shepherd *shepherd, const Berth__Envelope *env)
{
    uplink_pass(shepherd->node->uplink, env, on_told_answered, reply_to(shepherd, env));
}

static bool is_lead_of(const struct shepherd *shepherd, uint32_t job, uint32_t epoch)
{
    return shepherd->assigned && shepherd->step == STEP_LEAD && shepherd->job == job &&
           shepherd->epoch == epoch;
}

/* A refused assignment is the launch's failure: there was no job to end. */
static void take_reply(struct shepherd *shepherd, const Berth__Envelope *env)
{
    if (env->status && env->status->code)
        shepherd->end_reported = shepherd->end_acknowledged = true;
    rpc_dispatch(shepherd->rpc, env);
}

void shepherd_on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                         void *ctx)
{
    cleanup(closep) int descriptor = adopted;
    struct shepherd *shepherd = ctx;

    if (env->reply)
        take_reply(shepherd, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_LAUNCH_STEP &&
             shepherd->step == STEP_LEAD)
        launch_step(shepherd->node, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_GROUP_ORDER && shepherd->assigned)
        groups_order(shepherd->node, shepherd, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_IMAGE_SPREAD &&
             shepherd->step == STEP_LEAD)
        image_spread(shepherd->node, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_STEP_REPORT &&
             is_lead_of(shepherd, env->step_report->job_id, env->step_report->epoch))
        pass_on(shepherd, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_POD_CHANGED &&
             is_lead_of(shepherd, env->pod_changed->job_id, env->pod_changed->epoch))
        pass_on(shepherd, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_JOB_ENDED &&
             is_lead_of(shepherd, env->job_ended->job_id, env->job_ended->epoch))
        take_job_ended(shepherd, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_POD_WIRE &&
             is_lead_of(shepherd, env->pod_wire->job_id, env->pod_wire->epoch))
        pod_network_wire(shepherd, env, take_fd(descriptor));
    else if (env->body_case == BERTH__ENVELOPE__BODY_POD_MOUNT &&
             is_lead_of(shepherd, env->pod_mount->job_id, env->pod_mount->epoch))
        exports_order(shepherd, env);
    else
        channel_reply_status(ch, env, ENOSYS, "a shepherd may not ask for this");
}

static const struct channel_callbacks shepherd_callbacks = {
    .on_message = shepherd_on_message,
    .on_close = shepherd_on_close,
};

/* ------------------------------------------------------------------ spares */

static void add_spare(struct node *node, const struct process *process, int fd,
                      const struct err *why)
{
    struct shepherd *shepherd;
    struct err err;

    if (why) {
        log_error("cannot start a spare shepherd: %s", why->text);
        return;
    }
    shepherd = xcalloc(1, sizeof(*shepherd));
    shepherd->node = node;
    shepherd->process = *process;
    shepherd->rpc = rpc_create();
    shepherd->ch = channel_local(node->loop, fd, &shepherd_callbacks, shepherd, &err);
    if (!shepherd->ch) {
        log_error("cannot talk to a spare shepherd: %s", err.text);
        rpc_destroy(shepherd->rpc);
        free(shepherd);
        return;
    }
    shepherd->next_spare = node->spares;
    node->spares = shepherd;
}

static void fill_spares(uv_timer_t *timer)
{
    struct node *node = timer->data;
    size_t have = nursery_awaited(node);
    struct err err;

    for (const struct shepherd *s = node->spares; s; s = s->next_spare)
        have++;
    for (; have < node->config->node.spare_shepherds; have++) {
        if (nursery_ask(node, &err)) {
            log_error("cannot start a spare shepherd: %s", err.text);
            return;
        }
    }
}

/* Off the launch's path when there is a spare left; at once when the next launch
 * would have to wait for one. Launches that follow each other do not put it off. */
static void plan_refill(struct node *node)
{
    uint64_t delay = node->spares ? SPARE_DELAY_MS : 0;

    if (!uv_is_active((uv_handle_t *)&node->spare_timer) ||
        uv_timer_get_due_in(&node->spare_timer) > delay)
        (void)uv_timer_start(&node->spare_timer, fill_spares, delay, 0);
}

/* One that is there, or as soon as it is. */
static struct shepherd *get_spare(struct node *node, struct err *err)
{
    int rc = 0;

    if (!node->spares && !nursery_awaited(node))
        rc = nursery_ask(node, err);
    while (!rc && !node->spares && nursery_awaited(node))
        nursery_wait(node);
    if (!rc && !node->spares)
        (void)err_set(err, EAGAIN, "its shepherds' nursery gives birth to none");
    return node->spares;
}

/* -------------------------------------------------------------- assignment */

int shepherd_assign(struct node *node, Berth__Assignment *assignment, uint32_t job,
                    uint32_t epoch, int64_t step, uid_t uid, rpc_reply_fn *fn,
                    void *ctx, struct err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct shepherd *shepherd = shepherd_find(node, job, step);
    struct record record = {.job = job, .epoch = epoch, .step = step, .uid = uid};
    cleanup(free_messagep) Berth__PodGrant *granted = NULL;
    int rc;

    if (shepherd && shepherd->epoch == epoch)
        return err_set(err, EALREADY, "job %u runs here already", job);
    if (shepherd)
        return err_set(err, EBUSY, "an earlier start of job %u still ends here", job);
    shepherd = get_spare(node, err);
    if (!shepherd)
        return err_wrap(err, "node %s", node->self->name);
    if (assignment->job)
        granted = pod_grant_make(assignment->job);
    record.granted = granted;
    record.process = shepherd->process;
    rc = record_create(node, &record, err);
    if (rc)
        return rc;
    forget_spare(shepherd);
    plan_refill(node);
    shepherd->job = job;
    shepherd->epoch = epoch;
    shepherd->step = step;
    shepherd->uid = uid;
    shepherd->granted = take(granted);
    shepherd->assigned = true;
    shepherd_name(shepherd);
    HASH_ADD_STR(node->shepherds, name, shepherd);
    env.body_case = BERTH__ENVELOPE__BODY_ASSIGNMENT;
    env.assignment = assignment;
    rpc_call(shepherd->rpc, shepherd->ch, &env, fn, ctx);
    routes_arrived(node, shepherd);
    return 0;
}

size_t shepherds_running(const struct node *node, Berth__RunningJob **ret)
{
    struct shepherd *shepherd, *next;
    size_t n = 0;

    *ret = xcalloc(HASH_COUNT(node->shepherds) + 1, sizeof(**ret));
    HASH_ITER(hh, node->shepherds, shepherd, next)
    {
        if (shepherd->step != STEP_LEAD)
            continue;
        berth__running_job__init(&(*ret)[n]);
        (*ret)[n].job_id = shepherd->job;
        (*ret)[n].epoch = shepherd->epoch;
        (*ret)[n++].lead = true;
    }
    return n;
}

/* While the lead lives it has to hear of this, so its record stays: were we to die
 * now, it would come back and ask again. */
void shepherd_forget_job(struct node *node, uint32_t job, uint32_t epoch)
{
    struct shepherd *lead = shepherd_find(node, job, STEP_LEAD);

    if (lead && lead->epoch == epoch)
        lead->end_acknowledged = true;
    else
        record_remove(node, job, epoch, STEP_LEAD);
}

void shepherd_kill_job(struct node *node, uint32_t job, uint32_t epoch)
{
    struct shepherd *shepherd, *next;

    HASH_ITER(hh, node->shepherds, shepherd, next)
    {
        if (shepherd->job != job || shepherd->epoch != epoch)
            continue;
        log_warn("job %u: the controller does not know it: ended", job);
        shepherd->end_reported = shepherd->end_acknowledged = true;
        (void)process_signal(&shepherd->process, SIGKILL);
    }
}

void shepherds_start(struct node *node)
{
    (void)uv_timer_init(node->loop, &node->spare_timer);
    node->spare_timer.data = node;
    nursery_start(node, add_spare);
    fill_spares(&node->spare_timer);
}
