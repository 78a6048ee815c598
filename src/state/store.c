/* SPDX-License-Identifier: Apache-2.0
 *
 * store.c - gather changes, commit them together, tell after that
 *
 *          put, delete                 before the loop waits
 *     ---------------------> open batch ---------------------> worker: BEGIN ...
 *                                 ^                            COMMIT (one fsync)
 *                                 |                                 |
 *      next batch fills meanwhile +-- on the loop's thread: told <--+
 *
 * The batch that leaves belongs to the worker until it is written.
 */
#include "state/store.h"

#include "base/mem.h"
#include "state/db.h"

#include <stdbool.h>
#include <stdlib.h>

struct listener {
    void (*fn)(void *ctx);
    void *ctx;
};

struct batch {
    struct db_change *changes;
    size_t n_changes, cap_changes;
    struct listener *listeners;
    size_t n_listeners, cap_listeners;
    uint64_t revision; /* of the last event; 0: none */
};

struct store {
    uv_loop_t *loop;
    struct db *db;
    void (*on_failed)(const struct err *why, void *ctx);
    void *ctx;
    struct listener on_told;           /* of every batch */
    struct batch open, leaving, spare; /* an empty one, for its arrays */
    bool is_writing, is_closing, is_armed;
    unsigned int n_handles; /* that the loop still has to close */
    struct err failure;     /* of the batch that leaves */
    uint64_t commits, revision, appended;
    uv_work_t work;
    uv_sem_t written;
    /* 'prepare' runs just before the loop waits; 'busy' keeps the loop from
     * waiting at all, should something be put after 'prepare' has run. */
    uv_prepare_t prepare;
    uv_idle_t busy;
};

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
    batch->revision = 0;
}

static void batch_fini(struct batch *batch)
{
    batch_empty(batch);
    free(batch->changes);
    free(batch->listeners);
}

/* Called on a worker, or on the loop's thread at the end. */
static void write_leaving(struct store *store)
{
    (void)db_write(store->db, store->leaving.changes, store->leaving.n_changes,
                   &store->failure);
}

/* ------------------------------------------------------------------ hand over */

static void arm(struct store *store);
static void release(struct store *store);

static void tell(struct store *store)
{
    struct batch told = store->leaving;

    store->leaving = (struct batch){0};
    if (told.n_changes)
        store->commits++;
    if (told.revision)
        store->revision = told.revision;
    for (size_t i = 0; i < told.n_listeners; i++)
        told.listeners[i].fn(told.listeners[i].ctx);
    batch_empty(&told);
    batch_fini(&store->spare);
    store->spare = told;
    if (store->on_told.fn)
        store->on_told.fn(store->on_told.ctx);
}

static void on_work(uv_work_t *work)
{
    struct store *store = work->data;

    write_leaving(store);
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

static void next_batch(struct store *store)
{
    store->leaving = store->open;
    store->open = store->spare;
    store->spare = (struct batch){0};
}

static void hand_over(uv_prepare_t *prepare)
{
    struct store *store = prepare->data;

    disarm(store);
    next_batch(store);
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

static void store_free(struct store *store)
{
    uv_sem_destroy(&store->written);
    batch_fini(&store->open);
    batch_fini(&store->leaving);
    batch_fini(&store->spare);
    free(store);
}

int store_open(uv_loop_t *loop, const char *path,
               void (*on_failed)(const struct err *why, void *ctx), void *ctx,
               struct store **ret, struct err *err)
{
    struct store *store = xcalloc(1, sizeof(*store));
    int rc;

    store->loop = loop;
    store->on_failed = on_failed;
    store->ctx = ctx;
    store->work.data = store;
    BUG_ON(uv_sem_init(&store->written, 0));
    rc = db_open(path, &store->db, err);
    if (rc == 0) {
        rc = db_last_revision(store->db, &store->revision, err);
        store->appended = store->revision;
        if (rc)
            db_close(store->db);
    }
    if (rc) {
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
        next_batch(store);
        if (store->leaving.n_changes)
            write_leaving(store);
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
    db_close(store->db);
    disarm(store);
    uv_close((uv_handle_t *)&store->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&store->busy, on_handle_closed);
}

int store_scan(struct store *store, const char *prefix,
               int (*each)(const char *key, const void *value, size_t len, void *ctx),
               void *ctx, struct err *err)
{
    return db_scan(store->db, prefix, each, ctx, err);
}

int store_get(struct store *store, const char *key, void **ret_value, size_t *ret_len,
              struct err *err)
{
    return db_get(store->db, key, ret_value, ret_len, err);
}

static void add_change(struct store *store, struct db_change change)
{
    struct batch *batch = &store->open;

    batch->changes = grown(batch->changes, batch->n_changes, &batch->cap_changes,
                           sizeof(*batch->changes));
    batch->changes[batch->n_changes++] = change;
    arm(store);
}

void store_put(struct store *store, const char *key, const void *value, size_t len)
{
    store_put_heap(store, key, xmemdup(value, len), len);
}

void store_put_heap(struct store *store, const char *key, void *value, size_t len)
{
    add_change(store,
               (struct db_change){.key = xstrdup(key), .value = value, .len = len});
}

void store_delete(struct store *store, const char *key)
{
    add_change(store, (struct db_change){.key = xstrdup(key)});
}

uint64_t store_append(struct store *store, void *event, size_t len)
{
    store->open.revision = ++store->appended;
    add_change(store, (struct db_change){
                          .value = event, .len = len, .revision = store->appended});
    return store->appended;
}

void store_trim(struct store *store, uint64_t revision)
{
    add_change(store, (struct db_change){.revision = revision});
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

void store_on_told(struct store *store, void (*fn)(void *ctx), void *ctx)
{
    store->on_told = (struct listener){fn, ctx};
}

uint64_t store_commits(const struct store *store)
{
    return store->commits;
}

uint64_t store_revision(const struct store *store)
{
    return store->revision;
}

uint64_t store_appended(const struct store *store)
{
    return store->appended;
}
