/* SPDX-License-Identifier: Apache-2.0
 *
 * connect.c - reach the controller, know who answers, say why not
 */
#include "client/handle.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

bool handle_is_lost(int rc)
{
    return rc == -ECONNRESET || rc == -EPIPE || rc == -ETIMEDOUT ||
           rc == -ECONNREFUSED || rc == -ECONNABORTED || rc == -EHOSTUNREACH ||
           rc == -ENETUNREACH;
}

/* Root, ourselves, or the account the controller runs as. The last is looked up
 * only when it must be: accounts may come from a slow directory. */
static bool may_be_controller(const struct config *config, uid_t uid)
{
    const struct passwd *pw;

    if (uid == 0 || uid == geteuid())
        return true;
    pw = config->controller.user ? getpwnam(config->controller.user) : NULL;
    return pw && pw->pw_uid == uid;
}

int handle_explain(const struct berth *berth, struct err *err)
{
    const struct config *config = berth->config;
    const char *host = config->controller.host;
    char text[ERR_TEXT_MAX];
    const char *words = text;

    memcpy(text, err->text, sizeof(text));
    if (strncmp(words, host, strlen(host)) == 0 && strstr(words, ": "))
        words = strstr(words, ": ") + 2;
    if (err->code == ENOENT)
        return err_set(err, ENOENT, "%.300s: start it (systemctl start munge)", text);
    if (err->code == EACCES)
        return -EACCES;
    if (handle_is_lost(-err->code))
        return err_set(err, err->code,
                       "the controller at %.60s:%u does not answer: %.300s", host,
                       config->controller.port, words);
    return err_set(err, err->code, "the controller at %.60s:%u: %.300s", host,
                   config->controller.port, words);
}

/* A connection that has something to say while nobody asked has ended. */
static bool is_stale(const struct caller *caller)
{
    struct pollfd pfd = {.fd = caller_fd(caller), .events = POLLIN};

    return poll(&pfd, 1, 0) != 0;
}

int handle_connect_controller(const struct berth *berth, struct caller **ret,
                              struct err *err)
{
    const struct config *config = berth->config;
    cleanup(caller_destroyp) struct caller *caller = NULL;
    uid_t uid;

    if (caller_connect(&berth->auth, config->controller.host, config->controller.port,
                       "", (uid_t)-1, &caller, err) < 0)
        return handle_explain(berth, err);
    uid = caller_peer(caller)->uid;
    if (!may_be_controller(config, uid))
        return err_set(
            err, EPERM,
            "wrong uid: %u answers at %.60s:%u, not the account '%s' or root", uid,
            config->controller.host, config->controller.port,
            config->controller.user ? config->controller.user : "");
    *ret = take(caller);
    return 0;
}

int handle_connect(struct berth *berth, struct err *err)
{
    int rc;

    if (berth->caller && (berth->wait_id || !is_stale(berth->caller)))
        return 0;
    handle_drop(berth);
    rc = handle_connect_controller(berth, &berth->caller, err);
    berth->was_connected |= rc == 0;
    return rc;
}

int handle_connect_node(const struct berth *berth, const char *host, uint16_t port,
                        struct caller **ret, struct err *err)
{
    cleanup(caller_destroyp) struct caller *caller = NULL;
    int rc = caller_connect(&berth->auth, host, port, "", (uid_t)-1, &caller, err);
    uid_t uid;

    if (rc < 0)
        return rc;
    uid = caller_peer(caller)->uid;
    if (uid != 0 && uid != geteuid())
        return err_set(err, EPERM, "wrong uid: %u answers there, not root",
                       (unsigned int)uid);
    *ret = take(caller);
    return 0;
}
