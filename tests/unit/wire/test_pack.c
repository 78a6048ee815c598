/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pack.c - golden bytes, bounds and digests of packed messages
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/auth.h"
#include "wire/messages.pb-c.h"
#include "wire/pack.h"

static void the_constants_of_the_wire_stay_as_they_are(void **state)
{
    (void)state;
    assert_int_equal(WIRE_MAGIC, 0x42525448);
    assert_memory_equal("HTRB", &(uint32_t){WIRE_MAGIC}, 4);
    assert_int_equal(WIRE_VERSION_MIN, 1);
    assert_int_equal(WIRE_VERSION_MAX, 1);
    assert_int_equal(WIRE_FRAME_MAX, 67108864);
    assert_int_equal(WIRE_HELLO_MAX, 8192);
    assert_int_equal(WIRE_OPENING_MS, 10000);
}

static void assert_packs_to(const ProtobufCMessage *msg, const void *golden, size_t len)
{
    cleanup(freep) uint8_t *bytes = NULL;
    size_t got;

    bytes = pack_message(msg, &got);
    assert_int_equal(got, len);
    assert_memory_equal(bytes, golden, len);
}

static void a_hello_packs_to_its_golden_bytes(void **state)
{
    static const uint8_t golden[] = {
        0x0d, 0x48, 0x54, 0x52, 0x42,                     /* magic */
        0x10, 1,    0x18, 1,                              /* versions */
        0x22, 7,    '1',  '7',  '.',  'l', 'e', 'a', 'd', /* target */
        0x2a, 5,    'M',  'U',  'N',  'G', 'E',           /* credential */
    };
    Berth__Hello hello = BERTH__HELLO__INIT;
    char target[] = "17.lead", credential[] = "MUNGE";

    (void)state;
    hello.magic = WIRE_MAGIC;
    hello.version_min = WIRE_VERSION_MIN;
    hello.version_max = WIRE_VERSION_MAX;
    hello.target = target;
    hello.credential.data = (uint8_t *)credential;
    hello.credential.len = 5;
    assert_packs_to(&hello.base, golden, sizeof(golden));
}

static void an_envelope_packs_to_its_golden_bytes(void **state)
{
    static const uint8_t golden[] = {
        0x08, 0xac, 0x02,                       /* id 300 */
        0x10, 1,                                /* reply */
        0x1a, 6,    0x08, 2, 0x12, 2, 'n', 'o', /* status ENOENT "no" */
        0x5a, 2,    0x20, 3,                    /* pong, 3 jobs pending */
    };
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__Status status = BERTH__STATUS__INIT;
    Berth__Pong pong = BERTH__PONG__INIT;
    char words[] = "no";

    (void)state;
    status.code = 2;
    status.text = words;
    pong.jobs_pending = 3;
    env.id = 300;
    env.reply = true;
    env.status = &status;
    env.body_case = BERTH__ENVELOPE__BODY_PONG;
    env.pong = &pong;
    assert_packs_to(&env.base, golden, sizeof(golden));
}

static void an_unknown_field_is_skipped(void **state)
{
    /* id 7, then field 1000 of each wire type, then a ping */
    static const uint8_t bytes[] = {
        0x08, 7, 0xc0, 0x3e, 99, 0xc2, 0x3e, 3, 'x', 'y', 'z', 0xc5, 0x3e, 1, 2,
        3,    4, 0xc1, 0x3e, 1,  2,    3,    4, 5,   6,   7,   8,    0x52, 0};
    cleanup(free_messagep) Berth__Envelope *env = NULL;

    (void)state;
    env = unpack_message(&berth__envelope__descriptor, bytes, sizeof(bytes));
    assert_non_null(env);
    assert_int_equal(env->id, 7);
    assert_int_equal(env->body_case, BERTH__ENVELOPE__BODY_PING);
}

static void an_unknown_body_is_no_body(void **state)
{
    static const uint8_t bytes[] = {0x08, 7, 0xc2, 0x3e, 0};
    cleanup(free_messagep) Berth__Envelope *env = NULL;

    (void)state;
    env = unpack_message(&berth__envelope__descriptor, bytes, sizeof(bytes));
    assert_non_null(env);
    assert_int_equal(env->body_case, BERTH__ENVELOPE__BODY__NOT_SET);
}

static void garbage_is_not_a_message(void **state)
{
    (void)state;
    assert_null(unpack_message(&berth__envelope__descriptor, "\x08", 1));
    assert_null(unpack_message(&berth__envelope__descriptor, "\xff\xff\xff", 3));
    assert_null(unpack_message(&berth__envelope__descriptor, "\x52\x7f", 2));
}

static void a_field_that_could_not_be_read_again_is_refused(void **state)
{
    (void)state;
    /* number 0 in an overlong encoding: at the top, and in a submessage */
    assert_null(unpack_message(&berth__envelope__descriptor, "\x80\x00\x28", 3));
    assert_null(
        unpack_message(&berth__envelope__descriptor, "\x52\x03\x80\x00\x28", 5));
}

static void a_few_bytes_cannot_ask_for_much_memory(void **state)
{
    /* Empty JobInfos, two bytes each, in a JobList. */
    size_t len = 4u << 20;
    cleanup(freep) uint8_t *bytes = xmalloc(len);

    (void)state;
    for (size_t i = 0; i < len; i += 2) {
        bytes[i] = 0x0a;
        bytes[i + 1] = 0;
    }
    assert_null(unpack_message(&berth__job_list__descriptor, bytes, len));
}

static Berth__JobInfo **make_jobs(size_t n, Berth__JobInfo *job)
{
    Berth__JobInfo **jobs = xcalloc(n, sizeof(Berth__JobInfo *));

    for (size_t i = 0; i < n; i++)
        jobs[i] = job;
    return jobs;
}

static void a_long_list_of_small_jobs_is_within_the_bound(void **state)
{
    enum { N = 50000 };
    Berth__JobRecord record = BERTH__JOB_RECORD__INIT;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    Berth__JobInfo job = BERTH__JOB_INFO__INIT;
    Berth__JobList list = BERTH__JOB_LIST__INIT;
    cleanup(free_messagep) Berth__JobList *copy = NULL;
    cleanup(freep) uint8_t *bytes = NULL;
    char name[] = "j", state_name[] = "PENDING", state_short[] = "PD";
    size_t len;

    (void)state;
    record.id = 1;
    spec.name = name;
    job.record = &record;
    job.spec = &spec;
    job.state = state_name;
    job.state_short = state_short;
    list.jobs = make_jobs(N, &job);
    list.n_jobs = N;
    bytes = pack_message(&list.base, &len);
    free(list.jobs);
    copy = unpack_message(&berth__job_list__descriptor, bytes, len);
    assert_non_null(copy);
    assert_int_equal(copy->n_jobs, N);
}

static void equal_messages_have_equal_digests(void **state)
{
    Berth__RunningJob a = BERTH__RUNNING_JOB__INIT, b = BERTH__RUNNING_JOB__INIT;
    uint8_t of_a[32], of_b[32];

    (void)state;
    a.job_id = b.job_id = 17;
    digest_message(&a.base, of_a);
    digest_message(&b.base, of_b);
    assert_memory_equal(of_a, of_b, 32);
    b.epoch = 1;
    digest_message(&b.base, of_b);
    assert_memory_not_equal(of_a, of_b, 32);
}

static void a_copy_shares_nothing(void **state)
{
    Berth__Status status = BERTH__STATUS__INIT;
    cleanup(free_messagep) Berth__Status *copy = NULL;
    char words[] = "first";

    (void)state;
    status.text = words;
    copy = copy_message(&status.base);
    words[0] = 'w';
    assert_string_equal(copy->text, "first");
    free_message(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_constants_of_the_wire_stay_as_they_are),
        cmocka_unit_test(a_hello_packs_to_its_golden_bytes),
        cmocka_unit_test(an_envelope_packs_to_its_golden_bytes),
        cmocka_unit_test(an_unknown_field_is_skipped),
        cmocka_unit_test(an_unknown_body_is_no_body),
        cmocka_unit_test(garbage_is_not_a_message),
        cmocka_unit_test(a_field_that_could_not_be_read_again_is_refused),
        cmocka_unit_test(a_few_bytes_cannot_ask_for_much_memory),
        cmocka_unit_test(a_long_list_of_small_jobs_is_within_the_bound),
        cmocka_unit_test(equal_messages_have_equal_digests),
        cmocka_unit_test(a_copy_shares_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
