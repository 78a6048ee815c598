/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.c - start, stop and talk to a controller inside the test
 */
#include "fixture.h"

#include "../wire/private_munge.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/call.h"
#include "wire/pack.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Only a defect takes that long: a slow machine does not. */
#define PATIENCE_MS 120000

/* ------------------------------------------------------------------ the cluster */

static const char config_text[] = "cluster: test\n"
                                  "controller:\n"
                                  "  state_dir: %s/state\n"
                                  "  keep_ended: 1h\n"
                                  "node:\n"
                                  "  heartbeat: 1s\n"
                                  "  lost_after: 10m\n"
                                  "  kill_grace: 1s\n"
                                  "nodes:\n"
                                  "  - names: n[1-4]\n"
                                  "    memory: 1000\n"
                                  "partitions:\n"
                                  "  - name: main\n"
                                  "    nodes: ALL\n"
                                  "    default: true\n"
                                  "    time_default: 10m\n"
                                  "    time_max: 1h\n"
                                  "  - name: small\n"
                                  "    nodes: n4\n";

static void load_config(struct cluster *cluster)
{
    cleanup(freep) char *path = xasprintf("%s/berth.yaml", cluster->dir);
    cleanup(freep) char *text = xasprintf(config_text, cluster->dir);
    struct err err = {0};

    assert_int_equal(io_write_file_atomic(path, text, strlen(text), 0644, &err), 0);
    if (config_load(path, &cluster->config, &err))
        fail_msg("%s", err.text);
    cluster->config->controller.port = 0;
    str_replace(&cluster->config->munge.socket, cluster->auth.munge_socket);
}

void cluster_start(struct cluster *cluster)
{
    struct err err = {0};

    if (controller_create(&cluster->loop, cluster->config, &cluster->ctl, &err))
        fail_msg("%s", err.text);
    cluster->port = controller_port(cluster->ctl);
}

void cluster_stop(struct cluster *cluster)
{
    controller_close(take(cluster->ctl));
}

int cluster_setup(void **state)
{
    struct cluster *cluster = xcalloc(1, sizeof(*cluster));
    struct err err = {0};

    log_init("test", LOG_ERROR);
    cluster->auth.munge_socket = private_munge_start();
    (void)snprintf(cluster->dir, sizeof(cluster->dir), "/tmp/berth-test-ctl-XXXXXX");
    assert_non_null(mkdtemp(cluster->dir));
    uv_loop_init(&cluster->loop);
    load_config(cluster);
    if (node_topo_load("synthetic:pack:2 core:4 pu:1", &cluster->topo,
                       &cluster->topo_xml, &err))
        fail_msg("%s", err.text);
    cluster_start(cluster);
    *state = cluster;
    return 0;
}

int cluster_teardown(void **state)
{
    struct cluster *cluster = *state;

    if (cluster->ctl)
        cluster_stop(cluster);
    /* Every party has seen its channel close by the time this returns. */
    uv_run(&cluster->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&cluster->loop), 0);
    private_munge_stop();
    node_topo_destroy(cluster->topo);
    free(cluster->topo_xml);
    config_free(cluster->config);
    assert_int_equal(io_remove_tree(cluster->dir, NULL), 0);
    free(cluster);
    return 0;
}

/* ------------------------------------------------------------------ patience */

static void on_timer(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void run_loop(struct cluster *cluster, unsigned int ms, bool (*done)(void *ctx),
                     void *ctx)
{
    uv_timer_t timer;
    bool is_over = false;

    /* The start of a controller may have taken a while, out of the loop. */
    uv_update_time(&cluster->loop);
    uv_timer_init(&cluster->loop, &timer);
    timer.data = &is_over;
    uv_timer_start(&timer, on_timer, ms, 0);
    while (!is_over && !(done && done(ctx)))
        uv_run(&cluster->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&cluster->loop, UV_RUN_NOWAIT);
    if (done && is_over)
        fail_msg("nothing came within %d s", PATIENCE_MS / 1000);
}

void cluster_run_until(struct cluster *cluster, bool (*done)(void *ctx), void *ctx)
{
    run_loop(cluster, PATIENCE_MS, done, ctx);
}

void cluster_run_for(struct cluster *cluster, unsigned int ms)
{
    run_loop(cluster, ms, NULL, NULL);
}

/* ------------------------------------------------------------------ parties */

static void on_open(struct channel *ch, void *ctx)
{
    (void)ch;
    ((struct party *)ctx)->is_open = true;
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    struct party *party = ctx;

    (void)ch;
    (void)adopted;
    assert_true(party->n_inbox < ARRAY_SIZE(party->inbox));
    party->inbox[party->n_inbox++] = copy_message(&env->base);
}

static void party_free(struct party *party)
{
    for (size_t i = 0; i < party->n_inbox; i++)
        free_message(party->inbox[i]);
    free(party);
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    (void)ch;
    (void)why;
    /* Tests hold their parties until the cluster goes down. */
    party_free(ctx);
}

static const struct channel_callbacks party_callbacks = {
    .on_open = on_open, .on_message = on_message, .on_close = on_close};

static bool is_open(void *ctx)
{
    return ((struct party *)ctx)->is_open;
}

struct party *party_connect(struct cluster *cluster)
{
    struct party *party = xcalloc(1, sizeof(*party));
    struct err err = {0};

    party->cluster = cluster;
    party->ch =
        channel_connect(&cluster->loop, &cluster->auth, "127.0.0.1", cluster->port, "",
                        (uid_t)-1, &party_callbacks, party, &err);
    if (!party->ch)
        fail_msg("%s", err.text);
    cluster_run_until(cluster, is_open, party);
    return party;
}

void party_close(struct party *party)
{
    channel_close(party->ch);
}

uint64_t party_send(struct party *party, Berth__Envelope *request)
{
    request->id = channel_next_id(party->ch);
    channel_send(party->ch, request);
    return request->id;
}

struct wanted {
    struct party *party;
    uint64_t id; /* of a reply, or 0 */
    Berth__Envelope__BodyCase body;
};

static size_t find_wanted(const struct wanted *wanted)
{
    const struct party *party = wanted->party;
    size_t i;

    for (i = 0; i < party->n_inbox; i++) {
        const Berth__Envelope *env = party->inbox[i];

        if (wanted->id ? env->reply && env->id == wanted->id
                       : !env->reply && env->body_case == wanted->body)
            break;
    }
    return i;
}

static bool is_there(void *ctx)
{
    const struct wanted *wanted = ctx;

    return find_wanted(wanted) < wanted->party->n_inbox;
}

static Berth__Envelope *take_wanted(struct wanted *wanted)
{
    struct party *party = wanted->party;
    Berth__Envelope *env;
    size_t i;

    cluster_run_until(party->cluster, is_there, wanted);
    i = find_wanted(wanted);
    env = party->inbox[i];
    party->n_inbox--;
    memmove(&party->inbox[i], &party->inbox[i + 1],
            (party->n_inbox - i) * sizeof(party->inbox[0]));
    return env;
}

Berth__Envelope *party_reply(struct party *party, uint64_t id)
{
    return take_wanted(&(struct wanted){.party = party, .id = id});
}

Berth__Envelope *party_call(struct party *party, Berth__Envelope *request)
{
    return party_reply(party, party_send(party, request));
}

Berth__Envelope *party_expect(struct party *party, Berth__Envelope__BodyCase body)
{
    return take_wanted(&(struct wanted){.party = party, .body = body});
}

bool party_has(struct party *party, Berth__Envelope__BodyCase body)
{
    return is_there(&(struct wanted){.party = party, .body = body});
}

void party_answer(struct party *party, const Berth__Envelope *request, int code,
                  const char *text)
{
    channel_reply_status(party->ch, request, code, text);
}

int status_of(const Berth__Envelope *reply)
{
    return reply->status ? reply->status->code : 0;
}

const char *words_of(const Berth__Envelope *reply)
{
    return reply->status ? reply->status->text : "";
}

/* ------------------------------------------------------------------ nodes */

/* Fields are 'char *'; what is sent is only read. */
static char *field(const char *text)
{
    return (char *)(uintptr_t)text;
}

Berth__Envelope *node_register(struct party *party, const char *name,
                               const char *boot_id, const struct running *running,
                               size_t n_running)
{
    Berth__RunningJob jobs[8], *pointers[8];
    Berth__Register reg;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    berth__register__init(&reg);
    reg.name = field(name);
    reg.boot_id = field(boot_id);
    reg.topology_hash = party->cluster->topo->hash;
    reg.cores = party->cluster->topo->n_cores;
    reg.port = 7000;
    for (size_t i = 0; i < n_running; i++) {
        berth__running_job__init(&jobs[i]);
        jobs[i].job_id = running[i].job;
        jobs[i].epoch = running[i].epoch;
        jobs[i].lead = running[i].lead;
        pointers[i] = &jobs[i];
    }
    reg.running = pointers;
    reg.n_running = n_running;
    env.body_case = BERTH__ENVELOPE__BODY_REGISTER;
    env.register_ = &reg;
    return party_call(party, &env);
}

static void upload_topology(struct party *party)
{
    Berth__TopologyUpload upload = BERTH__TOPOLOGY_UPLOAD__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    upload.hash = party->cluster->topo->hash;
    upload.xml.data = (uint8_t *)party->cluster->topo_xml;
    upload.xml.len = strlen(party->cluster->topo_xml);
    env.body_case = BERTH__ENVELOPE__BODY_TOPOLOGY;
    env.topology = &upload;
    reply = party_call(party, &env);
    assert_int_equal(status_of(reply), 0);
}

struct party *node_up(struct cluster *cluster, const char *name)
{
    struct party *party = party_connect(cluster);
    cleanup(free_messagep) Berth__Envelope *reply =
        node_register(party, name, "boot-1", NULL, 0);

    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_REGISTERED);
    if (reply->registered->want_topology)
        upload_topology(party);
    return party;
}

uint32_t node_accept_launch(struct party *node, uint32_t *ret_epoch)
{
    cleanup(free_messagep) Berth__Envelope *env =
        party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    cleanup(free_messagep) Berth__Grant *grant =
        unpack_message(&berth__grant__descriptor, env->launch_job->grant->grant.data,
                       env->launch_job->grant->grant.len);

    if (ret_epoch)
        *ret_epoch = grant->epoch;
    party_answer(node, env, 0, "");
    return grant->job_id;
}

void node_started(struct party *node, uint32_t job, uint32_t epoch)
{
    Berth__JobStarted started = BERTH__JOB_STARTED__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    started.job_id = job;
    started.epoch = epoch;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_STARTED;
    env.job_started = &started;
    reply = party_call(node, &env);
    assert_int_equal(status_of(reply), 0);
}

uint32_t node_run_next(struct party *node, uint32_t *ret_epoch)
{
    uint32_t job = node_accept_launch(node, ret_epoch);

    node_started(node, job, *ret_epoch);
    return job;
}

void node_ended(struct party *node, uint32_t job, uint32_t epoch, int exit_code)
{
    Berth__JobEnded ended;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;

    berth__job_ended__init(&ended);
    ended.job_id = job;
    ended.epoch = epoch;
    ended.exit_code = exit_code;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_ENDED;
    env.job_ended = &ended;
    reply = party_call(node, &env);
    assert_int_equal(status_of(reply), 0);
}

/* ------------------------------------------------------------------ clients */

Berth__JobSpec spec_of(uint32_t tasks)
{
    static uint8_t script[] = "#!/bin/sh\nexit 0\n";
    Berth__JobSpec spec;

    berth__job_spec__init(&spec);
    spec.script.data = script;
    spec.script.len = sizeof(script) - 1;
    spec.tasks = tasks;
    return spec;
}

bool has_env(const Berth__JobSpec *spec, const char *line)
{
    for (size_t i = 0; i < spec->n_env; i++)
        if (strcmp(spec->env[i], line) == 0)
            return true;
    return false;
}

Berth__Envelope *client_submit_reply(struct party *client, Berth__JobSpec *spec,
                                     const char *key)
{
    Berth__SubmitRequest request;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    berth__submit_request__init(&request);
    request.spec = spec;
    request.key = field(key);
    env.body_case = BERTH__ENVELOPE__BODY_SUBMIT;
    env.submit = &request;
    return party_call(client, &env);
}

uint32_t client_submit(struct party *client, Berth__JobSpec *spec, const char *key)
{
    cleanup(free_messagep) Berth__Envelope *reply =
        client_submit_reply(client, spec, key);

    if (reply->body_case != BERTH__ENVELOPE__BODY_SUBMITTED)
        fail_msg("not submitted: %s", words_of(reply));
    return reply->submitted->job_id;
}

uint32_t client_run_job(struct party *client, struct party *node, uint32_t *ret_epoch)
{
    Berth__JobSpec spec = spec_of(1);
    uint32_t job = client_submit(client, &spec, "");

    assert_int_equal(node_run_next(node, ret_epoch), job);
    return job;
}

Berth__Envelope *client_show(struct party *client, uint32_t job)
{
    Berth__JobQuery query;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    berth__job_query__init(&query);
    query.ids = &job;
    query.n_ids = 1;
    query.with_spec = true;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
    env.job_query = &query;
    return party_call(client, &env);
}

Berth__Envelope *client_control(struct party *client, Berth__JobControl__Op op,
                                uint32_t job)
{
    Berth__JobControl control;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    berth__job_control__init(&control);
    control.op = op;
    control.ids = &job;
    control.n_ids = 1;
    control.signal = 10;
    env.body_case = BERTH__ENVELOPE__BODY_JOB_CONTROL;
    env.job_control = &control;
    return party_call(client, &env);
}

uint64_t client_wait(struct party *client, uint32_t job, bool started)
{
    Berth__WaitRequest wait = BERTH__WAIT_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    wait.ids = &job;
    wait.n_ids = 1;
    wait.started = started;
    env.body_case = BERTH__ENVELOPE__BODY_WAIT;
    env.wait = &wait;
    return party_send(client, &env);
}

/* ------------------------------------------------------------------ others */

/* A thread may be another user by itself: glibc's setuid() is for all of them. It is
 * a thread, as a child of a process with threads could meet a lock they held. */
struct other {
    pthread_t thread;
    struct cluster *cluster;
    uid_t uid;
    Berth__Envelope *request;
    int answer; /* -1: something is wrong with the test */
    atomic_bool has_ended;
};

static int answer_in(const Berth__Envelope *reply)
{
    if (reply->body_case == BERTH__ENVELOPE__BODY_JOB_CONTROLLED)
        return reply->job_controlled->statuses[0]->code;
    if (reply->body_case == BERTH__ENVELOPE__BODY_JOB_LIST)
        return reply->job_list->jobs[0]->spec->script.len ? 0 : ENODATA;
    if (reply->body_case == BERTH__ENVELOPE__BODY_OBJECT_LIST)
        return reply->object_list->n_objects ? 0 : ENODATA;
    if (reply->body_case == BERTH__ENVELOPE__BODY_OBJECT_REPLIES)
        return reply->object_replies->replies[0]->status
                   ? reply->object_replies->replies[0]->status->code
                   : 0;
    return 0;
}

static int call_as(struct other *other)
{
    cleanup(caller_destroyp) struct caller *caller = NULL;
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    struct err err = {0};
    uid_t uid = other->uid;

    if (syscall(SYS_setresgid, uid, uid, uid) || syscall(SYS_setresuid, uid, uid, uid))
        return -1;
    if (caller_connect(&other->cluster->auth, "127.0.0.1", other->cluster->port, "",
                       (uid_t)-1, &caller, &err))
        return -1;
    if (caller_call(caller, other->request, &reply, &err))
        return err.code;
    return answer_in(reply);
}

static void *run_other(void *arg)
{
    struct other *other = arg;

    other->answer = call_as(other);
    other->has_ended = true;
    return NULL;
}

static bool has_ended(void *ctx)
{
    return ((struct other *)ctx)->has_ended;
}

static void look_again(uv_timer_t *timer)
{
    (void)timer;
}

int other_user_call(struct cluster *cluster, uid_t uid, Berth__Envelope *request)
{
    struct other other = {.cluster = cluster, .uid = uid, .request = request};
    uv_timer_t timer;

    assert_int_equal(pthread_create(&other.thread, NULL, run_other, &other), 0);
    uv_timer_init(&cluster->loop, &timer);
    uv_timer_start(&timer, look_again, 5, 5);
    cluster_run_until(cluster, has_ended, &other);
    assert_int_equal(pthread_join(other.thread, NULL), 0);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&cluster->loop, UV_RUN_NOWAIT);
    assert_true(other.answer >= 0);
    return other.answer;
}

const char *state_of(struct cluster *cluster, uint32_t job)
{
    const struct ctl_job *cj = jobs_find(cluster->ctl, job);

    return cj ? job_state_name(job_state_of(&cj->job)) : "GONE";
}

struct wanted_state {
    struct cluster *cluster;
    uint32_t job;
    enum job_state state;
};

static bool has_state(void *ctx)
{
    const struct wanted_state *wanted = ctx;
    const struct ctl_job *cj = jobs_find(wanted->cluster->ctl, wanted->job);

    return cj && job_state_of(&cj->job) == wanted->state;
}

void run_until_state(struct cluster *cluster, uint32_t job, enum job_state state)
{
    cluster_run_until(cluster, has_state, &(struct wanted_state){cluster, job, state});
}
