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
#include "node/node.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

/* How long a shepherd may take to come back after berthd was restarted. */
#define COME_BACK_MS 30000
/* How long after an assignment a new spare is made: off the launch's path. */
#define SPARE_DELAY_MS 40

struct shepherd {
    char name[40];              /* "17.lead", "17.0": the hash key */
    struct node *node;
    uint32_t job, epoch;
    int64_t step;
    uid_t uid;
    pid_t pid;
    uint64_t pid_start;
    struct channel *ch;         /* NULL while awaited */
    struct rpc *rpc;
    uv_timer_t *come_back;      /* while awaited */
    bool assigned, end_reported;
    struct shepherd *next_spare;
    UT_hash_handle hh;
};

static void name_shepherd(struct shepherd *shepherd)
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

    name_shepherd(&key);
    return shepherd_by_target(node, key.name);
}

/* -------------------------------------------------------------- their ends */

struct removal {
    uv_work_t work;
    char *path;
};

static void removal_work(uv_work_t *work)
{
    struct removal *removal = work->data;

    (void)io_remove_tree(removal->path, NULL);
}

static void removal_done(uv_work_t *work, int status)
{
    struct removal *removal = work->data;

    (void)status;
    free(removal->path);
    free(removal);
}

/* The last shepherd of a job on this node takes the job's directory along. */
static void remove_job_dir(struct node *node, uint32_t job, uint32_t epoch)
{
    struct shepherd *other, *next;
    struct removal *removal;

    HASH_ITER(hh, node->shepherds, other, next)
        if (other->job == job && other->epoch == epoch)
            return;
    removal = xcalloc(1, sizeof(*removal));
    removal->work.data = removal;
    removal->path = xasprintf("%s/job.%u.%u", node->run_dir, job, epoch);
    (void)uv_queue_work(node->loop, &removal->work, removal_work, removal_done);
}

static void report_lost(struct node *node, uint32_t job, uint32_t epoch,
                        const char *words)
{
    Berth__JobEnded ended = BERTH__JOB_ENDED__INIT;

    log_warn("job %u: %s", job, words);
    ended.job_id = job;
    ended.epoch = epoch;
    ended.time = time(NULL);
    ended.exit_signal = SIGKILL;
    ended.words = (char *)(uintptr_t)words;
    uplink_send_ended(node, &ended, NULL, NULL);
}

static void free_timer(uv_handle_t *handle)
{
    free(handle);
}

static void stop_waiting(struct shepherd *shepherd)
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

/* The process is gone (or about to be): settle what it leaves behind. */
static void shepherd_gone(struct shepherd *shepherd)
{
    struct node *node = shepherd->node;

    stop_waiting(shepherd);
    if (!shepherd->assigned) {
        forget_spare(shepherd);
    } else {
        HASH_DEL(node->shepherds, shepherd);
        if (record_pid_start(shepherd->pid) == shepherd->pid_start)
            (void)kill(shepherd->pid, SIGKILL);
        if (shepherd->step != STEP_LEAD)
            record_remove(node, shepherd->job, shepherd->epoch, shepherd->step);
        else if (!shepherd->end_reported && !node->stopping)
            report_lost(node, shepherd->job, shepherd->epoch,
                        "the job's lead shepherd ended unexpectedly");
        remove_job_dir(node, shepherd->job, shepherd->epoch);
    }
    rpc_destroy(shepherd->rpc);
    free(shepherd);
}

static void on_shepherd_close(struct channel *ch, const struct err *why, void *ctx)
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

static void take_job_ended(struct shepherd *shepherd, const Berth__Envelope *env)
{
    struct ended_reply *reply = xcalloc(1, sizeof(*reply));

    shepherd->end_reported = true;
    reply->node = shepherd->node;
    memcpy(reply->name, shepherd->name, sizeof(reply->name));
    reply->epoch = shepherd->epoch;
    reply->id = env->id;
    uplink_send_ended(shepherd->node, env->job_ended, on_end_acknowledged, reply);
}

static bool is_lead_of(const struct shepherd *shepherd, uint32_t job, uint32_t epoch)
{
    return shepherd->assigned && shepherd->step == STEP_LEAD && shepherd->job == job &&
           shepherd->epoch == epoch;
}

static void on_shepherd_message(struct channel *ch, const Berth__Envelope *env,
                                int adopted, void *ctx)
{
    struct shepherd *shepherd = ctx;

    if (adopted >= 0)
        (void)close(adopted);
    if (env->reply)
        rpc_dispatch(shepherd->rpc, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_LAUNCH_STEP &&
             shepherd->step == STEP_LEAD)
        launch_step(shepherd->node, ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_JOB_ENDED &&
             is_lead_of(shepherd, env->job_ended->job_id, env->job_ended->epoch))
        take_job_ended(shepherd, env);
    else
        channel_reply_status(ch, env, ENOSYS, "a shepherd may not ask for this");
}

static const struct channel_callbacks shepherd_callbacks = {
    .on_message = on_shepherd_message,
    .on_close = on_shepherd_close,
};

/* ------------------------------------------------------------------ spares */

static void close_process(uv_handle_t *handle)
{
    free(handle);
}

static void on_process_exit(uv_process_t *process, int64_t status, int signo)
{
    if (signo)
        log_warn("shepherd %d ended by signal %d", process->pid, signo);
    else if (status)
        log_warn("shepherd %d ended with status %" PRId64, process->pid, status);
    uv_close((uv_handle_t *)process, close_process);
}

static pid_t spawn_process(struct node *node, int fd, struct err *err)
{
    uv_process_t *process = xcalloc(1, sizeof(*process));
    char *args[] = {(char *)(uintptr_t)node->shepherd_path, NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
        {.flags = UV_INHERIT_FD, .data.fd = fd},
    };
    uv_process_options_t options = {
        .file = node->shepherd_path,
        .args = args,
        .stdio = stdio,
        .stdio_count = ARRAY_SIZE(stdio),
        .exit_cb = on_process_exit,
        .flags = UV_PROCESS_DETACHED,
    };
    int rc = uv_spawn(node->loop, process, &options);

    if (rc) {
        uv_close((uv_handle_t *)process, close_process);
        return err_sys(err, -rc, "%s", node->shepherd_path);
    }
    return process->pid;
}

static struct shepherd *spare_create(struct node *node, struct err *err)
{
    struct shepherd *shepherd;
    int fds[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
        (void)err_sys(err, errno, "socketpair");
        return NULL;
    }
    pid = spawn_process(node, fds[1], err);
    (void)close(fds[1]);
    if (pid < 0) {
        (void)close(fds[0]);
        return NULL;
    }
    shepherd = xcalloc(1, sizeof(*shepherd));
    shepherd->node = node;
    shepherd->pid = pid;
    shepherd->pid_start = record_pid_start(pid);
    shepherd->rpc = rpc_create();
    shepherd->ch = channel_local(node->loop, fds[0], &shepherd_callbacks, shepherd, err);
    if (!shepherd->ch) {
        rpc_destroy(shepherd->rpc);
        free(shepherd);
        return NULL;
    }
    shepherd->next_spare = node->spares;
    node->spares = shepherd;
    return shepherd;
}

static void fill_spares(uv_timer_t *timer)
{
    struct node *node = timer->data;
    uint32_t have = 0;
    struct err err;

    for (struct shepherd *s = node->spares; s; s = s->next_spare)
        have++;
    for (; have < node->config->node.spare_shepherds; have++) {
        if (!spare_create(node, &err)) {
            log_error("cannot start a spare shepherd: %s", err.text);
            return;
        }
    }
}

/* -------------------------------------------------------------- assignment */

int shepherd_assign(struct node *node, Berth__Assignment *assignment, uint32_t job,
                    uint32_t epoch, int64_t step, uid_t uid, rpc_reply_fn *fn,
                    void *ctx, struct err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct shepherd *shepherd = shepherd_find(node, job, step);
    struct record record = {.job = job, .epoch = epoch, .step = step, .uid = uid};
    int rc;

    if (shepherd && shepherd->epoch == epoch)
        return err_set(err, EALREADY, "job %u runs here already", job);
    if (shepherd)
        return err_set(err, EBUSY, "an earlier start of job %u still ends here", job);
    shepherd = node->spares ? node->spares : spare_create(node, err);
    if (!shepherd)
        return err_wrap(err, "node %s", node->self->name);
    record.pid = shepherd->pid;
    record.pid_start = shepherd->pid_start;
    rc = record_create(node, &record, err);
    if (rc)
        return rc;
    forget_spare(shepherd);
    (void)uv_timer_start(&node->spare_timer, fill_spares, SPARE_DELAY_MS, 0);
    shepherd->job = job;
    shepherd->epoch = epoch;
    shepherd->step = step;
    shepherd->uid = uid;
    shepherd->assigned = true;
    name_shepherd(shepherd);
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

void shepherd_forget_job(struct node *node, uint32_t job, uint32_t epoch)
{
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
        shepherd->end_reported = true;
        if (shepherd->step == STEP_LEAD)
            record_remove(node, job, epoch, STEP_LEAD);
        if (record_pid_start(shepherd->pid) == shepherd->pid_start)
            (void)kill(shepherd->pid, SIGKILL);
    }
}

/* ------------------------------------------------------------- coming back */

static void on_never_came_back(uv_timer_t *timer)
{
    shepherd_gone(timer->data);
}

static void await_or_report(const struct record *record, void *ctx)
{
    struct node *node = ctx;
    struct shepherd *shepherd;

    if (record_pid_start(record->pid) != record->pid_start) {
        if (record->step == STEP_LEAD)
            report_lost(node, record->job, record->epoch,
                        "its shepherd ended while the node's daemon was away");
        else
            record_remove(node, record->job, record->epoch, record->step);
        remove_job_dir(node, record->job, record->epoch);
        return;
    }
    shepherd = xcalloc(1, sizeof(*shepherd));
    shepherd->node = node;
    shepherd->job = record->job;
    shepherd->epoch = record->epoch;
    shepherd->step = record->step;
    shepherd->uid = record->uid;
    shepherd->pid = record->pid;
    shepherd->pid_start = record->pid_start;
    shepherd->assigned = true;
    shepherd->rpc = rpc_create();
    name_shepherd(shepherd);
    HASH_ADD_STR(node->shepherds, name, shepherd);
    shepherd->come_back = xcalloc(1, sizeof(*shepherd->come_back));
    shepherd->come_back->data = shepherd;
    (void)uv_timer_init(node->loop, shepherd->come_back);
    (void)uv_timer_start(shepherd->come_back, on_never_came_back, COME_BACK_MS, 0);
}

/* A stranger on the local socket, until it has said which shepherd it is. */
struct stranger {
    struct node *node;
    struct shepherd *is; /* once known */
};

static void on_stranger_message(struct channel *ch, const Berth__Envelope *env,
                                int adopted, void *ctx)
{
    struct stranger *stranger = ctx;
    const struct peer *peer = channel_peer(ch);
    struct shepherd *found;

    if (stranger->is) {
        on_shepherd_message(ch, env, adopted, stranger->is);
        return;
    }
    if (adopted >= 0)
        (void)close(adopted);
    if (env->body_case != BERTH__ENVELOPE__BODY_SHEPHERD_HELLO) {
        channel_abort(ch, "not a shepherd");
        return;
    }
    found = shepherd_find(stranger->node, env->shepherd_hello->job_id,
                          env->shepherd_hello->step_id);
    if (!found || found->ch || found->epoch != env->shepherd_hello->epoch ||
        found->pid != peer->pid) {
        log_warn("local socket: pid %d is not the shepherd it says it is",
                 (int)peer->pid);
        channel_abort(ch, "unknown shepherd");
        return;
    }
    stop_waiting(found);
    found->ch = ch;
    stranger->is = found;
    log_info("job %u: shepherd %s is back", found->job, found->name);
    channel_reply_status(ch, env, 0, "");
    routes_arrived(stranger->node, found);
}

static void on_stranger_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct stranger *stranger = ctx;

    if (stranger->is)
        on_shepherd_close(ch, why, stranger->is);
    free(stranger);
}

static const struct channel_callbacks stranger_callbacks = {
    .on_message = on_stranger_message,
    .on_close = on_stranger_close,
};

static void on_local_connection(uv_stream_t *listener, int status)
{
    struct node *node = listener->data;
    struct stranger *stranger;
    struct err err;

    if (status < 0)
        return;
    stranger = xcalloc(1, sizeof(*stranger));
    stranger->node = node;
    if (!channel_accept_local(listener, &stranger_callbacks, stranger, &err)) {
        log_warn("local socket: %s", err.text);
        free(stranger);
    }
}

int shepherds_accept(struct node *node, struct err *err)
{
    int rc;

    (void)unlink(node->socket_path);
    (void)uv_pipe_init(node->loop, &node->local_listener, 0);
    node->local_listener.data = node;
    rc = uv_pipe_bind(&node->local_listener, node->socket_path);
    if (!rc)
        rc = uv_pipe_chmod(&node->local_listener, UV_READABLE | UV_WRITABLE);
    if (!rc)
        rc = uv_listen((uv_stream_t *)&node->local_listener, 128, on_local_connection);
    if (rc)
        return err_sys(err, -rc, "%s", node->socket_path);
    return record_each(node, await_or_report, node, err);
}

void shepherds_start(struct node *node)
{
    (void)uv_timer_init(node->loop, &node->spare_timer);
    node->spare_timer.data = node;
    fill_spares(&node->spare_timer);
}
