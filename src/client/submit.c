/* SPDX-License-Identifier: Apache-2.0
 *
 * submit.c - submissions: one, and many that do not wait for each other
 *
 *     list:  | answered | answered | under way | under way | not sent yet | ...
 *                                    at most WINDOW of them
 *
 * An answer names its request by number, so they may come in any order. What was
 * under way when the connection was lost is sent again with its key: the controller
 * gives the job that it has made of it.
 */
#include "client/handle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "wire/pack.h"

#define KEY_BYTES 16
#define WINDOW 8192
/* Bytes that wait to leave before answers are looked at. */
#define QUEUE_MAX (128u << 10)

void random_key(char key[KEY_TEXT])
{
    unsigned char bytes[KEY_BYTES] = {0};

    BUG_ON(getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes));
    for (int i = 0; i < KEY_BYTES; i++)
        sprintf(key + 2 * i, "%02x", bytes[i]);
}

int berth_submit(struct berth *berth, const Berth__JobSpec *spec, const char *key,
                 Berth__SubmitReply **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__SubmitRequest request = BERTH__SUBMIT_REQUEST__INIT;
    cleanup(freep) char *given = key ? xstrdup(key) : NULL;
    Berth__JobSpec shallow = *spec;
    char own_key[KEY_TEXT];

    random_key(own_key);
    request.spec = &shallow;
    request.key = given ? given : own_key;
    env.body_case = BERTH__ENVELOPE__BODY_SUBMIT;
    env.submit = &request;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_SUBMITTED, (void **)ret, err);
}

int berth_submit_test(struct berth *berth, const Berth__JobSpec *spec,
                      Berth__Explanation **ret, struct berth_err *err)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__SubmitRequest request = BERTH__SUBMIT_REQUEST__INIT;
    Berth__JobSpec shallow = *spec;

    request.spec = &shallow;
    request.test_only = true;
    env.body_case = BERTH__ENVELOPE__BODY_SUBMIT;
    env.submit = &request;
    return call_for(berth, &env, BERTH__ENVELOPE__BODY_EXPLANATION, (void **)ret, err);
}

/* ------------------------------------------------------------------ many */

struct stream {
    struct berth *berth;
    struct berth_submission *list;
    size_t n, next, n_under_way, n_answered;
    uint64_t first_id;     /* of the first one's request */
    char prefix[KEY_TEXT]; /* of keys that are ours */
};

static bool is_answered(const struct berth_submission *one)
{
    return one->job || one->code;
}

static int send_one(const struct stream *s, size_t i, struct err *err)
{
    const struct berth_submission *one = &s->list[i];
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__SubmitRequest request = BERTH__SUBMIT_REQUEST__INIT;
    cleanup(freep) char *given = one->key ? xstrdup(one->key) : NULL;
    Berth__JobSpec shallow = *one->spec;
    char own_key[KEY_TEXT + 24];

    (void)snprintf(own_key, sizeof(own_key), "%s-%zu", s->prefix, i);
    request.spec = &shallow;
    request.key = given ? given : own_key;
    env.id = s->first_id + i;
    env.body_case = BERTH__ENVELOPE__BODY_SUBMIT;
    env.submit = &request;
    return caller_put(s->berth->caller, &env, err);
}

static int send_some(struct stream *s, struct err *err)
{
    int rc = 0;

    while (rc == 0 && s->next < s->n && s->n_under_way < WINDOW &&
           caller_queued(s->berth->caller) < QUEUE_MAX) {
        if (!is_answered(&s->list[s->next])) {
            rc = send_one(s, s->next, err);
            s->n_under_way++;
        }
        s->next++;
    }
    return rc;
}

static char *joined_warnings(const Berth__SubmitReply *reply)
{
    char *words = NULL;

    for (size_t i = 0; i < reply->n_warnings; i++) {
        char *more = xasprintf("%s%s%s", words ? words : "", words ? "; " : "",
                               reply->warnings[i]);

        free(words);
        words = more;
    }
    return words;
}

static int take_answer(struct stream *s, const Berth__Envelope *reply, struct err *err)
{
    uint64_t i = reply->id - s->first_id;
    struct berth_submission *one = i < s->n ? &s->list[i] : NULL;

    /* One to an earlier request, or said twice. */
    if (!reply->reply || !one || is_answered(one))
        return 0;
    if (reply->status && reply->status->code) {
        one->code = abs(reply->status->code);
        one->words = xstrdup(reply->status->text);
    } else if (reply->body_case == BERTH__ENVELOPE__BODY_SUBMITTED &&
               reply->submitted->job_id) {
        one->job = reply->submitted->job_id;
        one->words = joined_warnings(reply->submitted);
    } else {
        return err_set(err, EPROTO, "the controller answers something else");
    }
    s->n_under_way--;
    s->n_answered++;
    return 0;
}

/* Until all are answered, or the connection is lost. */
static int exchange(struct stream *s, struct err *err)
{
    int rc = handle_connect(s->berth, err);

    while (rc == 0 && s->n_answered < s->n) {
        cleanup(free_messagep) Berth__Envelope *reply = NULL;

        rc = send_some(s, err);
        if (rc == 0)
            rc = caller_exchange(s->berth->caller, &reply, err);
        if (rc == 0)
            rc = take_answer(s, reply, err);
    }
    return rc;
}

/* Again with what was not answered, once, or as often as it gets on. */
static int exchange_all(struct stream *s, struct err *err)
{
    for (bool is_again = false;; is_again = true) {
        size_t before = s->n_answered;
        int rc;

        s->next = s->n_under_way = 0;
        rc = exchange(s, err);
        if (rc == 0)
            return 0;
        /* What is still to come belongs to none of the next requests. */
        handle_drop(s->berth);
        if (!handle_is_lost(rc))
            return rc;
        if (is_again && s->n_answered == before)
            return handle_explain(s->berth, err);
    }
}

int berth_submit_many(struct berth *berth, struct berth_submission *list, size_t n,
                      struct berth_err *err)
{
    struct stream s = {
        .berth = berth, .list = list, .n = n, .first_id = berth->last_id + 1};
    struct err words = {0};
    int rc;

    for (size_t i = 0; i < n; i++) {
        list[i].job = 0;
        list[i].code = 0;
        list[i].words = NULL;
    }
    /* The answer to an open wait may come in between and be passed over. */
    berth->wait_id = 0;
    berth->last_id += n;
    random_key(s.prefix);
    rc = exchange_all(&s, &words);
    return rc < 0 ? berth_err_take(err, &words) : 0;
}
