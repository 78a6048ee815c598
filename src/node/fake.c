/* SPDX-License-Identifier: Apache-2.0
 *
 * fake.c - the jobs of a pretended node: taken, timed, ended
 *
 * Grants are not checked: there is nothing here to protect.
 */
#include "node/fake.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUNTIME_MAX 1e9 /* seconds */

struct fake_job {
    struct fake_node *node;
    uint32_t job, epoch;
    bool timed_out;
    uv_timer_t timer;
    struct fake_job *next;
};

struct fake_node {
    struct uplink_self self;
    const struct fake_settings *settings;
    struct uplink *uplink;
    struct fake_job *jobs;
    bool was_up;
};

/* ------------------------------------------------------------------ run times */

int fake_runtime_parse(const char *text, int64_t *ret_ms, struct err *err)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || (*end && strcmp(end, "s") != 0) ||
        !(seconds >= 0 && seconds <= RUNTIME_MAX))
        return err_set(err, EINVAL, "'%.40s' is not a number of seconds", text);
    *ret_ms = (int64_t)(seconds * 1000);
    return 0;
}

int64_t fake_runtime(const Berth__JobSpec *spec, int64_t default_ms,
                     bool *ret_timed_out)
{
    int64_t limit_ms = spec->time_limit > 0 ? spec->time_limit * 1000 : -1;
    int64_t ms = default_ms;
    size_t len = strlen(FAKE_RUNTIME_VARIABLE);

    for (size_t i = 0; i < spec->n_env; i++)
        if (strncmp(spec->env[i], FAKE_RUNTIME_VARIABLE "=", len + 1) == 0)
            (void)fake_runtime_parse(spec->env[i] + len + 1, &ms, NULL);
    *ret_timed_out = ms >= 0 && limit_ms >= 0 && ms > limit_ms;
    if (ms < 0 || *ret_timed_out)
        return limit_ms;
    return ms;
}

/* ------------------------------------------------------------------ jobs */

static struct fake_job *find(const struct fake_node *node, uint32_t job, uint32_t epoch)
{
    for (struct fake_job *j = node->jobs; j; j = j->next)
        if (j->job == job && j->epoch == epoch)
            return j;
    return NULL;
}

static void free_job(uv_handle_t *timer)
{
    free(timer->data);
}

static void forget(struct fake_job *job)
{
    struct fake_job **slot = &job->node->jobs;

    while (*slot != job)
        slot = &(*slot)->next;
    *slot = job->next;
    uv_close((uv_handle_t *)&job->timer, free_job);
}

static void end(struct fake_job *job, int signo)
{
    Berth__JobEnded ended = BERTH__JOB_ENDED__INIT;

    ended.job_id = job->job;
    ended.epoch = job->epoch;
    ended.time = time(NULL);
    ended.exit_signal = signo;
    ended.timed_out = job->timed_out;
    uplink_send_ended(job->node->uplink, &ended, NULL, NULL);
    forget(job);
}

static void on_over(uv_timer_t *timer)
{
    struct fake_job *job = timer->data;

    end(job, job->timed_out ? SIGTERM : 0);
}

static void begin(struct fake_node *node, const Berth__Grant *grant,
                  const Berth__JobSpec *spec)
{
    struct fake_job *job = xcalloc(1, sizeof(*job));
    int64_t ms = fake_runtime(spec, node->settings->runtime_ms, &job->timed_out);

    job->node = node;
    job->job = grant->job_id;
    job->epoch = grant->epoch;
    job->next = node->jobs;
    node->jobs = job;
    (void)uv_timer_init(node->self.loop, &job->timer);
    job->timer.data = job;
    if (ms >= 0)
        (void)uv_timer_start(&job->timer, on_over, (uint64_t)ms, 0);
}

/* ------------------------------------------------------------------ orders */

static void launch(struct fake_node *node, struct channel *ch,
                   const Berth__Envelope *env)
{
    const Berth__LaunchJob *order = env->launch_job;
    cleanup(free_messagep) Berth__Grant *grant = NULL;

    if (order->grant)
        grant = unpack_message(&berth__grant__descriptor, order->grant->grant.data,
                               order->grant->grant.len);
    if (!grant || !order->spec) {
        channel_reply_status(ch, env, EBADMSG, "the order cannot be read");
        return;
    }
    if (order->spec->interactive) {
        channel_reply_status(ch, env, ENOTSUP,
                             "a fake node runs nothing: submit a batch job");
        return;
    }
    /* Said twice: it runs already, and that is what was wanted. */
    if (!find(node, grant->job_id, grant->epoch))
        begin(node, grant, order->spec);
    channel_reply_status(ch, env, 0, "");
    uplink_send_started(node->uplink, grant->job_id, grant->epoch);
}

static void take_signal(struct fake_node *node, struct channel *ch,
                        const Berth__Envelope *env)
{
    const Berth__SignalJob *order = env->signal_job;
    struct fake_job *job = find(node, order->job_id, order->epoch);

    channel_reply_status(ch, env, job ? 0 : ESRCH, job ? "" : "no such job here");
    if (job &&
        (order->signal == 0 || order->signal == SIGTERM || order->signal == SIGKILL)) {
        job->timed_out = strcmp(order->why, "time limit") == 0;
        end(job, order->signal ? order->signal : SIGTERM);
    }
}

/* ------------------------------------------------------------------ the uplink */

static size_t running(void *ctx, Berth__RunningJob **ret)
{
    const struct fake_node *node = ctx;
    Berth__RunningJob *list;
    size_t n = 0;

    for (const struct fake_job *j = node->jobs; j; j = j->next)
        n++;
    list = xcalloc(n, sizeof(*list));
    n = 0;
    for (const struct fake_job *j = node->jobs; j; j = j->next) {
        berth__running_job__init(&list[n]);
        list[n].job_id = j->job;
        list[n].epoch = j->epoch;
        list[n++].lead = true;
    }
    *ret = list;
    return n;
}

static void registered(void *ctx, const Berth__Registered *reply)
{
    struct fake_node *node = ctx;

    for (size_t i = 0; i < reply->n_stop; i++) {
        struct fake_job *job =
            find(node, reply->stop[i]->job_id, reply->stop[i]->epoch);

        if (job)
            forget(job);
    }
    if (!node->was_up)
        node->settings->on_up(node->settings->ctx);
    node->was_up = true;
}

static void order(void *ctx, struct channel *ch, const Berth__Envelope *env)
{
    if (env->body_case == BERTH__ENVELOPE__BODY_LAUNCH_JOB)
        launch(ctx, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_SIGNAL_JOB)
        take_signal(ctx, ch, env);
}

/* Orders are answered at once, so none waits. */
static void gone(void *ctx, struct channel *ch)
{
    (void)ctx;
    (void)ch;
}

static void trouble_told(void *ctx)
{
    (void)ctx;
}

static void heartbeat(void *ctx, Berth__Heartbeat *beat)
{
    const struct fake_node *node = ctx;

    for (const struct fake_job *j = node->jobs; j; j = j->next)
        beat->load += 1;
    beat->memory_free = node->self.topo->memory;
}

static void acknowledged(void *ctx, uint32_t job, uint32_t epoch)
{
    (void)ctx;
    (void)job;
    (void)epoch;
}

static const struct uplink_host host = {
    .running = running,
    .registered = registered,
    .order = order,
    .gone = gone,
    .heartbeat = heartbeat,
    .trouble_told = trouble_told,
    .acknowledged = acknowledged,
};

struct fake_node *fake_node_create(const struct uplink_self *self,
                                   const struct fake_settings *settings)
{
    struct fake_node *node = xcalloc(1, sizeof(*node));

    node->self = *self;
    node->settings = settings;
    node->uplink = uplink_create(self, &host, node);
    return node;
}

void fake_node_start(struct fake_node *node)
{
    uplink_start(node->uplink);
}
