/* SPDX-License-Identifier: Apache-2.0
 *
 * test_store.c - what is told is on disk, in order, and in few commits
 */
#include "state/store.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    uv_loop_t loop;
    char dir[64], path[96];
    struct store *store;
    struct err failure;
};

static void on_failed(const struct err *why, void *ctx)
{
    struct fixture *f = ctx;

    f->failure = *why;
}

static void reopen(struct fixture *f)
{
    struct err err = {0};

    if (f->store) {
        store_close(f->store);
        uv_run(&f->loop, UV_RUN_DEFAULT);
    }
    if (store_open(&f->loop, f->path, on_failed, f, &f->store, &err))
        fail_msg("%s", err.text);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/berth-test-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/test.db", f->dir);
    uv_loop_init(&f->loop);
    reopen(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(io_remove_tree(f->dir, NULL), 0);
    free(f);
    return 0;
}

/* Key=value pairs of a scan, in the order seen. */
struct seen {
    char text[256];
    size_t n;
};

static int collect(const char *key, const void *value, size_t len, void *ctx)
{
    struct seen *seen = ctx;
    size_t at = strlen(seen->text);

    seen->n++;
    if (at < sizeof(seen->text) - 64)
        (void)snprintf(seen->text + at, sizeof(seen->text) - at, "%s=%.*s ", key,
                       (int)len, (const char *)value);
    return 0;
}

static struct seen scan(struct fixture *f, const char *prefix)
{
    struct seen seen = {0};

    assert_int_equal(store_scan(f->store, prefix, collect, &seen, NULL), 0);
    return seen;
}

static void put(struct fixture *f, const char *key, const char *value)
{
    store_put(f->store, key, value, strlen(value));
}

struct told {
    struct fixture *f;
    char order[64];
    size_t on_disk; /* keys that a reader saw when it was told */
};

static void tell(struct told *told, char letter)
{
    size_t n = strlen(told->order);

    told->order[n] = letter;
    told->on_disk = scan(told->f, "").n;
}

static void tell_a(void *ctx)
{
    tell(ctx, 'a');
}

static void tell_b(void *ctx)
{
    tell(ctx, 'b');
}

static void tell_c(void *ctx)
{
    tell(ctx, 'c');
}

static void callbacks_run_in_order_when_all_is_on_disk(void **state)
{
    struct fixture *f = *state;
    struct told told = {.f = f};

    put(f, "a", "1");
    store_on_commit(f->store, tell_a, &told);
    put(f, "b", "2");
    store_on_commit(f->store, tell_b, &told);
    assert_int_equal(scan(f, "").n, 0);
    assert_string_equal(told.order, "");
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_string_equal(told.order, "ab");
    assert_int_equal(told.on_disk, 2);
}

static void what_gathers_before_the_loop_waits_is_one_commit(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 1000; i++) {
        char key[16];

        (void)snprintf(key, sizeof(key), "k/%04d", i);
        put(f, key, "v");
    }
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(store_commits(f->store), 1);
    assert_int_equal(scan(f, "k/").n, 1000);
}

static void put_b_and_wait(void *ctx)
{
    struct told *told = ctx;

    tell(told, 'a');
    put(told->f, "b", "2");
    store_on_commit(told->f->store, tell_b, told);
}

static void what_a_callback_puts_is_the_next_commit(void **state)
{
    struct fixture *f = *state;
    struct told told = {.f = f};

    put(f, "a", "1");
    store_on_commit(f->store, put_b_and_wait, &told);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_string_equal(told.order, "ab");
    assert_int_equal(store_commits(f->store), 2);
    assert_int_equal(told.on_disk, 2);
}

static void tell_end(void *ctx)
{
    tell(ctx, '.');
}

static void the_end_of_each_batch_is_told_behind_its_callbacks(void **state)
{
    struct fixture *f = *state;
    struct told told = {.f = f};

    store_on_told(f->store, tell_end, &told);
    put(f, "a", "1");
    store_on_commit(f->store, put_b_and_wait, &told);
    store_on_commit(f->store, tell_c, &told);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_string_equal(told.order, "ac.b.");
    store_on_told(f->store, NULL, NULL);
}

static void with_nothing_to_write_a_callback_runs_at_once_from_the_loop(void **state)
{
    struct fixture *f = *state;
    struct told told = {.f = f};

    store_on_commit(f->store, tell_a, &told);
    assert_string_equal(told.order, "");
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_string_equal(told.order, "a");
    assert_int_equal(store_commits(f->store), 0);
}

static void join(uv_timer_t *timer)
{
    struct told *told = timer->data;

    store_on_commit(told->f->store, tell_c, told);
    uv_close((uv_handle_t *)timer, NULL);
}

static void a_callback_without_changes_keeps_its_place_behind_what_is_written(
    void **state)
{
    struct fixture *f = *state;
    struct told told = {.f = f};
    uv_timer_t timer;

    uv_timer_init(&f->loop, &timer);
    timer.data = &told;
    uv_timer_start(&timer, join, 0, 0);
    put(f, "a", "1");
    store_on_commit(f->store, tell_a, &told);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_string_equal(told.order, "ac");
    assert_int_equal(told.on_disk, 1);
}

static void a_reopened_store_has_what_was_put_and_not_what_was_deleted(void **state)
{
    struct fixture *f = *state;

    put(f, "job/2", "two");
    put(f, "job/1", "one");
    put(f, "jobs", "no");
    put(f, "meta/x", "y");
    put(f, "job/1", "uno");
    uv_run(&f->loop, UV_RUN_DEFAULT);
    store_delete(f->store, "meta/x");
    /* Still open when the store is closed. */
    put(f, "job/3", "three");
    reopen(f);
    assert_string_equal(scan(f, "job/").text, "job/1=uno job/2=two job/3=three ");
    assert_int_equal(scan(f, "").n, 4);
}

static int stop_at_two(const char *key, const void *value, size_t len, void *ctx)
{
    (void)collect(key, value, len, ctx);
    return ((struct seen *)ctx)->n == 2 ? -EINTR : 0;
}

static void a_scan_stops_when_it_is_told_to(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};

    put(f, "1", "");
    put(f, "2", "");
    put(f, "3", "");
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(store_scan(f->store, "", stop_at_two, &seen, NULL), -EINTR);
    assert_int_equal(seen.n, 2);
}

static void a_single_value_is_read_as_last_committed(void **state)
{
    struct fixture *f = *state;
    cleanup(freep) void *value = NULL;
    size_t len = 0;
    struct err err;

    put(f, "a", "1");
    assert_int_equal(store_get(f->store, "a", &value, &len, &err), -ENOENT);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    put(f, "a", "22");
    assert_int_equal(store_get(f->store, "a", &value, &len, &err), 0);
    assert_int_equal(len, 1);
    assert_memory_equal(value, "1", 1);
}

static void after_a_failed_commit_nothing_is_told(void **state)
{
    struct fixture *f = *state;
    struct told told = {.f = f};
    struct rlimit old, small = {1 << 17, RLIM_INFINITY};
    static char big[1 << 20];

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    store_put(f->store, "big", big, sizeof(big));
    store_on_commit(f->store, tell_a, &told);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    /* The next one would fit, but would tell what its reader cannot rely on. */
    put(f, "small", "1");
    store_on_commit(f->store, tell_b, &told);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_string_equal(told.order, "");
    assert_true(f->failure.code == ENOSPC || f->failure.code == EIO);
    assert_non_null(strstr(f->failure.text, f->path));
    assert_int_equal(scan(f, "").n, 0);
}

static void a_place_that_cannot_be_written_is_named(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    struct err err;

    assert_int_equal(
        store_open(&f->loop, "/proc/no/such.db", on_failed, f, &other, &err), -EIO);
    assert_string_equal(
        err.text, "store /proc/no/such.db: cannot open: unable to open database file");
}

int main(void)
{
#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_STORE(callbacks_run_in_order_when_all_is_on_disk),
        WITH_STORE(what_gathers_before_the_loop_waits_is_one_commit),
        WITH_STORE(what_a_callback_puts_is_the_next_commit),
        WITH_STORE(the_end_of_each_batch_is_told_behind_its_callbacks),
        WITH_STORE(with_nothing_to_write_a_callback_runs_at_once_from_the_loop),
        WITH_STORE(a_callback_without_changes_keeps_its_place_behind_what_is_written),
        WITH_STORE(a_reopened_store_has_what_was_put_and_not_what_was_deleted),
        WITH_STORE(a_scan_stops_when_it_is_told_to),
        WITH_STORE(a_single_value_is_read_as_last_committed),
        WITH_STORE(after_a_failed_commit_nothing_is_told),
        WITH_STORE(a_place_that_cannot_be_written_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
