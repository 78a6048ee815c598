/* SPDX-License-Identifier: Apache-2.0
 *
 * wire_fixture.h - two ends of channels on one loop, and what happened to them
 */
#ifndef BERTH_TESTS_WIRE_FIXTURE_H
#define BERTH_TESTS_WIRE_FIXTURE_H

#include "wire/channel.h"

/* One end of a channel, and what it has seen. */
struct end {
    struct channel *ch;
    int opened, closed;
    size_t messages;
    uint64_t last_id;
    size_t last_len; /* bytes of the last output */
    int adopted;     /* last descriptor that came, or -1 */
    void *hello;     /* of the last Adopt */
    size_t hello_len;
    struct err why;
    bool echo; /* answer pings */
    void (*on_message)(struct end *end, const Berth__Envelope *env);
};

extern const struct channel_callbacks end_callbacks;

struct fixture {
    uv_loop_t loop;
    uv_tcp_t listener;
    uint16_t port;
    struct wire_auth auth;       /* of callers */
    struct wire_auth serve_auth; /* of the listener */
    const struct channel_router *router;
    struct end server, client;
};

/* A loop and a listener on the loopback address that accepts into 'server'. */
void fixture_start(struct fixture *f, const char *munge_socket);
void fixture_stop(struct fixture *f);
void fixture_connect(struct fixture *f, const char *target, uid_t allow_uid);

/* Run the loop until '*counter' is at least 'n'; fails the test after 15 s. */
void run_until(uv_loop_t *loop, const int *counter, int n);
void run_until_size(uv_loop_t *loop, const size_t *counter, size_t n);

/* A plain connection to the listener, for misbehaving on. */
int fixture_dial(const struct fixture *f);

void send_ping(struct end *end);
void send_output(struct end *end, size_t len);

#endif
