/* SPDX-License-Identifier: Apache-2.0
 *
 * store.h - a key space and a journal with atomic batches, durable before it is told
 *
 * Keys are text ("job/17"), values bytes. Changes gather in the open batch, which
 * goes to a worker just before the loop would wait; when it is on disk (one fsync
 * for all of it) every callback registered with store_on_commit for that batch runs on
 * the loop's thread, in order. While one batch is being written the next one
 * fills: group commit. If a commit fails, 'on_failed' is called and nothing of
 * that batch is told: the controller stops, for going on would promise what it
 * cannot keep.
 */
#ifndef BERTH_STATE_STORE_H
#define BERTH_STATE_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"

struct store;

/* Open the store at 'path', or make it. 'on_failed' is called, from the loop,
 * when a commit has failed: nothing that waits for it will be told. */
int store_open(uv_loop_t *loop, const char *path,
               void (*on_failed)(const struct err *why, void *ctx), void *ctx,
               struct store **ret, struct err *err);
/* Writes what is open and runs its callbacks, before it returns. The loop must turn
 * once more to let go of the store's handles. NULL is fine. */
void store_close(struct store *store);

/* Read all keys with 'prefix' in order, from disk: for recovery at start. Stops
 * when 'each' returns other than 0, and returns that. */
int store_scan(struct store *store, const char *prefix,
               int (*each)(const char *key, const void *value, size_t len, void *ctx),
               void *ctx, struct err *err);

/* The value of 'key' as last committed, heap bytes. -ENOENT when there is none. */
int store_get(struct store *store, const char *key, void **ret_value, size_t *ret_len,
              struct err *err);

/* Into the open batch. The batch leaves by itself before the loop next waits. */
void store_put(struct store *store, const char *key, const void *value, size_t len);
void store_delete(struct store *store, const char *key);
/* The same, but 'value' is heap bytes, which the batch takes over. */
void store_put_heap(struct store *store, const char *key, void *value, size_t len);

/* Call 'fn' when all that was put so far is on disk (soon, from the loop, also
 * when nothing waits). */
void store_on_commit(struct store *store, void (*fn)(void *ctx), void *ctx);

/* Call 'fn' whenever the callbacks of a batch have run: what they have prepared for
 * each other's benefit can leave in one piece. */
void store_on_told(struct store *store, void (*fn)(void *ctx), void *ctx);

/* The journal: what has changed, in order, in the same batches. Events are numbered
 * from 1 and never twice; journal.h reads them.
 *
 * Append one, heap bytes that the batch takes over; returns its revision. */
uint64_t store_append(struct store *store, void *event, size_t len);
/* Drop events up to 'revision', but for the last one. */
void store_trim(struct store *store, uint64_t revision);
/* Batches that were written so far. */
uint64_t store_commits(const struct store *store);
/* The last revision on disk; the last one given out. */
uint64_t store_revision(const struct store *store);
uint64_t store_appended(const struct store *store);

#endif
