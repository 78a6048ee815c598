/* SPDX-License-Identifier: Apache-2.0
 *
 * store.c - the key space on SQLite: one table, one writer, group commit
 *
 *          put, delete                 before the loop waits
 *     ---------------------> open batch ---------------------> worker: BEGIN ...
 *                                 ^                            COMMIT (one fsync)
 *                                 |                                 |
 *      next batch fills meanwhile +-- on the loop's thread: told <--+
 *
 * The writer's connection belongs to the worker while a batch is being written.
 * Reads have a connection of their own, which WAL keeps from ever waiting.
 */
#include "state/store.h"

#include "base/mem.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct change {
    char *key;
    void *value; /* NULL: delete */
    size_t len;
};

struct listener {
    void (*fn)(void *ctx);
    void *ctx;
};

struct batch {
    struct change *changes;
    size_t n_changes, cap_changes;
    struct listener *listeners;
    size_t n_listeners, cap_listeners;
};

struct store {
    uv_loop_t *loop;
    char *path;
    sqlite3 *writer, *reader;
    sqlite3_stmt *put, *del, *get;
    void (*on_failed)(const struct err *why, void *ctx);
    void *ctx;
    struct batch open, leaving;
    bool is_writing, is_closing, is_armed;
    unsigned int n_handles; /* that the loop still has to close */
    struct err failure;     /* of the batch that leaves */
    uint64_t revision;
    uv_work_t work;
    uv_sem_t written;
    /* 'prepare' runs just before the loop waits; 'busy' keeps the loop from
     * waiting at all, should something be put after 'prepare' has run. */
    uv_prepare_t prepare;
    uv_idle_t busy;
};

static int fail(const struct store *store, sqlite3 *db, const char *what,
                struct err *err)
{
    int code = sqlite3_errcode(db);

    return err_set(err, code == SQLITE_FULL ? ENOSPC : EIO, "store %s: %s: %s",
                   store->path, what, sqlite3_errmsg(db));
}

static int run(const struct store *store, sqlite3 *db, const char *sql, struct err *err)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(store, db, sql, err);
    return 0;
}

/* ------------------------------------------------------------------ batches */

static void *grown(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return array;
    *cap = *cap ? *cap * 2 : 64;
    return xrealloc(array, *cap, size);
}

/* Forget what a batch holds, keep its arrays for the next one. */
static void batch_empty(struct batch *batch)
{
    for (size_t i = 0; i < batch->n_changes; i++) {
        free(batch->changes[i].key);
        free(batch->changes[i].value);
    }
    batch->n_changes = 0;
    batch->n_listeners = 0;
}

static void batch_fini(struct batch *batch)
{
    batch_empty(batch);
    free(batch->changes);
    free(batch->listeners);
}

static int write_change(struct store *store, const struct change *change,
                        struct err *err)
{
    sqlite3_stmt *stmt = change->value ? store->put : store->del;
    int rc;

    sqlite3_bind_text(stmt, 1, change->key, -1, SQLITE_STATIC);
    if (change->value)
        sqlite3_bind_blob64(stmt, 2, change->value, change->len, SQLITE_STATIC);
    rc = sqlite3_step(stmt);
    if (rc != SQLITE_DONE)
        (void)fail(store, store->writer, change->key, err);
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? 0 : -EIO;
}

/* One transaction; called on a worker, or on the loop's thread at the end. */
static int write_batch(struct store *store, const struct batch *batch, struct err *err)
{
    int rc = run(store, store->writer, "BEGIN IMMEDIATE", err);

    for (size_t i = 0; rc == 0 && i < batch->n_changes; i++)
        rc = write_change(store, &batch->changes[i], err);
    if (rc == 0)
        rc = run(store, store->writer, "COMMIT", err);
    /* Some failures have rolled back by themselves. */
    if (rc && !sqlite3_get_autocommit(store->writer))
        (void)run(store, store->writer, "ROLLBACK", NULL);
    return rc;
}

/* ------------------------------------------------------------------ hand over */

static void arm(struct store *store);
static void release(struct store *store);

static void tell(struct store *store)
{
    struct batch told = store->leaving;

    store->leaving = (struct batch){0};
    if (told.n_changes)
        store->revision++;
    for (size_t i = 0; i < told.n_listeners; i++)
        told.listeners[i].fn(told.listeners[i].ctx);
    batch_fini(&told);
}

static void on_work(uv_work_t *work)
{
    struct store *store = work->data;

    (void)write_batch(store, &store->leaving, &store->failure);
    uv_sem_post(&store->written);
}

static void on_written(uv_work_t *work, int status)
{
    struct store *store = work->data;

    (void)status;
    if (store->is_closing) {
        release(store);
        return;
    }
    uv_sem_wait(&store->written);
    store->is_writing = false;
    if (store->failure.code) {
        batch_empty(&store->leaving);
        store->on_failed(&store->failure, store->ctx);
        return;
    }
    tell(store);
    if (store->open.n_changes || store->open.n_listeners)
        arm(store);
}

static void disarm(struct store *store)
{
    store->is_armed = false;
    uv_prepare_stop(&store->prepare);
    uv_idle_stop(&store->busy);
}

static void hand_over(uv_prepare_t *prepare)
{
    struct store *store = prepare->data;

    disarm(store);
    store->leaving = store->open;
    store->open = (struct batch){0};
    if (store->leaving.n_changes == 0) {
        tell(store);
        return;
    }
    store->is_writing = true;
    BUG_ON(uv_queue_work(store->loop, &store->work, on_work, on_written));
}

static void stay_busy(uv_idle_t *idle)
{
    (void)idle;
}

/* See to it that the open batch leaves before the loop next waits. While a
 * batch is being written the open one stays and fills. */
static void arm(struct store *store)
{
    if (store->is_armed || store->is_writing || store->is_closing ||
        store->failure.code)
        return;
    store->is_armed = true;
    uv_prepare_start(&store->prepare, hand_over);
    uv_idle_start(&store->busy, stay_busy);
}

/* ------------------------------------------------------------------ interface */

static int open_connection(struct store *store, sqlite3 **ret_db, struct err *err)
{
    int rc = sqlite3_open_v2(
        store->path, ret_db,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK)
        return fail(store, *ret_db, "cannot open", err);
    sqlite3_busy_timeout(*ret_db, 5000);
    return 0;
}

static int prepare_statement(struct store *store, sqlite3 *db, const char *sql,
                             sqlite3_stmt **ret, struct err *err)
{
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) !=
        SQLITE_OK)
        return fail(store, db, "cannot prepare", err);
    return 0;
}

static int open_database(struct store *store, struct err *err)
{
    static const char setup[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                                "CREATE TABLE IF NOT EXISTS kv(key TEXT PRIMARY KEY,"
                                " value BLOB NOT NULL) WITHOUT ROWID;"
                                /* Fails now, not at the first job, when the
                                 * file cannot be written. */
                                "BEGIN IMMEDIATE; DELETE FROM kv WHERE key='';"
                                "COMMIT";
    int rc = open_connection(store, &store->writer, err);

    if (rc == 0 && sqlite3_exec(store->writer, setup, NULL, NULL, NULL) != SQLITE_OK)
        rc = fail(store, store->writer, "cannot set up", err);
    if (rc == 0)
        rc = prepare_statement(store, store->writer,
                               "INSERT OR REPLACE INTO kv VALUES(?1,?2)", &store->put,
                               err);
    if (rc == 0)
        rc = prepare_statement(store, store->writer, "DELETE FROM kv WHERE key=?1",
                               &store->del, err);
    if (rc == 0)
        rc = open_connection(store, &store->reader, err);
    if (rc == 0)
        rc = prepare_statement(store, store->reader,
                               "SELECT value FROM kv WHERE key=?1", &store->get, err);
    return rc;
}

static void close_database(struct store *store)
{
    sqlite3_finalize(store->put);
    sqlite3_finalize(store->del);
    sqlite3_finalize(store->get);
    sqlite3_close(store->reader);
    sqlite3_close(store->writer);
}

static void store_free(struct store *store)
{
    uv_sem_destroy(&store->written);
    batch_fini(&store->open);
    batch_fini(&store->leaving);
    free(store->path);
    free(store);
}

int store_open(uv_loop_t *loop, const char *path,
               void (*on_failed)(const struct err *why, void *ctx), void *ctx,
               struct store **ret, struct err *err)
{
    struct store *store = xcalloc(1, sizeof(*store));
    int rc;

    store->loop = loop;
    store->path = xstrdup(path);
    store->on_failed = on_failed;
    store->ctx = ctx;
    store->work.data = store;
    BUG_ON(uv_sem_init(&store->written, 0));
    rc = open_database(store, err);
    if (rc) {
        close_database(store);
        store_free(store);
        return rc;
    }
    uv_prepare_init(loop, &store->prepare);
    store->prepare.data = store;
    uv_idle_init(loop, &store->busy);
    store->busy.data = store;
    *ret = store;
    return 0;
}

static void release(struct store *store)
{
    if (--store->n_handles == 0)
        store_free(store);
}

static void on_handle_closed(uv_handle_t *handle)
{
    release(handle->data);
}

/* Write and tell, here and now, until callbacks put nothing more. */
static void finish_batches(struct store *store)
{
    if (store->is_writing)
        uv_sem_wait(&store->written);
    while (!store->failure.code) {
        tell(store);
        if (!store->open.n_changes && !store->open.n_listeners)
            return;
        store->leaving = store->open;
        store->open = (struct batch){0};
        if (store->leaving.n_changes)
            (void)write_batch(store, &store->leaving, &store->failure);
    }
    store->on_failed(&store->failure, store->ctx);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store->is_closing = true;
    store->n_handles = store->is_writing ? 3 : 2;
    if (store->is_writing || !store->failure.code)
        finish_batches(store);
    close_database(store);
    disarm(store);
    uv_close((uv_handle_t *)&store->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&store->busy, on_handle_closed);
}

int store_scan(struct store *store, const char *prefix,
               int (*each)(const char *key, const void *value, size_t len, void *ctx),
               void *ctx, struct err *err)
{
    static const char sql[] = "SELECT key, value FROM kv WHERE key >= ?1 ORDER BY key";
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_DONE, rc = 0;

    if (sqlite3_prepare_v2(store->reader, sql, -1, &stmt, NULL) != SQLITE_OK)
        return fail(store, store->reader, "cannot read", err);
    sqlite3_bind_text(stmt, 1, prefix, -1, SQLITE_STATIC);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(stmt, 0);

        if (strncmp(key, prefix, strlen(prefix)) != 0)
            break;
        rc = each(key, sqlite3_column_blob(stmt, 1),
                  (size_t)sqlite3_column_bytes(stmt, 1), ctx);
    }
    if (rc == 0 && step != SQLITE_DONE && step != SQLITE_ROW)
        rc = fail(store, store->reader, "cannot read", err);
    sqlite3_finalize(stmt);
    return rc;
}

int store_get(struct store *store, const char *key, void **ret_value, size_t *ret_len,
              struct err *err)
{
    int step, rc = 0;

    sqlite3_bind_text(store->get, 1, key, -1, SQLITE_STATIC);
    step = sqlite3_step(store->get);
    if (step == SQLITE_ROW) {
        *ret_len = (size_t)sqlite3_column_bytes(store->get, 0);
        *ret_value = xmemdup(sqlite3_column_blob(store->get, 0), *ret_len);
    } else if (step == SQLITE_DONE) {
        rc = err_set(err, ENOENT, "store %s: no key %s", store->path, key);
    } else {
        rc = fail(store, store->reader, "cannot read", err);
    }
    /* An open statement would hold back checkpoints. */
    sqlite3_reset(store->get);
    return rc;
}

static void add_change(struct store *store, const char *key, void *value, size_t len)
{
    struct batch *batch = &store->open;

    batch->changes = grown(batch->changes, batch->n_changes, &batch->cap_changes,
                           sizeof(*batch->changes));
    batch->changes[batch->n_changes++] =
        (struct change){.key = xstrdup(key), .value = value, .len = len};
    arm(store);
}

void store_put(struct store *store, const char *key, const void *value, size_t len)
{
    add_change(store, key, xmemdup(value, len), len);
}

void store_delete(struct store *store, const char *key)
{
    add_change(store, key, NULL, 0);
}

void store_on_commit(struct store *store, void (*fn)(void *ctx), void *ctx)
{
    /* Nothing new was put: what is being written now is all there is. */
    bool joins_writing = store->is_writing && store->open.n_changes == 0;
    struct batch *batch = joins_writing ? &store->leaving : &store->open;

    batch->listeners = grown(batch->listeners, batch->n_listeners,
                             &batch->cap_listeners, sizeof(*batch->listeners));
    batch->listeners[batch->n_listeners++] = (struct listener){fn, ctx};
    arm(store);
}

uint64_t store_revision(const struct store *store)
{
    return store->revision;
}
