/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fake.c - how long jobs take on a node that only pretends to run them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>

#include <cmocka.h>

#include "base/mem.h"
#include "node/fake.h"

/* The double of uplink.c: nothing is said to anybody here. */
struct uplink *uplink_create(const struct uplink_self *self,
                             const struct uplink_host *host, void *ctx)
{
    (void)self;
    (void)host;
    (void)ctx;
    return NULL;
}

void uplink_start(struct uplink *up)
{
    (void)up;
}

void uplink_send_started(struct uplink *up, uint32_t job, uint32_t epoch)
{
    (void)up;
    (void)job;
    (void)epoch;
}

void uplink_send_ended(struct uplink *up, const Berth__JobEnded *ended,
                       void (*fn)(void *ctx), void *ctx)
{
    (void)up;
    (void)ended;
    (void)fn;
    (void)ctx;
}

static int64_t runtime(int64_t limit, const char *env, int64_t default_ms,
                       bool *ret_timed_out)
{
    cleanup(freep) char *entry = xstrdup(env ? env : "");
    char *entries[] = {entry};
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;

    spec.time_limit = limit;
    spec.env = entries;
    spec.n_env = env != NULL;
    return fake_runtime(&spec, default_ms, ret_timed_out);
}

static void seconds_may_have_a_fraction(void **state)
{
    int64_t ms = 0;

    (void)state;
    assert_int_equal(fake_runtime_parse("2", &ms, NULL), 0);
    assert_int_equal(ms, 2000);
    assert_int_equal(fake_runtime_parse("0.25s", &ms, NULL), 0);
    assert_int_equal(ms, 250);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {"", "-1", "1h", "nan", "inf", "2 s", "1e99"};
    struct err err;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        int64_t ms = 7;

        assert_int_equal(fake_runtime_parse(bad[i], &ms, &err), -EINVAL);
        assert_int_equal(ms, 7);
    }
}

static void the_jobs_own_word_goes_before_the_default(void **state)
{
    bool timed_out = true;

    (void)state;
    assert_int_equal(runtime(60, "BERTH_FAKE_RUNTIME=1.5", 9000, &timed_out), 1500);
    assert_false(timed_out);
    assert_int_equal(runtime(60, "BERTH_FAKE_RUNTIME=never", 9000, &timed_out), 9000);
    assert_int_equal(runtime(60, "BERTH_FAKE_RUNTIMES=1", 9000, &timed_out), 9000);
}

static void no_job_outlives_its_limit(void **state)
{
    bool timed_out = false;

    (void)state;
    assert_int_equal(runtime(60, "BERTH_FAKE_RUNTIME=61", -1, &timed_out), 60000);
    assert_true(timed_out);
    assert_int_equal(runtime(60, NULL, -1, &timed_out), 60000);
    assert_false(timed_out);
    assert_int_equal(runtime(-1, NULL, -1, &timed_out), -1);
    assert_int_equal(runtime(-1, NULL, 5000, &timed_out), 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_may_have_a_fraction),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(the_jobs_own_word_goes_before_the_default),
        cmocka_unit_test(no_job_outlives_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
