/* SPDX-License-Identifier: Apache-2.0
 *
 * recorder.h - bring the history up to what the journal has
 */
#ifndef BERTH_HISTORY_RECORDER_H
#define BERTH_HISTORY_RECORDER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct recorder;

/* Open the store's journal at 'store' and the history at 'file'. One thread at a time
 * uses a recorder. */
int recorder_create(const char *store, const char *file, struct recorder **ret,
                    struct err *err);
/* NULL is fine. */
void recorder_destroy(struct recorder *recorder);

/* Apply one batch of what has been committed; call again while there is more. On
 * failure nothing of the batch is there. */
int recorder_run(struct recorder *recorder, struct err *err);

/* False: the history was new when it was opened, or events were missing. */
bool recorder_knows_all(const struct recorder *recorder);
/* The revision that has been reached. */
uint64_t recorder_applied(const struct recorder *recorder);
/* The history's file, for its one writer. */
sqlite3 *recorder_db(const struct recorder *recorder);

#endif
