/* SPDX-License-Identifier: Apache-2.0
 *
 * test_client.c - libberth against a small controller in another process
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "../wire/private_munge.h"
#include "base/mem.h"
#include "client/berth.h"
#include "wire/channel.h"

/* ------------------------------------------------- the controller, a child */

enum manner {
    WELL,       /* answers */
    LOSES_ONE,  /* hangs up on the first submission, answers the second */
    NEVER,      /* does not answer waits */
    LOSES_ALL,  /* hangs up on each of many submissions */
    LOSES_SOME, /* hangs up once, in the middle of them */
};

static enum manner manner;
static char first_key[64];
static unsigned int n_submissions;

static void reply_to(struct channel *ch, const Berth__Envelope *env,
                     Berth__Envelope *reply)
{
    reply->id = env->id;
    reply->reply = true;
    channel_send(ch, reply);
}

static void pong(struct channel *ch, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__Pong body = BERTH__PONG__INIT;
    char cluster[] = "demo";

    body.cluster = cluster;
    body.started_at = getpid();
    reply.body_case = BERTH__ENVELOPE__BODY_PONG;
    reply.pong = &body;
    reply_to(ch, env, &reply);
}

/* Of many, job 1000 + its number; those with an odd number of tasks are refused. */
static void one_of_many(struct channel *ch, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__SubmitReply body = BERTH__SUBMIT_REPLY__INIT;
    const char *number = strchr(env->submit->key, '-');
    char *warnings[] = {(char[]){"one"}, (char[]){"two"}};

    n_submissions++;
    if (manner == LOSES_ALL || (manner == LOSES_SOME && n_submissions == 1000)) {
        channel_abort(ch, "");
        return;
    }
    if (env->submit->spec->tasks % 2) {
        channel_reply_status(ch, env, EINVAL, "an odd number");
        return;
    }
    body.job_id = 1000 + (uint32_t)strtoul(number + 1, NULL, 10);
    if (body.job_id == 1000) {
        body.warnings = warnings;
        body.n_warnings = 2;
    }
    reply.body_case = BERTH__ENVELOPE__BODY_SUBMITTED;
    reply.submitted = &body;
    reply_to(ch, env, &reply);
}

/* Job 8 when the key is the first one's, else 7. */
static void submitted(struct channel *ch, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__SubmitReply body = BERTH__SUBMIT_REPLY__INIT;

    if (manner == LOSES_ONE && !first_key[0]) {
        (void)snprintf(first_key, sizeof(first_key), "%s", env->submit->key);
        channel_abort(ch, "");
        return;
    }
    body.job_id = strcmp(first_key, env->submit->key) == 0 ? 8 : 7;
    reply.body_case = BERTH__ENVELOPE__BODY_SUBMITTED;
    reply.submitted = &body;
    reply_to(ch, env, &reply);
}

static void job_list(struct channel *ch, const Berth__Envelope *env)
{
    Berth__Envelope reply = BERTH__ENVELOPE__INIT;
    Berth__JobList body = BERTH__JOB_LIST__INIT;

    body.revision = 99;
    reply.body_case = BERTH__ENVELOPE__BODY_JOB_LIST;
    reply.job_list = &body;
    reply_to(ch, env, &reply);
}

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    (void)adopted;
    (void)ctx;
    if (env->body_case == BERTH__ENVELOPE__BODY_PING)
        pong(ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_SUBMIT &&
             strchr(env->submit->key, '-'))
        one_of_many(ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_SUBMIT)
        submitted(ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_JOB_QUERY)
        job_list(ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_WAIT && manner != NEVER)
        job_list(ch, env);
    else if (env->body_case == BERTH__ENVELOPE__BODY_NODE_QUERY)
        pong(ch, env); /* not what was asked */
    else if (env->body_case == BERTH__ENVELOPE__BODY_JOB_CONTROL)
        channel_reply_status(ch, env, EPERM, "job 3 is another user's");
}

static const struct channel_callbacks callbacks = {.on_message = on_message};

static void on_connection(uv_stream_t *listener, int status)
{
    (void)status;
    (void)channel_accept(listener, &munge_auth, NULL, &callbacks, NULL, NULL);
}

static void run_controller(int listener)
{
    uv_loop_t loop;
    uv_tcp_t tcp;

    (void)uv_loop_init(&loop);
    (void)uv_tcp_init(&loop, &tcp);
    (void)uv_tcp_open(&tcp, listener);
    (void)uv_listen((uv_stream_t *)&tcp, 16, on_connection);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    _exit(0);
}

/* A handle, and the controller it finds. The listening socket is the test's, so
 * the controller can be replaced while callers are queued. */
struct cluster {
    struct berth *berth;
    struct berth_err err;
    char config[64];
    uint16_t port;
    int listener;
    pid_t pid;
};

static void controller_start(struct cluster *c, enum manner how)
{
    manner = how;
    c->pid = fork();
    if (c->pid == 0)
        run_controller(c->listener);
    assert_true(c->pid > 0);
}

static void controller_kill(struct cluster *c)
{
    if (c->pid > 0) {
        (void)kill(c->pid, SIGKILL);
        (void)waitpid(c->pid, NULL, 0);
    }
    c->pid = 0;
}

/* At 'c->port'; 0: somewhere. */
static void listen_again(struct cluster *c)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(c->port)};
    socklen_t len = sizeof(addr);
    int yes = 1;

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        setsockopt(c->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), 0);
    assert_int_equal(bind(c->listener, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(c->listener, 16), 0);
    assert_int_equal(getsockname(c->listener, (struct sockaddr *)&addr, &len), 0);
    c->port = ntohs(addr.sin_port);
}

static void write_config(struct cluster *c, const char *munge)
{
    FILE *f;

    (void)snprintf(c->config, sizeof(c->config), "/tmp/berth-client-%d.yaml",
                   (int)getpid());
    f = fopen(c->config, "we");
    assert_non_null(f);
    (void)fprintf(f,
                  "cluster: demo\ncontroller: {host: 127.0.0.1, port: %u}\n"
                  "munge: {socket: %s}\nnodes:\n  - {names: n1}\n",
                  c->port, munge);
    assert_int_equal(fclose(f), 0);
}

static void open_handle(struct cluster *c, const char *munge)
{
    write_config(c, munge);
    if (berth_open(c->config, &c->berth, &c->err) < 0)
        fail_msg("%s", c->err.text);
}

static int setup(void **state)
{
    struct cluster *c = xcalloc(1, sizeof(*c));

    listen_again(c);
    open_handle(c, munge_auth.munge_socket);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct cluster *c = *state;

    berth_close(c->berth);
    controller_kill(c);
    if (c->listener >= 0)
        close(c->listener);
    (void)unlink(c->config);
    free(c);
    return 0;
}

/* ------------------------------------------------------------------ tests */

static pid_t ping(struct cluster *c)
{
    Berth__Pong *reply = NULL;
    pid_t pid;

    if (berth_ping(c->berth, &reply, &c->err) < 0)
        fail_msg("%s", c->err.text);
    assert_string_equal(reply->cluster, "demo");
    pid = (pid_t)reply->started_at;
    berth_free(reply);
    return pid;
}

static void a_ping_reaches_the_controller(void **state)
{
    struct cluster *c = *state;

    controller_start(c, WELL);
    assert_int_equal(ping(c), c->pid);
    assert_int_equal(ping(c), c->pid);
}

static void a_handle_finds_the_controller_that_came_after(void **state)
{
    struct cluster *c = *state;

    controller_start(c, WELL);
    (void)ping(c);
    controller_kill(c);
    controller_start(c, WELL);
    assert_int_equal(ping(c), c->pid);
}

static void a_submission_whose_answer_was_lost_is_repeated_with_its_key(void **state)
{
    struct cluster *c = *state;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    Berth__SubmitReply *reply = NULL;

    controller_start(c, LOSES_ONE);
    assert_int_equal(berth_submit(c->berth, &spec, NULL, &reply, &c->err), 0);
    assert_int_equal(reply->job_id, 8);
    berth_free(reply);
    assert_int_equal(berth_submit(c->berth, &spec, NULL, &reply, &c->err), 0);
    assert_int_equal(reply->job_id, 7);
    berth_free(reply);
}

static void submit_many(struct cluster *c, enum manner how)
{
    enum { N = 20000 };
    Berth__JobSpec even = BERTH__JOB_SPEC__INIT, odd = BERTH__JOB_SPEC__INIT;
    struct berth_submission *list = xcalloc(N, sizeof(*list));

    even.tasks = 2;
    odd.tasks = 3;
    for (size_t i = 0; i < N; i++)
        list[i].spec = i % 100 == 99 ? &odd : &even;
    controller_start(c, how);
    if (berth_submit_many(c->berth, list, N, &c->err))
        fail_msg("%s", c->err.text);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(list[i].job, i % 100 == 99 ? 0 : 1000 + i);
        assert_int_equal(list[i].code, i % 100 == 99 ? EINVAL : 0);
        if (i % 100 == 99)
            assert_string_equal(list[i].words, "an odd number");
        else if (i)
            assert_null(list[i].words);
    }
    assert_string_equal(list[0].words, "one; two");
    for (size_t i = 0; i < N; i++)
        free(list[i].words);
    free(list);
    /* The connection is in step. */
    (void)ping(c);
}

static void many_submissions_are_answered_one_by_one(void **state)
{
    submit_many(*state, WELL);
}

static void many_submissions_go_on_after_a_lost_connection(void **state)
{
    submit_many(*state, LOSES_SOME);
}

static void many_submissions_end_when_the_connection_is_lost_for_good(void **state)
{
    struct cluster *c = *state;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    struct berth_submission list[3] = {
        {.spec = &spec}, {.spec = &spec}, {.spec = &spec}};

    controller_start(c, LOSES_ALL);
    assert_true(berth_submit_many(c->berth, list, 3, &c->err) < 0);
    assert_non_null(strstr(c->err.text, "does not answer"));
    for (size_t i = 0; i < 3; i++)
        assert_true(!list[i].job && !list[i].code && !list[i].words);
}

static void a_refused_request_has_the_controllers_words(void **state)
{
    struct cluster *c = *state;
    Berth__JobControl control = BERTH__JOB_CONTROL__INIT;
    Berth__JobControlReply *reply = NULL;

    controller_start(c, WELL);
    assert_int_equal(berth_control(c->berth, &control, &reply, &c->err), -EPERM);
    assert_string_equal(c->err.text, "job 3 is another user's");
    assert_int_equal(c->err.code, EPERM);
}

static void an_answer_to_something_else_is_refused(void **state)
{
    struct cluster *c = *state;
    Berth__NodeQuery query = BERTH__NODE_QUERY__INIT;
    Berth__NodeList *list = NULL;

    controller_start(c, WELL);
    assert_int_equal(berth_nodes(c->berth, &query, &list, &c->err), -EPROTO);
    (void)ping(c);
}

static void a_wait_ends_when_its_time_is_over(void **state)
{
    struct cluster *c = *state;
    Berth__JobQuery query = BERTH__JOB_QUERY__INIT;
    Berth__JobList *list = NULL;
    uint32_t id = 1;

    controller_start(c, NEVER);
    assert_int_equal(berth_wait(c->berth, &id, 1, false, 100, &list, &c->err), -EAGAIN);
    /* Other requests are not confused by the open one. */
    assert_int_equal(berth_jobs(c->berth, &query, &list, &c->err), 0);
    assert_int_equal(list->revision, 99);
    berth_free(list);
    assert_int_equal(berth_wait(c->berth, &id, 1, false, 100, &list, &c->err), -EAGAIN);
}

static void a_wait_survives_a_restart_of_the_controller(void **state)
{
    struct cluster *c = *state;
    Berth__JobList *list = NULL;
    uint32_t id = 1;

    controller_start(c, NEVER);
    assert_int_equal(berth_wait(c->berth, &id, 1, false, 50, &list, &c->err), -EAGAIN);
    controller_kill(c);
    controller_start(c, WELL);
    assert_int_equal(berth_wait(c->berth, &id, 1, false, 15000, &list, &c->err), 0);
    assert_int_equal(list->revision, 99);
    berth_free(list);
}

static void a_wait_bears_an_absent_controller_until_its_time_is_over(void **state)
{
    struct cluster *c = *state;
    Berth__JobList *list = NULL;
    uint32_t id = 1;

    controller_start(c, NEVER);
    assert_int_equal(berth_wait(c->berth, &id, 1, false, 50, &list, &c->err), -EAGAIN);
    controller_kill(c);
    close(c->listener);
    c->listener = -1;
    for (int i = 0; i < 2; i++)
        assert_int_equal(berth_wait(c->berth, &id, 1, false, 120, &list, &c->err),
                         -EAGAIN);
}

/* One that is away for a quarter of a second, and then at the same port again. */
static void controller_comes_back(struct cluster *c)
{
    const struct timespec away = {.tv_nsec = 250000000};

    controller_kill(c);
    close(c->listener);
    c->listener = -1;
    manner = WELL;
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid > 0)
        return;
    (void)nanosleep(&away, NULL);
    listen_again(c);
    run_controller(c->listener);
}

static void a_patient_handle_waits_for_the_controller_to_come_back(void **state)
{
    struct cluster *c = *state;
    Berth__Pong *reply = NULL;

    controller_start(c, WELL);
    (void)ping(c);
    controller_comes_back(c);
    assert_int_equal(berth_ping(c->berth, &reply, &c->err), -ECONNREFUSED);
    berth_set_patience(c->berth, 60000);
    assert_int_equal(ping(c), c->pid);
    controller_kill(c);
    berth_set_patience(c->berth, 100);
    assert_int_equal(berth_ping(c->berth, &reply, &c->err), -ECONNREFUSED);
}

static void an_absent_controller_is_named(void **state)
{
    struct cluster *c = *state;
    Berth__Pong *reply = NULL;
    char words[128];

    close(c->listener);
    c->listener = -1;
    assert_int_equal(berth_ping(c->berth, &reply, &c->err), -ECONNREFUSED);
    (void)snprintf(words, sizeof(words),
                   "the controller at 127.0.0.1:%u does not answer: Connection refused",
                   c->port);
    assert_string_equal(c->err.text, words);
}

static void a_missing_munged_says_what_to_do(void **state)
{
    struct cluster *c = *state;
    Berth__Pong *reply = NULL;

    berth_close(c->berth);
    open_handle(c, "/nonexistent/sock");
    assert_int_equal(berth_ping(c->berth, &reply, &c->err), -ENOENT);
    assert_string_equal(c->err.text,
                        "munged is not running at /nonexistent/sock: start it "
                        "(systemctl start munge)");
}

static void a_refused_opening_says_why(void **state)
{
    struct cluster *c = *state;
    const char *good = munge_auth.munge_socket;
    Berth__Pong *reply = NULL;

    munge_auth.munge_socket = "/nonexistent/theirs";
    controller_start(c, WELL);
    munge_auth.munge_socket = good;
    assert_int_equal(berth_ping(c->berth, &reply, &c->err), -EPERM);
    assert_non_null(strstr(c->err.text, "refused: munged is not running at "
                                        "/nonexistent/theirs"));
}

static void a_config_that_is_not_there_is_named(void **state)
{
    struct cluster *c = *state;
    struct berth *other = NULL;

    assert_true(berth_open("/nonexistent/berth.yaml", &other, &c->err) < 0);
    assert_non_null(strstr(c->err.text, "/nonexistent/berth.yaml"));
    assert_true(berth_open("/nonexistent/berth.yaml", &other, NULL) < 0);
}

static void a_lead_that_cannot_be_is_refused_with_words(void **state)
{
    struct cluster *c = *state;
    struct berth_steps *steps = NULL;

    assert_int_equal(berth_steps_connect_lead("pigeon:3", &steps, &c->err), -EINVAL);
    assert_int_equal(berth_steps_connect_lead("tcp:host:17", &steps, &c->err), -EINVAL);
    assert_int_equal(berth_steps_connect_lead("tcp:", &steps, &c->err), -EINVAL);
    assert_true(berth_steps_connect_lead("tcp:h:99999:3", &steps, &c->err) < 0);
    assert_int_equal(
        berth_steps_connect_lead("unix:/nonexistent/lead", &steps, &c->err), -ENOENT);
    assert_non_null(strstr(c->err.text, "/nonexistent/lead"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_ping_reaches_the_controller),
        T(a_handle_finds_the_controller_that_came_after),
        T(a_submission_whose_answer_was_lost_is_repeated_with_its_key),
        T(many_submissions_are_answered_one_by_one),
        T(many_submissions_go_on_after_a_lost_connection),
        T(many_submissions_end_when_the_connection_is_lost_for_good),
        T(a_refused_request_has_the_controllers_words),
        T(an_answer_to_something_else_is_refused),
        T(a_wait_ends_when_its_time_is_over),
        T(a_wait_survives_a_restart_of_the_controller),
        T(a_patient_handle_waits_for_the_controller_to_come_back),
        T(a_wait_bears_an_absent_controller_until_its_time_is_over),
        T(an_absent_controller_is_named),
        T(a_missing_munged_says_what_to_do),
        T(a_refused_opening_says_why),
        T(a_config_that_is_not_there_is_named),
        T(a_lead_that_cannot_be_is_refused_with_words),
    };

    return cmocka_run_group_tests(tests, private_munge_setup, private_munge_teardown);
}
