/* SPDX-License-Identifier: Apache-2.0
 *
 * test_crash.c - kill -9 in the middle of submissions, again and again
 *
 * The controller runs in a child. Submissions are sent in bursts, some answers
 * are read, then the child is killed. Each job that was acknowledged must be
 * there afterwards, and each key must stand for one job.
 */
#include "fixture.h"

#include "base/io.h"
#include "base/mem.h"
#include "wire/call.h"
#include "wire/pack.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 8
#define BURST 60

struct crash {
    struct cluster *cluster;
    pid_t child;
    struct caller *caller;
    uint32_t job_of[ROUNDS * BURST]; /* by number of key; 0: not acknowledged */
};

static void run_child(struct cluster *cluster, int out)
{
    struct controller *ctl;
    uint16_t port;
    uv_loop_t loop;

    uv_loop_init(&loop);
    if (controller_create(&loop, cluster->config, &ctl, NULL))
        _exit(1);
    port = controller_port(ctl);
    (void)io_write_full(out, &port, sizeof(port));
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(0);
}

static void start(struct crash *crash)
{
    uint16_t port = 0;
    struct err err;
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    crash->child = fork();
    if (crash->child == 0)
        run_child(crash->cluster, fds[1]);
    (void)close(fds[1]);
    assert_int_equal(io_read_full(fds[0], &port, sizeof(port)), 0);
    (void)close(fds[0]);
    if (caller_connect(&crash->cluster->auth, "127.0.0.1", port, "", (uid_t)-1,
                       &crash->caller, &err))
        fail_msg("%s", err.text);
}

static void kill_child(struct crash *crash)
{
    assert_int_equal(kill(crash->child, SIGKILL), 0);
    assert_int_equal(waitpid(crash->child, NULL, 0), crash->child);
    caller_destroy(crash->caller);
}

static void send_submit(struct crash *crash, uint32_t key)
{
    Berth__JobSpec spec = spec_of(1);
    Berth__SubmitRequest request;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    char name[16];

    (void)snprintf(name, sizeof(name), "key-%u", key);
    spec.name = name;
    berth__submit_request__init(&request);
    request.spec = &spec;
    request.key = name;
    env.id = key + 1;
    env.body_case = BERTH__ENVELOPE__BODY_SUBMIT;
    env.submit = &request;
    assert_int_equal(caller_send(crash->caller, &env, NULL), 0);
}

/* Read one answer; a job that is known must be the same one. */
static void read_answer(struct crash *crash)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    uint32_t *job;

    assert_int_equal(caller_recv(crash->caller, 10000, &reply, NULL), 0);
    assert_int_equal(reply->body_case, BERTH__ENVELOPE__BODY_SUBMITTED);
    job = &crash->job_of[reply->id - 1];
    if (*job)
        assert_int_equal(reply->submitted->job_id, *job);
    *job = reply->submitted->job_id;
}

static void burst_and_kill(struct crash *crash, uint32_t round)
{
    unsigned int n_read = (unsigned int)rand() % BURST;

    for (uint32_t i = 0; i < BURST; i++)
        send_submit(crash, round * BURST + i);
    for (unsigned int i = 0; i < n_read; i++)
        read_answer(crash);
    kill_child(crash);
}

static void assert_all_there(struct crash *crash, uint32_t n_keys)
{
    for (uint32_t key = 0; key < n_keys; key++) {
        cleanup(free_messagep) Berth__Envelope *reply = NULL;
        Berth__JobQuery query;
        Berth__Envelope env = BERTH__ENVELOPE__INIT;
        char name[16];

        if (!crash->job_of[key])
            continue;
        (void)snprintf(name, sizeof(name), "key-%u", key);
        berth__job_query__init(&query);
        query.ids = &crash->job_of[key];
        query.n_ids = 1;
        env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
        env.job_query = &query;
        assert_int_equal(caller_call(crash->caller, &env, &reply, NULL), 0);
        assert_string_equal(reply->job_list->jobs[0]->spec->name, name);
    }
}

static void assert_distinct(const uint32_t *jobs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = i + 1; j < n; j++)
            assert_int_not_equal(jobs[i], jobs[j]);
}

static void what_was_acknowledged_survives_kills_and_no_key_gives_two_jobs(void **state)
{
    struct crash crash = {.cluster = *state};

    srand(1);
    cluster_stop(crash.cluster);
    uv_run(&crash.cluster->loop, UV_RUN_DEFAULT);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        start(&crash);
        assert_all_there(&crash, round * BURST);
        burst_and_kill(&crash, round);
    }
    start(&crash);
    for (uint32_t key = 0; key < ROUNDS * BURST; key++) {
        send_submit(&crash, key);
        read_answer(&crash);
    }
    assert_distinct(crash.job_of, ROUNDS * BURST);
    kill_child(&crash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_was_acknowledged_survives_kills_and_no_key_gives_two_jobs,
            cluster_setup, cluster_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
