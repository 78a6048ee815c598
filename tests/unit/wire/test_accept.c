/* SPDX-License-Identifier: Apache-2.0
 *
 * test_accept.c - callers that misbehave, and connections that are passed along
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "private_munge.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/opening.h"
#include "wire/pack.h"
#include "wire_fixture.h"

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    fixture_start(f, munge_auth.munge_socket);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture_stop(*state);
    free(*state);
    return 0;
}

/* A caller made by hand. */
struct raw {
    int fd;
    struct opening o;
    struct codec codec;
    struct buf in, out;
};

static void raw_dial(struct raw *r, struct fixture *f)
{
    memset(r, 0, sizeof(*r));
    r->fd = fixture_dial(f);
    assert_int_equal(opening_hello(&r->o, &f->auth, "", NULL), 0);
}

static void raw_send(struct raw *r)
{
    assert_int_equal(io_write_full(r->fd, buf_head(&r->out), buf_len(&r->out)), 0);
    buf_taken(&r->out, buf_len(&r->out));
}

/* One frame, running the loop meanwhile. */
static void raw_receive(struct raw *r, struct fixture *f, const uint8_t **frame,
                        size_t *len)
{
    while (frame_next(&r->in, WIRE_FRAME_MAX, frame, len, NULL) == 0) {
        ssize_t n = recv(r->fd, buf_room(&r->in, 10000), 10000, MSG_DONTWAIT);

        assert_int_not_equal(n, 0);
        if (n > 0)
            buf_added(&r->in, (size_t)n);
        else
            (void)uv_run(&f->loop, UV_RUN_ONCE);
    }
}

static void raw_open(struct raw *r, struct fixture *f)
{
    const uint8_t *frame;
    struct peer peer;
    size_t len;

    raw_dial(r, f);
    frame_put(&r->out, r->o.hello, r->o.hello_len);
    raw_send(r);
    raw_receive(r, f, &frame, &len);
    assert_int_equal(opening_finish(&r->o, &f->auth, frame, len, getuid(), &peer, NULL),
                     0);
    assert_int_equal(codec_init_sealed(&r->codec, &r->o.own, r->o.peer_key, true, NULL),
                     0);
    run_until(&f->loop, &f->server.opened, 1);
}

static void raw_close(struct raw *r)
{
    close(r->fd);
    opening_fini(&r->o);
    codec_fini(&r->codec);
    buf_fini(&r->in);
    buf_fini(&r->out);
}

/* The listener's side ended with these words, and named the peer. */
static void assert_ended(struct fixture *f, const char *words)
{
    run_until(&f->loop, &f->server.closed, 1);
    assert_int_equal(f->server.closed, 1);
    if (!strstr(f->server.why.text, words))
        fail_msg("'%s' does not say '%s'", f->server.why.text, words);
    assert_memory_equal(f->server.why.text, "127.0.0.1:", 10);
}

/* The caller is told the same words. */
static void assert_told(struct raw *r, struct fixture *f, const char *words)
{
    cleanup(free_messagep) Berth__HelloReply *reply = NULL;
    const uint8_t *frame;
    size_t len;

    raw_receive(r, f, &frame, &len);
    reply = unpack_message(&berth__hello_reply__descriptor, frame, len);
    assert_non_null(reply);
    assert_non_null(strstr(reply->refusal, words));
}

static void a_replayed_hello_is_refused_with_that_word(void **state)
{
    struct fixture *f = *state;
    struct raw first, again;

    raw_open(&first, f);
    raw_dial(&again, f);
    frame_put(&again.out, first.o.hello, first.o.hello_len);
    raw_close(&first);
    run_until(&f->loop, &f->server.closed, 1);
    f->server.closed = 0;
    raw_send(&again);
    assert_told(&again, f, "replayed");
    raw_close(&again);
    assert_ended(f, "opening refused: replayed");
}

static void a_caller_that_hangs_up_early_is_truncated(void **state)
{
    struct fixture *f = *state;
    struct raw r;

    raw_dial(&r, f);
    frame_put(&r.out, r.o.hello, r.o.hello_len);
    r.out.end -= 7;
    raw_send(&r);
    raw_close(&r);
    assert_ended(f, "opening refused: truncated");
    assert_int_equal(f->server.opened, 0);
}

static void a_hello_that_is_too_long_is_refused_by_its_header(void **state)
{
    struct fixture *f = *state;
    struct raw r;

    raw_dial(&r, f);
    frame_put_header(&r.out, WIRE_HELLO_MAX + 1);
    raw_send(&r);
    assert_told(&r, f, "oversized");
    raw_close(&r);
    assert_ended(f, "opening refused: oversized");
}

static void a_stranger_to_the_protocol_is_refused(void **state)
{
    struct fixture *f = *state;
    struct raw r;

    raw_dial(&r, f);
    buf_add(&r.out, "GET / HTTP/1.1\r\n\r\n", 18);
    raw_send(&r);
    assert_told(&r, f, "oversized");
    raw_close(&r);
    assert_ended(f, "oversized");
}

static void another_version_is_refused_with_both_ranges(void **state)
{
    struct fixture *f = *state;
    cleanup(free_messagep) Berth__Hello *hello = NULL;
    cleanup(freep) uint8_t *bytes = NULL;
    struct raw r;
    size_t len;

    raw_dial(&r, f);
    assert_int_equal(opening_read_hello(r.o.hello, r.o.hello_len, &hello, NULL), 0);
    hello->version_min = 2;
    hello->version_max = 3;
    bytes = pack_message(&hello->base, &len);
    frame_put(&r.out, bytes, len);
    raw_send(&r);
    assert_told(&r, f, "the caller speaks 2 to 3, this end 1 to 1");
    raw_close(&r);
    assert_ended(f, "no common version");
}

static void a_silent_caller_is_cut_when_the_opening_takes_too_long(void **state)
{
    struct fixture *f = *state;
    struct raw r;

    f->serve_auth.timeout_ms = 50;
    raw_dial(&r, f);
    assert_ended(f, "the opening took longer than 50 ms");
    assert_int_equal(f->server.why.code, ETIMEDOUT);
    raw_close(&r);
}

static void a_missing_munged_refuses_with_words(void **state)
{
    struct fixture *f = *state;
    struct raw r;

    f->serve_auth.munge_socket = "/nonexistent/munge.sock";
    raw_dial(&r, f);
    frame_put(&r.out, r.o.hello, r.o.hello_len);
    raw_send(&r);
    assert_told(&r, f, "munged is not running at /nonexistent/munge.sock");
    raw_close(&r);
    assert_ended(f, "munged is not running");
}

static void an_open_caller_is_heard(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct raw r;

    raw_open(&r, f);
    env.id = 5;
    assert_int_equal(codec_put(&r.codec, &env, &r.out, NULL), 0);
    raw_send(&r);
    run_until_size(&f->loop, &f->server.messages, 1);
    assert_int_equal(f->server.last_id, 5);
    raw_close(&r);
    run_until(&f->loop, &f->server.closed, 1);
    assert_string_equal(f->server.why.text, "");
}

static void a_tampered_message_cuts_the_peer_off(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct raw r;

    raw_open(&r, f);
    env.id = 5;
    assert_int_equal(codec_put(&r.codec, &env, &r.out, NULL), 0);
    r.out.bytes[r.out.end - 1] ^= 1;
    raw_send(&r);
    assert_ended(f, "a message was changed on its way");
    assert_int_equal(f->server.messages, 0);
    raw_close(&r);
}

static void a_message_in_clear_cuts_the_peer_off(void **state)
{
    struct fixture *f = *state;
    struct raw r;

    raw_open(&r, f);
    frame_put(&r.out, "\x08\x05", 2);
    raw_send(&r);
    assert_ended(f, "the stream does not begin with its header");
    raw_close(&r);
}

static void an_oversized_frame_cuts_the_peer_off(void **state)
{
    struct fixture *f = *state;
    struct raw r;

    raw_open(&r, f);
    codec_put_header(&r.codec, &r.out);
    frame_put_header(&r.out, (size_t)WIRE_FRAME_MAX + 1);
    raw_send(&r);
    assert_ended(f, "oversized");
    raw_close(&r);
}

static void an_end_in_the_middle_of_a_message_is_said(void **state)
{
    struct fixture *f = *state;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    struct raw r;

    raw_open(&r, f);
    env.id = 5;
    assert_int_equal(codec_put(&r.codec, &env, &r.out, NULL), 0);
    r.out.end--;
    raw_send(&r);
    raw_close(&r);
    assert_ended(f, "in the middle of a message");
}

/* --------------------------------------------------------- passed along */

struct pass {
    struct channel_router router;
    struct end near, far; /* the local channel between the two processes */
    struct end adopted;
    struct fixture *f;
    int fd; /* kept here when there is nobody to pass it to */
    int passed;
};

static bool route_empty(const char *target, void *ctx)
{
    (void)ctx;
    return target[0] == '\0';
}

static void pass_on(const char *target, int fd, const void *hello, size_t len,
                    void *ctx)
{
    struct pass *p = ctx;

    assert_string_equal(target, "17.lead");
    p->passed++;
    if (p->near.ch)
        channel_send_adopt(p->near.ch, fd, hello, len);
    else
        p->fd = fd;
}

static void adopt(struct end *end, const Berth__Envelope *env)
{
    struct pass *p = (struct pass *)((char *)end - offsetof(struct pass, far));

    assert_int_equal(env->body_case, BERTH__ENVELOPE__BODY_ADOPT);
    p->adopted.ch =
        channel_adopt(&p->f->loop, &p->f->serve_auth, end->adopted, end->hello,
                      end->hello_len, &end_callbacks, &p->adopted, NULL);
    assert_non_null(p->adopted.ch);
}

static void pass_start(struct pass *p, struct fixture *f)
{
    memset(p, 0, sizeof(*p));
    p->f = f;
    p->fd = -1;
    p->router =
        (struct channel_router){.route = route_empty, .pass = pass_on, .ctx = p};
    f->router = &p->router;
}

static void a_connection_passed_along_opens_at_the_other_process(void **state)
{
    struct fixture *f = *state;
    struct pass p;
    int fds[2];

    pass_start(&p, f);
    p.far.on_message = adopt;
    p.adopted.echo = true;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    p.near.ch = channel_local(&f->loop, fds[0], &end_callbacks, &p.near, NULL);
    p.far.ch = channel_local(&f->loop, fds[1], &end_callbacks, &p.far, NULL);
    fixture_connect(f, "17.lead", getuid());
    run_until(&f->loop, &f->client.opened, 1);
    send_ping(&f->client);
    run_until_size(&f->loop, &f->client.messages, 1);
    assert_int_equal(p.adopted.messages, 1);
    assert_int_equal(channel_peer(p.adopted.ch)->uid, getuid());
    assert_int_equal(f->server.opened + f->server.closed, 0);
    channel_close(p.adopted.ch);
    channel_close(p.near.ch);
    run_until(&f->loop, &p.adopted.closed, 1);
    run_until(&f->loop, &p.near.closed, 1);
    run_until(&f->loop, &p.far.closed, 1);
    free(p.far.hello);
}

static void no_byte_beyond_the_hello_is_read_before_routing(void **state)
{
    struct fixture *f = *state;
    struct pass p;
    struct raw r;
    char rest[16] = {0};

    pass_start(&p, f);
    raw_dial(&r, f);
    opening_fini(&r.o);
    assert_int_equal(opening_hello(&r.o, &f->auth, "17.lead", NULL), 0);
    frame_put(&r.out, r.o.hello, r.o.hello_len);
    buf_add(&r.out, "the rest", 8);
    raw_send(&r);
    run_until(&f->loop, &p.passed, 1);
    assert_int_equal(recv(p.fd, rest, sizeof(rest), 0), 8);
    assert_string_equal(rest, "the rest");
    close(p.fd);
    raw_close(&r);
}

static void what_is_no_connection_is_not_adopted(void **state)
{
    struct fixture *f = *state;
    struct err err;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    assert_null(channel_adopt(&f->loop, &f->serve_auth, fds[0], "x", 1, &end_callbacks,
                              &f->server, &err));
    assert_int_equal(err.code, ENOTSOCK);
    close(fds[1]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_replayed_hello_is_refused_with_that_word),
        T(a_caller_that_hangs_up_early_is_truncated),
        T(a_hello_that_is_too_long_is_refused_by_its_header),
        T(a_stranger_to_the_protocol_is_refused),
        T(another_version_is_refused_with_both_ranges),
        T(a_silent_caller_is_cut_when_the_opening_takes_too_long),
        T(a_missing_munged_refuses_with_words),
        T(an_open_caller_is_heard),
        T(a_tampered_message_cuts_the_peer_off),
        T(a_message_in_clear_cuts_the_peer_off),
        T(an_oversized_frame_cuts_the_peer_off),
        T(an_end_in_the_middle_of_a_message_is_said),
        T(a_connection_passed_along_opens_at_the_other_process),
        T(no_byte_beyond_the_hello_is_read_before_routing),
        T(what_is_no_connection_is_not_adopted),
    };

    return cmocka_run_group_tests(tests, private_munge_setup, private_munge_teardown);
}
