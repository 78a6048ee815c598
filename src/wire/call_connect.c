/* SPDX-License-Identifier: Apache-2.0
 *
 * call_connect.c - call out over the network and run the opening
 */
#include "wire/call_priv.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/frame.h"
#include "wire/net.h"
#include "wire/opening.h"

static int resolve(const char *host, uint16_t port, struct addrinfo **ret_addrs,
                   struct err *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    char service[8];
    int rc;

    (void)snprintf(service, sizeof(service), "%u", port);
    rc = getaddrinfo(host, service, &hints, ret_addrs);
    if (rc != 0)
        return err_set(err, EHOSTUNREACH, "%s: no such host: %s", host,
                       gai_strerror(rc));
    return 0;
}

/* Have the Hello made while the connection is on its way. */
static int connect_one(struct caller *c, const struct wire_auth *auth,
                       const char *target, const struct addrinfo *ai, int64_t deadline,
                       struct opening *o, struct err *err)
{
    int rc;

    closep(&c->fd);
    c->fd = net_connect_start(ai);
    if (c->fd < 0)
        return err_sys(err, -c->fd, "%s", c->peer.address);
    if (!o->hello) {
        rc = opening_hello(o, auth, target, err);
        if (rc < 0)
            return rc;
    }
    rc = caller_wait_for(c->fd, POLLOUT, deadline);
    if (rc == 0)
        rc = net_connect_result(c->fd);
    if (rc == -EAGAIN)
        rc = -ETIMEDOUT;
    return rc < 0 ? err_sys(err, -rc, "%s", c->peer.address) : 0;
}

static int connect_any(struct caller *c, const struct wire_auth *auth,
                       const char *target, const struct addrinfo *addrs,
                       int64_t deadline, struct opening *o, struct err *err)
{
    int rc = -EHOSTUNREACH;

    for (const struct addrinfo *ai = addrs; ai; ai = ai->ai_next) {
        rc = connect_one(c, auth, target, ai, deadline, o, err);
        if (rc == 0 || !o->hello)
            return rc;
    }
    return rc;
}

static int run_opening(struct caller *c, const struct wire_auth *auth, uid_t allow_uid,
                       int64_t deadline, struct opening *o, struct err *err)
{
    const uint8_t *reply;
    size_t len;
    int rc;

    frame_put(&c->out, o->hello, o->hello_len);
    rc = caller_send_all(c, deadline, err);
    if (rc < 0)
        return rc;
    rc = caller_next_frame(c, WIRE_HELLO_MAX, deadline, &reply, &len, err);
    if (rc == -EAGAIN)
        return err_set(err, ETIMEDOUT, "%s: no answer in time", c->peer.address);
    if (rc < 0)
        return rc;
    rc = opening_finish(o, auth, reply, len, allow_uid, &c->peer, err);
    if (rc == 0)
        rc = codec_init_sealed(&c->codec, &o->own, o->peer_key, true, err);
    if (rc < 0)
        (void)err_wrap(err, "%s", c->peer.address);
    return rc;
}

int caller_connect(const struct wire_auth *auth, const char *host, uint16_t port,
                   const char *target, uid_t allow_uid, struct caller **ret_caller,
                   struct err *err)
{
    unsigned int timeout = auth->timeout_ms ? auth->timeout_ms : WIRE_OPENING_MS;
    int64_t deadline = clock_ms() + timeout;
    cleanup(caller_destroyp) struct caller *c = caller_create();
    cleanup(opening_fini) struct opening o = {0};
    struct addrinfo *addrs = NULL;
    int rc;

    (void)snprintf(c->peer.address, sizeof(c->peer.address), "%.50s:%u", host, port);
    rc = resolve(host, port, &addrs, err);
    if (rc < 0)
        return rc;
    rc = connect_any(c, auth, target, addrs, deadline, &o, err);
    freeaddrinfo(addrs);
    if (rc == 0)
        rc = run_opening(c, auth, allow_uid, deadline, &o, err);
    if (rc == 0)
        *ret_caller = take(c);
    return rc;
}
