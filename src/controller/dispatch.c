/* SPDX-License-Identifier: Apache-2.0
 *
 * dispatch.c - run passes, launch what they start, end what must end
 */
#include "controller/dispatch.h"

#include "base/log.h"
#include "base/mem.h"
#include "controller/arrays.h"
#include "controller/conn.h"
#include "controller/diag.h"
#include "controller/pods/helpers.h"
#include "controller/hets.h"
#include "controller/images.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "controller/pods/pod_data.h"
#include "controller/request.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* All components of a job start in one go, and whole sets make room for them. */
#define DECISIONS_MAX (5 * SCHED_SET_MAX)
#define LAUNCH_TRIES 3
/* A slice of a pass: jobs between two looks at the clock, and its length. The
 * opening of a connection takes several turns of the loop, each behind a slice. */
#define SLICE_JOBS 64
#define SLICE_NS 1000000
/* A grant outlives the time limit by this, for steps that are under way. */
#define GRANT_SLACK 300

/* ------------------------------------------------------------------ passes */

static void start_job(struct controller *ctl, const struct sched_decision *decision)
{
    struct ctl_job *cj = jobs_find(ctl, decision->id.job);
    struct job_change change = {.placement = request_placement(ctl, decision->where)};
    int64_t now = controller_now();
    struct err err;

    BUG_ON(!cj);
    if (decision->time_limit != cj->job.spec->time_limit)
        change.time_given = decision->time_limit;
    if (decision->id.task != SCHED_NO_TASK) {
        (void)jobs_make_room(ctl, NULL);
        cj = arrays_begin(ctl, cj, decision->id.task, now);
    }
    cj->priority = decision->priority;
    BUG_ON(jobs_apply(ctl, cj, EV_START, now, &change, &err));
    dispatch_launch_committed(ctl, cj);
}

/* It can never start: its deadline has come too near, or what it depends on has
 * gone the other way. The second may stay, for its owner to see and to change. */
static void refuse_job(struct controller *ctl, const struct sched_decision *decision)
{
    struct ctl_job *cj = jobs_find(ctl, decision->id.job);
    struct job_change change = {.by_uid = JOB_BY_NOBODY, .words = decision->why.text};
    struct err err;

    if (!cj || (sched_why(ctl->sched, cj->id, NULL) == SCHED_DEPENDENCY_NEVER &&
                strcmp(cj->job.spec->kill_on_invalid_dep, "yes") != 0))
        return;
    if (cj->array)
        (void)arrays_cancel_left(ctl, cj, NULL, &change, controller_now());
    else if (jobs_apply(ctl, cj, EV_CANCEL, controller_now(), &change, &err))
        log_error("job %" PRIu32 ": %s", cj->id, err.text);
}

/* ------------------------------------------------------------------ preemption */

static struct ctl_job *decided_job(struct controller *ctl,
                                   const struct sched_decision *decision)
{
    struct ctl_job *cj = jobs_find(ctl, decision->id.job);

    if (cj && decision->id.task != SCHED_NO_TASK)
        cj = arrays_element(cj, decision->id.task);
    BUG_ON(!cj);
    return cj;
}

/* A helper stays until its job has left, which may need it for its farewell; what
 * follows from that end is told to the helper then (hets.c). */
static bool leaves_later(const struct controller *ctl, struct ctl_job *cj)
{
    const struct ctl_job *leader = helpers_is_one(cj) ? helpers_leader(ctl, cj) : NULL;

    return leader && job_state_is_active(job_state_of(&leader->job));
}

/* One that is ending already makes room anyway: the event is refused. */
static void push_out(struct controller *ctl, const struct sched_decision *decision,
                     enum job_then then)
{
    struct ctl_job *cj = decided_job(ctl, decision);
    cleanup(freep) char *words =
        xasprintf("preempted by job %" PRIu32, decision->for_job);
    struct job_change change = {.then = then, .words = words};

    if (leaves_later(ctl, cj))
        return;
    if (jobs_apply(ctl, cj, EV_LEAVE, controller_now(), &change, NULL) == 0)
        dispatch_leave_committed(ctl, cj, decision->grace, words);
}

/* One that is being started takes neither event, and may be for as long as its helpers
 * are not ready: a restart must find that its cores are another's (recover.c). */
static void stop_or_go(struct controller *ctl, const struct sched_decision *decision,
                       bool stop)
{
    struct ctl_job *cj = decided_job(ctl, decision);
    cleanup(freep) char *words =
        xasprintf("suspended for job %" PRIu32, decision->for_job);
    struct job_change change = {.words = stop ? words : ""};

    if (job_state_of(&cj->job) == JOB_STARTING) {
        if (job_set_stopped(&cj->job, stop, controller_now()))
            jobs_save(ctl, cj);
        return;
    }
    if (jobs_apply(ctl, cj, stop ? EV_SUSPEND : EV_RESUME, controller_now(), &change,
                   NULL) == 0)
        dispatch_stop_committed(ctl, cj);
}

static void carry_out(struct controller *ctl, struct sched_decision *decision)
{
    switch (decision->verb) {
    case SCHED_START:
        start_job(ctl, decision);
        place_result_destroy(decision->where);
        break;
    case SCHED_REFUSE:
        refuse_job(ctl, decision);
        break;
    case SCHED_SUSPEND:
        stop_or_go(ctl, decision, true);
        break;
    case SCHED_RESUME:
        stop_or_go(ctl, decision, false);
        break;
    case SCHED_REQUEUE:
        push_out(ctl, decision, THEN_REQUEUE_PREEMPTED);
        break;
    case SCHED_CANCEL:
        push_out(ctl, decision, THEN_PREEMPTED);
        break;
    }
}

/* A slice of a pass. True: it goes on. */
static bool run_slice(struct controller *ctl)
{
    struct sched_decision decisions[DECISIONS_MAX];
    uint64_t began = uv_hrtime();
    bool more;

    do {
        size_t n = sched_pass(ctl->sched, controller_now(), decisions, DECISIONS_MAX,
                              SLICE_JOBS, &more);

        for (size_t i = 0; i < n; i++)
            carry_out(ctl, &decisions[i]);
    } while (more && uv_hrtime() - began < SLICE_NS);
    return more;
}

static void on_due(uv_timer_t *timer)
{
    dispatch_want_pass(timer->data);
}

/* A begin time, a promise, the edge of a reservation: the next pass even if nothing
 * happens until then. */
static void set_alarm(struct controller *ctl)
{
    int64_t now = controller_now(), when = sched_next_time(ctl->sched, now);

    if (when == 0 || ctl->is_closing)
        uv_timer_stop(&ctl->due);
    else
        uv_timer_start(&ctl->due, on_due, (uint64_t)(when - now) * 1000, 0);
}

/* Each turn of the loop does one slice, so that requests come in between. */
static void on_pass(uv_idle_t *idle)
{
    struct controller *ctl = idle->data;

    uint64_t began = uv_hrtime();
    bool more;

    ctl->pass_wanted = false;
    more = run_slice(ctl);
    diag_slice(ctl->diag, (uv_hrtime() - began) / 1000, !more);
    if (more)
        ctl->pass_wanted = true;
    if (ctl->pass_wanted)
        return;
    uv_idle_stop(idle);
    set_alarm(ctl);
}

/* What is asked for while a pass is under way gets another one after it. */
void dispatch_want_pass(struct controller *ctl)
{
    ctl->pass_wanted = true;
    if (!ctl->is_closing && !uv_is_active((uv_handle_t *)&ctl->pass))
        uv_idle_start(&ctl->pass, on_pass);
}

/* ------------------------------------------------------------------ after a commit */

/* What to do to a job after a commit, by when the job may be another one. */
struct order {
    struct controller *ctl;
    uint32_t job, epoch;
    uint32_t grace; /* of an end */
    char *why;
};

/* To say 0 would mean: as the node has it. */
uint32_t dispatch_grace(const struct controller *ctl, const struct ctl_job *cj)
{
    const Berth__PodWish *pod = cj->job.spec->pod;

    if (!pod || !pod->grace)
        return ctl->config->node.kill_grace;
    return pod->grace > 1 ? pod->grace - 1 : 1;
}

static struct order *order_on_commit(struct controller *ctl, const struct ctl_job *cj,
                                     void (*fn)(void *ctx), const char *why)
{
    struct order *order = xcalloc(1, sizeof(*order));

    order->ctl = ctl;
    order->job = cj->id;
    order->epoch = cj->job.record->epoch;
    order->why = why ? xstrdup(why) : NULL;
    order->grace = dispatch_grace(ctl, cj);
    store_on_commit(ctl->store, fn, order);
    return order;
}

/* The job that the order is about, or NULL when it is past that. */
static struct ctl_job *order_job(const struct order *order)
{
    struct ctl_job *cj = jobs_find(order->ctl, order->job);

    return cj && cj->job.record->epoch == order->epoch ? cj : NULL;
}

static void order_free(struct order *order)
{
    free(order->why);
    free(order);
}

/* ------------------------------------------------------------------ launching */

/* What the node is told of the job; NULL: its spec as it is. */
static Berth__JobSpec *described_spec(const struct controller *ctl,
                                      const struct ctl_job *cj)
{
    Berth__JobSpec *spec;

    if (!cj->whole && !cj->job.record->time_given && !cj->job.record->het_leader)
        return NULL;
    spec = copy_message(&cj->job.spec->base);
    spec->time_limit = job_time_limit(&cj->job);
    if (cj->whole)
        arrays_describe(cj, spec);
    if (cj->job.record->het_leader)
        hets_describe(ctl, cj, spec);
    return spec;
}

static Berth__SignedGrant *make_grant(const struct controller *ctl,
                                      const struct ctl_job *cj,
                                      const Berth__JobSpec *spec)
{
    const Berth__JobRecord *record = cj->job.record;
    int64_t deadline = job_deadline(&cj->job);
    Berth__Grant grant;
    uint8_t digest[32];

    berth__grant__init(&grant);
    digest_message(&spec->base, digest);
    grant.cluster = ctl->config->cluster;
    grant.job_id = cj->id;
    grant.epoch = record->epoch;
    grant.uid = cj->job.spec->uid;
    grant.gid = cj->job.spec->gid;
    grant.issued_at = controller_now();
    if (deadline != INT64_MAX)
        grant.expires_at = deadline + ctl->config->node.kill_grace + GRANT_SLACK;
    grant.spec_digest = (ProtobufCBinaryData){sizeof(digest), digest};
    grant.placement = record->placement;
    return grant_sign(&grant, ctl->grant_secret);
}

static void send_launch(struct controller *ctl, struct ctl_node *node,
                        struct ctl_job *cj)
{
    cleanup(free_messagep) Berth__JobSpec *described = described_spec(ctl, cj);
    Berth__JobSpec *spec = described ? described : cj->job.spec;
    cleanup(free_messagep) Berth__SignedGrant *grant = make_grant(ctl, cj, spec);
    Berth__LaunchJob launch = BERTH__LAUNCH_JOB__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    launch.grant = grant;
    launch.spec = spec;
    images_fill_sources(ctl, cj, &launch);
    pod_data_fill(ctl, cj, &launch);
    env.body_case = BERTH__ENVELOPE__BODY_LAUNCH_JOB;
    env.launch_job = &launch;
    cj->is_launched = true;
    conn_hold(node->conn);
    nodes_call(node, CALL_LAUNCH, cj, &env);
    images_clear_sources(&launch);
    pod_data_clear(&launch);
}

static void apply_or_log(struct controller *ctl, struct ctl_job *cj,
                         enum job_event event, const struct job_change *change)
{
    struct err err;

    if (jobs_apply(ctl, cj, event, controller_now(), change, &err))
        log_error("job %" PRIu32 ": %s", cj->id, err.text);
}

/* A component does not start again without the others. */
static enum job_event give_up_event(const struct controller *ctl,
                                    const struct ctl_job *cj, enum job_state state)
{
    return !helpers_can_requeue(ctl, cj) && state == JOB_STARTING ? EV_REFUSE
                                                                  : EV_LAUNCH_FAILED;
}

static void launch(void *ctx)
{
    struct order *order = ctx;
    struct controller *ctl = order->ctl;
    struct ctl_job *cj = order_job(order);
    struct ctl_node *node = cj ? nodes_lead(ctl, cj) : NULL;
    enum job_state state = cj ? job_state_of(&cj->job) : JOB_COMPLETED;

    order_free(order);
    /* Its helper pods will ask again; two may have become ready at once. */
    if (cj && (helpers_wait(ctl, cj) || (cj->is_launched && state == JOB_STARTING)))
        return;
    if (state == JOB_STARTING && node && node->conn)
        send_launch(ctl, node, cj);
    else if (state == JOB_STARTING && node && helpers_has(ctl, cj))
        return; /* when its node is back (reconcile_node), or is lost with it */
    else if ((state == JOB_STARTING || state == JOB_COMPLETING) && !cj->is_launched)
        /* Nothing was sent: its node is away, or it was cancelled first. */
        apply_or_log(ctl, cj, give_up_event(ctl, cj, state), NULL);
}

void dispatch_launch_committed(struct controller *ctl, const struct ctl_job *cj)
{
    (void)order_on_commit(ctl, cj, launch, NULL);
}

void dispatch_launched(struct controller *ctl, struct ctl_job *cj,
                       const Berth__Status *status)
{
    enum job_state state = job_state_of(&cj->job);
    const Berth__NodeShare *lead = job_lead(&cj->job);
    cleanup(freep) char *words = NULL;
    struct job_change change = {.exit_code = 1};

    if (!status || status->code == 0)
        return;
    if (state != JOB_STARTING && state != JOB_COMPLETING)
        return;
    words = xasprintf("node %s: %s", lead->node,
                      status->text[0] ? status->text : strerror(status->code));
    change.words = words;
    if (state == JOB_STARTING &&
        (!helpers_can_requeue(ctl, cj) || ++cj->launch_failures >= LAUNCH_TRIES)) {
        apply_or_log(ctl, cj, EV_REFUSE, &change);
        return;
    }
    change.not_before = controller_now() + cj->launch_failures;
    apply_or_log(ctl, cj, EV_LAUNCH_FAILED, &change);
}

/* ------------------------------------------------------------------ ending */

/* 'order' says which signal; whose it is filled in. */
static void send_signal(struct ctl_node *node, const struct ctl_job *cj,
                        Berth__SignalJob *order)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    order->job_id = cj->id;
    order->epoch = cj->job.record->epoch;
    env.body_case = BERTH__ENVELOPE__BODY_SIGNAL_JOB;
    env.signal_job = order;
    nodes_call(node, CALL_SIGNAL, cj, &env);
}

static void send_plain_signal(struct ctl_node *node, const struct ctl_job *cj,
                              int32_t signo)
{
    Berth__SignalJob msg = BERTH__SIGNAL_JOB__INIT;

    msg.signal = signo;
    send_signal(node, cj, &msg);
}

/* As it may be told again, it is the record that knows. */
static Berth__SignalJob__Cause cause_of(const struct ctl_job *cj)
{
    switch ((enum job_then)cj->job.record->then) {
    case THEN_EVICTED:
    case THEN_REQUEUE_EVICTED:
        return BERTH__SIGNAL_JOB__CAUSE__EVICTED;
    case THEN_PREEMPTED:
    case THEN_REQUEUE_PREEMPTED:
        return BERTH__SIGNAL_JOB__CAUSE__PREEMPTED;
    case THEN_END:
    case THEN_REQUEUE:
    case THEN_DONE:
        break;
    }
    return BERTH__SIGNAL_JOB__CAUSE__ASKED;
}

static void kill_now(void *ctx)
{
    struct order *order = ctx;
    struct ctl_job *cj = order_job(order);
    struct ctl_node *node = cj ? nodes_lead(order->ctl, cj) : NULL;

    if (node && node->conn) {
        Berth__SignalJob msg = BERTH__SIGNAL_JOB__INIT;

        msg.grace = order->grace;
        msg.why = order->why;
        msg.cause = cause_of(cj);
        send_signal(node, cj, &msg);
    }
    order_free(order);
}

void dispatch_kill_committed(struct controller *ctl, const struct ctl_job *cj,
                             const char *why)
{
    if (cj->job.record->placement)
        (void)order_on_commit(ctl, cj, kill_now, why);
}

void dispatch_end_committed(struct controller *ctl, const struct ctl_job *cj,
                            int64_t grace, const char *why)
{
    struct order *order = order_on_commit(ctl, cj, kill_now, why);

    order->grace = grace > 0 ? (uint32_t)grace : 1;
}

void dispatch_leave_committed(struct controller *ctl, const struct ctl_job *cj,
                              int64_t grace, const char *why)
{
    struct order *order = order_on_commit(ctl, cj, kill_now, why);

    if (grace > 0)
        order->grace = (uint32_t)grace;
}

void dispatch_stop_or_go(struct controller *ctl, const struct ctl_job *cj)
{
    struct ctl_node *node = nodes_lead(ctl, cj);
    enum job_state state = job_state_of(&cj->job);

    if (!node || !node->conn)
        return;
    if (state == JOB_SUSPENDED)
        send_plain_signal(node, cj, SIGSTOP);
    else if (state == JOB_RUNNING && cj->job.record->suspended_for)
        send_plain_signal(node, cj, SIGCONT);
}

static void stop_now(void *ctx)
{
    struct order *order = ctx;
    const struct ctl_job *cj = order_job(order);

    if (cj)
        dispatch_stop_or_go(order->ctl, cj);
    order_free(order);
}

void dispatch_stop_committed(struct controller *ctl, const struct ctl_job *cj)
{
    (void)order_on_commit(ctl, cj, stop_now, NULL);
}

void dispatch_started(struct controller *ctl, struct ctl_job *cj)
{
    struct job_change change = {.words = "suspended while it was being started"};

    (void)jobs_apply(ctl, cj, EV_STARTED, controller_now(), NULL, NULL);
    if (job_state_of(&cj->job) != JOB_RUNNING ||
        !sched_is_stopped(ctl->sched, jobs_sched_id(cj)))
        return;
    apply_or_log(ctl, cj, EV_SUSPEND, &change);
    dispatch_stop_committed(ctl, cj);
}

int dispatch_signal(struct controller *ctl, const struct ctl_job *cj, int32_t signo,
                    Berth__SignalJob__Scope scope, struct err *err)
{
    struct ctl_node *node = nodes_lead(ctl, cj);
    Berth__SignalJob msg = BERTH__SIGNAL_JOB__INIT;

    if (!node || !node->conn)
        return err_set(err, EHOSTUNREACH,
                       "job %" PRIu32 ": node %s is not connected; try again later",
                       cj->id, job_lead(&cj->job)->node);
    msg.signal = signo;
    msg.scope = scope;
    send_signal(node, cj, &msg);
    return 0;
}

void dispatch_signalled(struct controller *ctl, struct ctl_job *cj,
                        const Berth__Status *status)
{
    struct job_change change = {.words = NULL};

    if (!status || status->code == 0)
        return;
    /* What the node does not have cannot be ended there. The end it may have
     * reported came first, on the same connection. */
    if (status->code == ESRCH && job_state_of(&cj->job) == JOB_COMPLETING)
        apply_or_log(ctl, cj, EV_LOST, &change);
    else if (status->code != ESRCH)
        log_warn("job %" PRIu32 ": %s", cj->id, status->text);
}

/* ------------------------------------------------------------------ life */

void dispatch_init(struct controller *ctl)
{
    uv_idle_init(ctl->loop, &ctl->pass);
    uv_timer_init(ctl->loop, &ctl->due);
    ctl->pass.data = ctl;
    ctl->due.data = ctl;
}
