/* SPDX-License-Identifier: Apache-2.0
 *
 * controller.c - libberth's one connection to the controller
 */
#include "client/berth_priv.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/pack.h"

bool is_lost_connection(int rc)
{
    return rc == -ECONNREFUSED || rc == -ECONNRESET || rc == -EPIPE ||
           rc == -ETIMEDOUT || rc == -EHOSTUNREACH || rc == -ENETUNREACH ||
           rc == -ECONNABORTED;
}

/* Root, ourselves, or the account the controller runs as. The last is looked up
 * only when it must be: accounts may come from a slow directory. */
static bool may_be_controller(const struct config *config, uid_t uid)
{
    const char *name = config->controller.user;
    const struct passwd *pw;

    if (uid == 0 || uid == geteuid())
        return true;
    pw = name ? getpwnam(name) : NULL;
    return pw && pw->pw_uid == uid;
}

/* The same failure, told from where the user stands. */
static int explain(const struct config *config, struct err *err)
{
    char text[ERR_TEXT_MAX];
    const char *words = text;
    const char *host = config->controller.host;

    memcpy(text, err->text, sizeof(text));
    if (strncmp(words, host, strlen(host)) == 0 && strstr(words, ": "))
        words = strstr(words, ": ") + 2;
    if (err->code == ENOENT)
        return err_set(err, ENOENT,
                       "%.300s: start it, for instance with "
                       "'systemctl start munge'",
                       text);
    if (err->code == EACCES)
        return -EACCES;
    if (is_lost_connection(-err->code))
        return err_set(err, err->code,
                       "the controller at %s:%u does not answer: %.300s", host,
                       config->controller.port, words);
    return err_set(err, err->code, "the controller at %s:%u: %.300s", host,
                   config->controller.port, words);
}

/* A connection that has something to say while nobody asked has ended. */
static bool is_stale(const struct caller *caller)
{
    struct pollfd pfd = {.fd = caller_fd(caller), .events = POLLIN};

    return poll(&pfd, 1, 0) != 0;
}

static void disconnect(struct berth *berth)
{
    caller_destroy(take(berth->caller));
}

int controller_connect(struct berth *berth, struct err *err)
{
    const struct config *config = berth->config;
    cleanup(caller_destroyp) struct caller *caller = NULL;
    uid_t uid;

    if (berth->caller && !is_stale(berth->caller))
        return 0;
    disconnect(berth);
    if (caller_connect(&berth->auth, config->controller.host, config->controller.port,
                       "", (uid_t)-1, &caller, err) < 0)
        return explain(config, err);
    uid = caller_peer(caller)->uid;
    if (!may_be_controller(config, uid))
        return err_set(
            err, EPERM,
            "uid %u answers at %s:%u, not the controller's account '%s' or root", uid,
            config->controller.host, config->controller.port,
            config->controller.user ? config->controller.user : "");
    berth->caller = take(caller);
    berth->was_connected = true;
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The reply with this id; late ones to requests that were given up are dropped. */
static int receive_reply(struct berth *berth, uint64_t id, int timeout_ms,
                         Berth__Envelope **ret_reply, struct err *err)
{
    int64_t deadline = now_ms() + timeout_ms;
    int left = timeout_ms;

    for (;;) {
        cleanup(free_messagep) Berth__Envelope *env = NULL;
        int rc;

        if (timeout_ms > 0)
            left = deadline > now_ms() ? (int)(deadline - now_ms()) : 0;
        rc = caller_recv(berth->caller, left, &env, err);
        if (rc < 0)
            return rc;
        if (env->reply && env->id == id) {
            *ret_reply = take(env);
            return 0;
        }
    }
}

static int check_reply(const Berth__Envelope *reply, Berth__Envelope__BodyCase body,
                       struct err *err)
{
    if (reply->status && reply->status->code != 0)
        return err_set(err, abs(reply->status->code), "%s", reply->status->text);
    if (reply->body_case != body)
        return err_set(err, EPROTO,
                       "the controller answered something else than asked");
    return 0;
}

int controller_call(struct berth *berth, Berth__Envelope *request, int timeout_ms,
                    Berth__Envelope__BodyCase body, Berth__Envelope **ret_reply,
                    struct err *err)
{
    cleanup(free_messagep) Berth__Envelope *reply = NULL;
    int rc;

    rc = controller_connect(berth, err);
    if (rc < 0)
        return rc;
    request->id = ++berth->last_id;
    rc = caller_send(berth->caller, request, err);
    if (rc == 0)
        rc = receive_reply(berth, request->id, timeout_ms, &reply, err);
    if (rc == -EAGAIN)
        return rc;
    if (rc < 0) {
        disconnect(berth);
        return explain(berth->config, err);
    }
    rc = check_reply(reply, body, err);
    if (rc == 0)
        *ret_reply = take(reply);
    return rc;
}
