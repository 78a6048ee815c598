/* SPDX-License-Identifier: Apache-2.0
 *
 * test_journal.c - a controller's store as a trace
 */
#include "sim/journal.h"

#include "base/mem.h"
#include "base/units.h"
#include "wire/messages.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct store {
    char path[64];
    sqlite3 *db;
};

static int create_store(void **state)
{
    struct store *store = xcalloc(1, sizeof(*store));
    int fd;

    (void)strcpy(store->path, "/tmp/berth-journal-XXXXXX");
    fd = mkstemp(store->path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(sqlite3_open(store->path, &store->db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(store->db,
                                  "CREATE TABLE kv(key TEXT PRIMARY KEY,"
                                  " value BLOB NOT NULL) WITHOUT ROWID",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    *state = store;
    return 0;
}

static int destroy_store(void **state)
{
    struct store *store = *state;

    (void)sqlite3_close(store->db);
    (void)unlink(store->path);
    free(store);
    return 0;
}

static void put(struct store *store, const char *key, const void *value, size_t len)
{
    sqlite3_stmt *insert;

    assert_int_equal(sqlite3_prepare_v2(store->db, "INSERT INTO kv VALUES(?1,?2)", -1,
                                        &insert, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_text(insert, 1, key, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(insert, 2, value, (int)len, SQLITE_TRANSIENT);
    assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
    (void)sqlite3_finalize(insert);
}

static void put_message(struct store *store, const char *kind, uint32_t id,
                        const ProtobufCMessage *message)
{
    const size_t len = protobuf_c_message_get_packed_size(message);
    cleanup(freep) uint8_t *bytes = xmalloc(len + 1);
    char key[32];

    (void)protobuf_c_message_pack(message, bytes);
    (void)snprintf(key, sizeof(key), "%s/%010u", kind, id);
    put(store, key, bytes, len);
}

/* A job on cores "0-3" of one node and "0,2" of another. */
static void put_job(struct store *store, uint32_t id, int64_t submit, int64_t start,
                    int64_t end, int64_t limit)
{
    Berth__NodeShare first = BERTH__NODE_SHARE__INIT, second = BERTH__NODE_SHARE__INIT;
    Berth__NodeShare *shares[] = {&first, &second};
    Berth__Placement placement = BERTH__PLACEMENT__INIT;
    Berth__JobRecord record = BERTH__JOB_RECORD__INIT;
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    char cores[2][8] = {"0-3", "0,2"};

    first.cores = cores[0];
    second.cores = cores[1];
    placement.n_shares = 2;
    placement.shares = shares;
    record.id = id;
    record.submit_time = submit;
    record.start_time = start;
    record.end_time = end;
    record.placement = start ? &placement : NULL;
    spec.time_limit = limit;
    spec.uid = 1000;
    spec.mem_per_node = 512;
    put_message(store, "spec", id, &spec.base);
    put_message(store, "job", id, &record.base);
}

static int read_store(const struct store *store, struct trace *ret, struct err *err)
{
    const struct trace_rules rules = TRACE_RULES_DEFAULT;

    return journal_read(store->path, &rules, ret, err);
}

static void an_ended_job_is_a_job_of_the_trace(void **state)
{
    struct store *store = *state;
    struct trace t;
    struct err err = {0};

    put_job(store, 17, 1000, 1050, 1150, 3600);
    put(store, "meta/next_job", "18", 2);
    if (read_store(store, &t, &err))
        fail_msg("%s", err.text);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.jobs[0].number, 17);
    assert_int_equal(t.jobs[0].submit, 1000);
    assert_int_equal(t.jobs[0].wait, 50);
    assert_int_equal(t.jobs[0].run, 100);
    assert_int_equal(t.jobs[0].request, 3600);
    assert_int_equal(t.jobs[0].procs, 6);
    assert_int_equal(t.jobs[0].nodes, 2);
    assert_int_equal(t.jobs[0].mem_per_node, 512);
    assert_int_equal(t.jobs[0].user, 1000);
    trace_fini(&t);
}

static void jobs_come_by_submit_time_whatever_their_number(void **state)
{
    struct store *store = *state;
    struct trace t;
    struct err err = {0};

    put_job(store, 2, 2000, 2000, 2010, 60);
    put_job(store, 10, 1000, 1000, 1010, TIME_UNLIMITED);
    assert_int_equal(read_store(store, &t, &err), 0);
    assert_int_equal(t.n, 2);
    assert_int_equal(t.jobs[0].number, 10);
    assert_int_equal(t.jobs[0].request, JOURNAL_UNLIMITED);
    trace_fini(&t);
}

static void jobs_that_wait_or_run_are_counted_and_left_out(void **state)
{
    struct store *store = *state;
    struct trace t;
    struct err err = {0};

    put_job(store, 1, 1000, 0, 0, 60);
    put_job(store, 2, 1000, 1001, 0, 60);
    put_job(store, 3, 1000, 0, 1005, 60);
    assert_int_equal(read_store(store, &t, &err), 0);
    assert_int_equal(t.n, 0);
    assert_int_equal(t.counts.lines, 3);
    assert_int_equal(t.counts.no_run, 3);
    trace_fini(&t);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct store *store = *state;
    struct trace t;
    struct err err = {0};

    put(store, "job/0000000009", "\xff\xff", 2);
    assert_int_equal(read_store(store, &t, &err), -EINVAL);
    assert_non_null(strstr(err.text, ": job/0000000009: the record cannot be read"));
}

static void a_file_that_is_no_store_is_refused(void **state)
{
    const struct trace_rules rules = TRACE_RULES_DEFAULT;
    struct trace t;
    struct err err = {0};

    (void)state;
    assert_int_equal(journal_read("/nonexistent/x.db", &rules, &t, &err), -EIO);
    assert_non_null(strstr(err.text, "/nonexistent/x.db: cannot open"));
    assert_int_equal(journal_read("/etc/passwd", &rules, &t, &err), -EIO);
    assert_non_null(strstr(err.text, "not a controller's store"));
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, create_store, destroy_store)
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_ended_job_is_a_job_of_the_trace),
        STORE_TEST(jobs_come_by_submit_time_whatever_their_number),
        STORE_TEST(jobs_that_wait_or_run_are_counted_and_left_out),
        STORE_TEST(what_cannot_be_read_is_named),
        cmocka_unit_test(a_file_that_is_no_store_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
