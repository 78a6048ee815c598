/* SPDX-License-Identifier: Apache-2.0
 *
 * test_opening.c - what an opening proves, and each way it is refused
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <munge.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "private_munge.h"
#include "wire/opening.h"
#include "wire/pack.h"

#define STRANGER 65534

/* Both ends of one opening. */
struct ends {
    struct opening caller, answerer;
    struct peer of_caller, of_answerer; /* whom each has found */
    struct err err;
};

static int setup(void **state)
{
    struct ends *e = xcalloc(1, sizeof(*e));

    assert_int_equal(opening_hello(&e->caller, &munge_auth, "17.lead", NULL), 0);
    *state = e;
    return 0;
}

static int teardown(void **state)
{
    struct ends *e = *state;

    opening_fini(&e->caller);
    opening_fini(&e->answerer);
    free(e);
    return 0;
}

static int answer(struct ends *e, const void *hello, size_t len)
{
    opening_fini(&e->answerer);
    e->err.text[0] = '\0';
    return opening_answer(&e->answerer, &munge_auth, hello, len, &e->of_answerer,
                          &e->err);
}

static int finish(struct ends *e)
{
    return opening_finish(&e->caller, &munge_auth, e->answerer.reply,
                          e->answerer.reply_len, geteuid(), &e->of_caller, &e->err);
}

static void assert_refused(struct ends *e, int rc, const char *words)
{
    assert_int_equal(rc, -EPERM);
    if (strncmp(e->err.text, words, strlen(words)) != 0)
        fail_msg("'%s' does not begin with '%s'", e->err.text, words);
}

static void both_ends_learn_uid_and_key_of_the_other(void **state)
{
    struct ends *e = *state;

    assert_int_equal(answer(e, e->caller.hello, e->caller.hello_len), 0);
    assert_int_equal(finish(e), 0);
    assert_int_equal(e->of_answerer.uid, getuid());
    assert_int_equal(e->of_answerer.gid, getgid());
    assert_int_equal(e->of_caller.uid, getuid());
    assert_memory_equal(e->caller.peer_key, e->answerer.own.public_key, SESSION_KEY);
    assert_memory_equal(e->answerer.peer_key, e->caller.own.public_key, SESSION_KEY);
}

static void a_replayed_hello_is_refused(void **state)
{
    struct ends *e = *state;

    assert_int_equal(answer(e, e->caller.hello, e->caller.hello_len), 0);
    assert_refused(e, answer(e, e->caller.hello, e->caller.hello_len), "replayed: ");
    /* The caller is told the same. */
    assert_refused(e, finish(e), "refused: replayed: ");
}

static void a_replayed_reply_is_refused(void **state)
{
    struct ends *e = *state;

    assert_int_equal(answer(e, e->caller.hello, e->caller.hello_len), 0);
    assert_int_equal(finish(e), 0);
    assert_refused(e, finish(e), "replayed: ");
}

static Berth__Hello *hello_of(struct ends *e)
{
    Berth__Hello *hello = NULL;

    assert_int_equal(
        opening_read_hello(e->caller.hello, e->caller.hello_len, &hello, NULL), 0);
    return hello;
}

static int answer_changed(struct ends *e, const Berth__Hello *hello)
{
    size_t len;
    cleanup(freep) uint8_t *bytes = pack_message(&hello->base, &len);

    return answer(e, bytes, len);
}

static void a_hello_for_another_target_is_not_bound(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);

    hello->target[0] = '2';
    assert_refused(e, answer_changed(e, hello), "not bound to this connection: ");
}

static void a_reply_to_another_hello_is_not_bound(void **state)
{
    struct ends *e = *state;
    struct opening other = {0};

    assert_int_equal(opening_hello(&other, &munge_auth, "17.lead", NULL), 0);
    assert_int_equal(answer(e, other.hello, other.hello_len), 0);
    assert_refused(e, finish(e), "not bound to this connection: ");
    opening_fini(&other);
}

static void a_reply_cannot_serve_as_a_hello(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);
    cleanup(free_messagep) Berth__HelloReply *reply = NULL;

    assert_int_equal(answer(e, e->caller.hello, e->caller.hello_len), 0);
    reply = unpack_message(&berth__hello_reply__descriptor, e->answerer.reply,
                           e->answerer.reply_len);
    assert_non_null(reply);
    free(hello->credential.data);
    hello->credential.data = take(reply->credential.data);
    hello->credential.len = reply->credential.len;
    reply->credential.len = 0;
    assert_refused(e, answer_changed(e, hello), "not bound to this connection: ");
}

static void an_expired_credential_is_refused(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);
    munge_ctx_t ctx = munge_ctx_create();
    char *credential;

    assert_int_equal(munge_ctx_set(ctx, MUNGE_OPT_SOCKET, munge_auth.munge_socket), 0);
    assert_int_equal(munge_ctx_set(ctx, MUNGE_OPT_TTL, 1), 0);
    assert_int_equal(munge_encode(&credential, ctx, "x", 1), 0);
    munge_ctx_destroy(ctx);
    free(hello->credential.data);
    hello->credential.data = (uint8_t *)credential;
    hello->credential.len = strlen(credential);
    /* MUNGE counts whole seconds; there is nothing to wait on but the clock. */
    (void)poll(NULL, 0, 2200);
    assert_refused(e, answer_changed(e, hello), "expired: ");
}

static void a_credential_without_a_key_is_refused(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);
    munge_ctx_t ctx = munge_ctx_create();
    char *credential;

    assert_int_equal(munge_ctx_set(ctx, MUNGE_OPT_SOCKET, munge_auth.munge_socket), 0);
    assert_int_equal(munge_encode(&credential, ctx, "x", 1), 0);
    munge_ctx_destroy(ctx);
    free(hello->credential.data);
    hello->credential.data = (uint8_t *)credential;
    hello->credential.len = strlen(credential);
    assert_refused(e, answer_changed(e, hello), "munge: ");
}

static void a_forged_credential_is_refused(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);

    hello->credential.data[hello->credential.len / 2] ^= 1;
    assert_refused(e, answer_changed(e, hello), "munge: ");
}

/* Run 'fn' as a stranger and return its verdict. Only root can. */
static int as_stranger(struct ends *e, int (*fn)(struct ends *))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (setgid(STRANGER) < 0 || setuid(STRANGER) < 0)
            _exit(100);
        _exit(fn(e) == -EPERM && strncmp(e->err.text, "wrong uid: ", 11) == 0 ? 42 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_reply_for_another_uid_cannot_be_read(void **state)
{
    struct ends *e = *state;

    if (getuid() != 0) {
        print_message("only root can become another account\n");
        skip();
    }
    assert_int_equal(answer(e, e->caller.hello, e->caller.hello_len), 0);
    assert_int_equal(as_stranger(e, finish), 42);
}

static int answer_own_uid_only(struct ends *e)
{
    struct wire_auth strict = munge_auth;

    strict.own_uid_only = true;
    return opening_answer(&e->answerer, &strict, e->caller.hello, e->caller.hello_len,
                          &e->of_answerer, &e->err);
}

static void a_shepherd_admits_its_own_uid_and_root_only(void **state)
{
    struct ends *e = *state;
    int fds[2];
    pid_t pid;

    assert_int_equal(answer_own_uid_only(e), 0);
    if (getuid() != 0) {
        print_message("only root can become another account\n");
        skip();
    }
    /* A stranger's Hello comes through a pipe. */
    assert_int_equal(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        struct opening o = {0};

        if (setuid(STRANGER) < 0 || opening_hello(&o, &munge_auth, "", NULL) < 0)
            _exit(1);
        _exit(write(fds[1], o.hello, o.hello_len) == (ssize_t)o.hello_len ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    opening_fini(&e->caller);
    e->caller.hello = xmalloc(WIRE_HELLO_MAX);
    e->caller.hello_len = (size_t)read(fds[0], e->caller.hello, WIRE_HELLO_MAX);
    close(fds[0]);
    close(fds[1]);
    opening_fini(&e->answerer);
    assert_refused(e, answer_own_uid_only(e), "wrong uid: 65534 ");
}

static void an_answerer_of_the_wrong_uid_is_refused(void **state)
{
    struct ends *e = *state;
    uid_t other = getuid() + 1;
    int rc;

    assert_int_equal(answer(e, e->caller.hello, e->caller.hello_len), 0);
    rc = opening_finish(&e->caller, &munge_auth, e->answerer.reply,
                        e->answerer.reply_len, other, &e->of_caller, &e->err);
    if (getuid() == 0)
        assert_int_equal(rc, 0); /* root answers for anyone */
    else
        assert_refused(e, rc, "wrong uid: ");
}

static void a_hello_cut_anywhere_is_refused(void **state)
{
    struct ends *e = *state;

    for (size_t len = 0; len < e->caller.hello_len; len++)
        assert_int_equal(answer(e, e->caller.hello, len), -EPERM);
    assert_refused(e, answer(e, e->caller.hello, e->caller.hello_len - 10),
                   "truncated: ");
    assert_int_equal(answer(e, e->caller.hello, e->caller.hello_len), 0);
}

static void a_hello_without_credential_is_truncated(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);

    hello->credential.len = 0;
    assert_refused(e, answer_changed(e, hello), "truncated: ");
}

static void an_oversized_hello_is_refused(void **state)
{
    struct ends *e = *state;
    cleanup(freep) uint8_t *bytes = xcalloc(1, WIRE_HELLO_MAX + 1);

    assert_refused(e, answer(e, bytes, WIRE_HELLO_MAX + 1), "oversized: ");
}

static void an_oversized_target_is_refused_on_both_sides(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);
    struct opening o = {0};
    char target[WIRE_HELLO_MAX + 1];

    memset(target, 'x', sizeof(target));
    target[OPENING_TARGET_MAX + 1] = '\0';
    str_replace(&hello->target, target);
    assert_refused(e, answer_changed(e, hello), "oversized: ");
    assert_int_equal(opening_hello(&o, &munge_auth, target, &e->err), -EINVAL);
    opening_fini(&o);
}

static void another_magic_is_refused(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);

    hello->magic = 0x20544547; /* "GET " */
    assert_refused(e, answer_changed(e, hello), "bad magic: ");
}

static void versions_without_a_common_one_are_refused(void **state)
{
    struct ends *e = *state;
    cleanup(free_messagep) Berth__Hello *hello = hello_of(e);

    hello->version_min = 7;
    hello->version_max = 9;
    assert_refused(e, answer_changed(e, hello), "no common version: ");
    assert_non_null(strstr(e->err.text, "7 to 9"));
}

static void an_answer_in_an_unknown_version_is_refused(void **state)
{
    struct ends *e = *state;
    Berth__HelloReply reply = BERTH__HELLO_REPLY__INIT;

    reply.version = 9;
    e->answerer.reply = pack_message(&reply.base, &e->answerer.reply_len);
    assert_int_equal(finish(e), -EPROTO);
    assert_non_null(strstr(e->err.text, "no common version"));
}

static void a_strangers_words_cannot_drive_a_terminal(void **state)
{
    struct ends *e = *state;

    opening_refuse(&e->answerer, "go\033[2Jaway\n");
    assert_int_equal(finish(e), -EPERM);
    assert_string_equal(e->err.text, "refused: go?[2Jaway?");
}

static void a_missing_munged_is_named_with_its_socket(void **state)
{
    struct wire_auth nowhere = {.munge_socket = "/nonexistent/munge.sock"};
    struct opening o = {0};
    struct err err;

    (void)state;
    assert_int_equal(opening_hello(&o, &nowhere, "", &err), -ENOENT);
    assert_string_equal(err.text, "munged is not running at /nonexistent/munge.sock");
    opening_fini(&o);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(both_ends_learn_uid_and_key_of_the_other),
        T(a_replayed_hello_is_refused),
        T(a_replayed_reply_is_refused),
        T(a_hello_for_another_target_is_not_bound),
        T(a_reply_to_another_hello_is_not_bound),
        T(a_reply_cannot_serve_as_a_hello),
        T(an_expired_credential_is_refused),
        T(a_credential_without_a_key_is_refused),
        T(a_forged_credential_is_refused),
        T(a_reply_for_another_uid_cannot_be_read),
        T(a_shepherd_admits_its_own_uid_and_root_only),
        T(an_answerer_of_the_wrong_uid_is_refused),
        T(a_hello_cut_anywhere_is_refused),
        T(a_hello_without_credential_is_truncated),
        T(an_oversized_hello_is_refused),
        T(an_oversized_target_is_refused_on_both_sides),
        T(another_magic_is_refused),
        T(versions_without_a_common_one_are_refused),
        T(an_answer_in_an_unknown_version_is_refused),
        T(a_strangers_words_cannot_drive_a_terminal),
        T(a_missing_munged_is_named_with_its_socket),
    };

    return cmocka_run_group_tests(tests, private_munge_setup, private_munge_teardown);
}
