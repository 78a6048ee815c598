/* SPDX-License-Identifier: Apache-2.0
 *
 * test_random.c - random lives of many jobs, with restarts and lost connections
 *
 * The fake nodes keep a model of what runs on them, as real ones keep records.
 * Whatever the order of events: no job runs in two epochs at once, cores add up
 * at every step, and in the end every job has ended.
 */
#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 400
#define JOBS_MAX 256
#define FAKE_NODES 3

/* One job as its lead node knows it. */
struct model {
    uint32_t epoch;
    unsigned int node;
    bool is_running;
    bool is_untold; /* it has ended, and the controller has not heard */
};

struct world {
    struct cluster *cluster;
    struct party *client, *nodes[FAKE_NODES]; /* NULL: not connected */
    struct model jobs[JOBS_MAX];
    uint32_t n_jobs; /* ids 1 to n_jobs */
};

static const char *const names[FAKE_NODES] = {"n1", "n2", "n3"};

static bool chance(int percent)
{
    return rand() % 100 < percent;
}

static void connect_node(struct world *world, unsigned int n)
{
    struct running running[JOBS_MAX];
    size_t n_running = 0;
    struct party *party = party_connect(world->cluster);

    for (uint32_t job = 1; job <= world->n_jobs; job++) {
        const struct model *model = &world->jobs[job];

        if (model->is_running && model->node == n)
            running[n_running++] = (struct running){job, model->epoch, true};
    }
    free_message(node_register(party, names[n], "boot-1", running, n_running));
    world->nodes[n] = party;
}

static void disconnect_node(struct world *world, unsigned int n)
{
    party_close(world->nodes[n]);
    world->nodes[n] = NULL;
}

static void restart(struct world *world)
{
    cluster_stop(world->cluster);
    cluster_start(world->cluster);
    memset(world->nodes, 0, sizeof(world->nodes));
    world->client = party_connect(world->cluster);
}

static void tell_end(struct world *world, uint32_t job)
{
    struct model *model = &world->jobs[job];

    if (!world->nodes[model->node])
        return;
    node_ended(world->nodes[model->node], job, model->epoch, rand() % 3);
    model->is_untold = false;
}

static void end_job(struct world *world, uint32_t job)
{
    struct model *model = &world->jobs[job];

    model->is_running = false;
    model->is_untold = true;
    if (chance(70))
        tell_end(world, job);
}

static void take_launch(struct world *world, unsigned int n, bool may_refuse)
{
    struct party *node = world->nodes[n];
    cleanup(free_messagep) Berth__Envelope *env =
        party_expect(node, BERTH__ENVELOPE__BODY_LAUNCH_JOB);
    cleanup(free_messagep) Berth__Grant *grant =
        unpack_message(&berth__grant__descriptor, env->launch_job->grant->grant.data,
                       env->launch_job->grant->grant.len);
    struct model *model = &world->jobs[grant->job_id];

    if (model->epoch == grant->epoch) {
        party_answer(node, env, 0, "");
        return;
    }
    assert_false(model->is_running);
    assert_true(grant->epoch > model->epoch);
    if (may_refuse && chance(10)) {
        party_answer(node, env, EAGAIN, "busy");
        return;
    }
    *model = (struct model){.epoch = grant->epoch, .node = n, .is_running = true};
    party_answer(node, env, 0, "");
    if (chance(80))
        node_started(node, grant->job_id, grant->epoch);
}

static void take_signal(struct world *world, unsigned int n)
{
    cleanup(free_messagep) Berth__Envelope *env =
        party_expect(world->nodes[n], BERTH__ENVELOPE__BODY_SIGNAL_JOB);
    uint32_t job = env->signal_job->job_id;
    const struct model *model = &world->jobs[job];
    bool is_here =
        model->is_running && model->node == n && model->epoch == env->signal_job->epoch;

    party_answer(world->nodes[n], env, is_here || model->is_untold ? 0 : ESRCH, "");
    if (is_here)
        end_job(world, job);
}

static void serve_nodes(struct world *world, bool may_refuse)
{
    Berth__Heartbeat beat = BERTH__HEARTBEAT__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_HEARTBEAT;
    env.heartbeat = &beat;
    for (unsigned int n = 0; n < FAKE_NODES; n++) {
        if (!world->nodes[n]) {
            connect_node(world, n);
            continue;
        }
        channel_send(world->nodes[n]->ch, &env);
        while (party_has(world->nodes[n], BERTH__ENVELOPE__BODY_LAUNCH_JOB))
            take_launch(world, n, may_refuse);
        while (party_has(world->nodes[n], BERTH__ENVELOPE__BODY_SIGNAL_JOB))
            take_signal(world, n);
    }
    for (uint32_t job = 1; job <= world->n_jobs; job++)
        if (world->jobs[job].is_untold && chance(50))
            tell_end(world, job);
}

static void submit(struct world *world)
{
    Berth__JobSpec spec = spec_of(1 + (uint32_t)rand() % 8);

    if (world->n_jobs + 1 == JOBS_MAX)
        return;
    spec.hold = chance(10);
    if (chance(20)) {
        spec.tasks = 0;
        spec.nodes_min = 2;
    }
    world->n_jobs++;
    assert_int_equal(client_submit(world->client, &spec, ""), world->n_jobs);
}

static void disturb(struct world *world)
{
    uint32_t job = world->n_jobs ? 1 + (uint32_t)rand() % world->n_jobs : 0;
    unsigned int n = (unsigned int)rand() % FAKE_NODES;

    if (chance(40))
        submit(world);
    if (job && chance(10))
        free_message(
            client_control(world->client, BERTH__JOB_CONTROL__OP__CANCEL, job));
    if (job && chance(10))
        free_message(client_control(world->client, BERTH__JOB_CONTROL__OP__HOLD, job));
    if (job && chance(20))
        free_message(
            client_control(world->client, BERTH__JOB_CONTROL__OP__RELEASE, job));
    if (job && world->jobs[job].is_running && chance(60))
        end_job(world, job);
    if (world->nodes[n] && chance(3))
        disconnect_node(world, n);
    if (chance(2))
        restart(world);
}

static uint32_t count_unfinished(const struct world *world)
{
    const struct ctl_job *cj;
    uint32_t n = 0;

    for (uint32_t job = 1; job <= world->n_jobs; job++) {
        cj = jobs_find(world->cluster->ctl, job);
        n += cj && !job_state_is_final(job_state_of(&cj->job));
    }
    return n;
}

static void calm_down(struct world *world)
{
    for (uint32_t job = 1; job <= world->n_jobs; job++) {
        free_message(
            client_control(world->client, BERTH__JOB_CONTROL__OP__RELEASE, job));
        if (world->jobs[job].is_running)
            end_job(world, job);
    }
    serve_nodes(world, false);
    cluster_run_for(world->cluster, 20);
}

static void whatever_happens_every_job_ends_and_none_runs_twice(void **state)
{
    struct world world = {.cluster = *state};

    srand(4711);
    world.client = party_connect(world.cluster);
    for (unsigned int n = 0; n < FAKE_NODES; n++)
        world.nodes[n] = node_up(world.cluster, names[n]);
    for (int step = 0; step < STEPS; step++) {
        disturb(&world);
        serve_nodes(&world, true);
        sched_check_invariants(world.cluster->ctl->sched);
    }
    assert_true(world.n_jobs > 50);
    for (int i = 0; i < 500 && count_unfinished(&world); i++)
        calm_down(&world);
    assert_int_equal(count_unfinished(&world), 0);
    restart(&world);
    assert_int_equal(count_unfinished(&world), 0);
    assert_null(world.cluster->ctl->active);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            whatever_happens_every_job_ends_and_none_runs_twice, cluster_setup,
            cluster_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
