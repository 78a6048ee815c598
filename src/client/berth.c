/* SPDX-License-Identifier: Apache-2.0
 *
 * berth.c - libberth: the handle, and one function for each request
 */
#include "client/berth_priv.h"

#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "client/join.h"
#include "wire/pack.h"

/* How long the controller may take for a request that it answers at once. */
#define ANSWER_MS 60000
/* Between two attempts to find a controller that has gone. */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_LAST_MS 5000
#define KEY_BYTES 16

int give_err(int rc, const struct err *err, struct berth_err *ret_err)
{
    if (rc < 0 && ret_err) {
        ret_err->code = err->code;
        memcpy(ret_err->text, err->text, sizeof(ret_err->text));
    }
    return rc;
}

_Static_assert(sizeof(((struct berth_err *)0)->text) == ERR_TEXT_MAX, "words fit");

static int open_config(const char *path, struct berth **ret, struct err *err)
{
    cleanup(freep) char *found = NULL;
    cleanup(config_freep) struct config *config = NULL;
    struct berth *berth;
    int rc;

    rc = config_find(path, &found, err);
    if (rc == 0)
        rc = config_load(found, &config, err);
    if (rc == 0)
        rc = join_cluster(config, err);
    if (rc < 0)
        return rc;
    berth = xcalloc(1, sizeof(*berth));
    berth->auth.munge_socket = config->munge.socket;
    berth->config = take(config);
    *ret = berth;
    return 0;
}

int berth_open(const char *config, struct berth **ret, struct berth_err *err)
{
    struct err why = {0};

    return give_err(open_config(config, ret, &why), &why, err);
}

void berth_close(struct berth *berth)
{
    if (!berth)
        return;
    caller_destroy(berth->caller);
    config_free(berth->config);
    free(berth);
}

void berth_free(void *reply)
{
    free_message(reply);
}

/* The one member of the reply that the caller gets; the envelope goes. All
 * members of the union are pointers. */
static void *take_body(Berth__Envelope *reply)
{
    void *body = reply->pong;

    reply->pong = NULL;
    reply->body_case = BERTH__ENVELOPE__BODY__NOT_SET;
    free_message(reply);
    return body;
}

/* A request that reads or may be repeated: once more when the line was dead. */
static int ask(struct berth *berth, Berth__Envelope *request,
               Berth__Envelope__BodyCase body, void *ret_body, struct berth_err *err)
{
    Berth__Envelope *reply = NULL;
    struct err why = {0};
    void *taken;
    int rc;

    rc = controller_call(berth, request, ANSWER_MS, body, &reply, &why);
    if (rc == -ECONNRESET || rc == -EPIPE)
        rc = controller_call(berth, request, ANSWER_MS, body, &reply, &why);
    if (rc == -EAGAIN)
        rc = err_set(&why, ETIMEDOUT,
                     "the controller at %s:%u has not answered for %d s",
                     berth->config->controller.host, berth->config->controller.port,
                     ANSWER_MS / 1000);
    if (rc < 0)
        return give_err(rc, &why, err);
    taken = take_body(reply);
    memcpy(ret_body, &taken, sizeof(taken));
    return 0;
}

int berth_ping(struct berth *berth, Berth__Pong **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Ping ping = BERTH__PING__INIT;

    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    return ask(berth, &env, BERTH__ENVELOPE__BODY_PONG, ret, err);
}

int berth_submit(struct berth *berth, const Berth__JobSpec *spec, const char *key,
                 Berth__SubmitReply **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__SubmitRequest submit = BERTH__SUBMIT_REQUEST__INIT;
    cleanup(free_messagep) Berth__JobSpec *copy = copy_message(&spec->base);
    char made[2 * KEY_BYTES + 1];
    cleanup(freep) char *own_key = NULL;
    uint8_t random[KEY_BYTES];

    randombytes_buf(random, sizeof(random));
    own_key =
        xstrdup(key ? key : sodium_bin2hex(made, sizeof(made), random, KEY_BYTES));
    submit.spec = copy;
    submit.key = own_key;
    env.body_case = BERTH__ENVELOPE__BODY_SUBMIT;
    env.submit = &submit;
    return ask(berth, &env, BERTH__ENVELOPE__BODY_SUBMITTED, ret, err);
}

int berth_jobs(struct berth *berth, const Berth__JobQuery *query, Berth__JobList **ret,
               struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__JobQuery copy = *query;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_QUERY;
    env.job_query = &copy;
    return ask(berth, &env, BERTH__ENVELOPE__BODY_JOB_LIST, ret, err);
}

int berth_nodes(struct berth *berth, const Berth__NodeQuery *query,
                Berth__NodeList **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__NodeQuery copy = *query;

    env.body_case = BERTH__ENVELOPE__BODY_NODE_QUERY;
    env.node_query = &copy;
    return ask(berth, &env, BERTH__ENVELOPE__BODY_NODE_LIST, ret, err);
}

int berth_control(struct berth *berth, const Berth__JobControl *control,
                  Berth__JobControlReply **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__JobControl copy = *control;

    env.body_case = BERTH__ENVELOPE__BODY_JOB_CONTROL;
    env.job_control = &copy;
    return ask(berth, &env, BERTH__ENVELOPE__BODY_JOB_CONTROLLED, ret, err);
}

static int64_t now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int time_left(int64_t deadline)
{
    int64_t left = deadline - now_ms();

    if (deadline < 0)
        return -1;
    return left > 0 ? (int)left : 0;
}

/* Ask, and ask again while a controller that was there is away. */
static int wait_on(struct berth *berth, Berth__Envelope *request, int64_t deadline,
                   Berth__Envelope **ret_reply, struct err *err)
{
    int pause = BACKOFF_FIRST_MS;

    for (;;) {
        int rc = controller_call(berth, request, time_left(deadline),
                                 BERTH__ENVELOPE__BODY_JOB_LIST, ret_reply, err);
        int left;

        if (!is_lost_connection(rc) || !berth->was_connected)
            return rc;
        left = time_left(deadline);
        if (left == 0)
            return err_set(err, EAGAIN, "the controller is away");
        (void)poll(NULL, 0, left > 0 && left < pause ? left : pause);
        pause = pause * 2 < BACKOFF_LAST_MS ? pause * 2 : BACKOFF_LAST_MS;
    }
}

int berth_wait(struct berth *berth, const uint32_t *ids, size_t n_ids, bool started,
               int timeout_ms, Berth__JobList **ret, struct berth_err *err)
{
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    cleanup(freep) uint32_t *copy = xmemdup(ids, n_ids * sizeof(*ids));
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__WaitRequest wait = BERTH__WAIT_REQUEST__INIT;
    Berth__Envelope *reply = NULL;
    struct err why = {0};
    int rc;

    wait.ids = copy;
    wait.n_ids = n_ids;
    wait.started = started;
    env.body_case = BERTH__ENVELOPE__BODY_WAIT;
    env.wait = &wait;
    rc = wait_on(berth, &env, deadline, &reply, &why);
    if (rc < 0)
        return give_err(rc, &why, err);
    *ret = take_body(reply);
    return 0;
}
