/* SPDX-License-Identifier: Apache-2.0
 *
 * db.h - keys, values and a journal in one SQLite file
 *
 * Two connections: the writer's may be used by one thread at a time, whichever
 * it is; reads have their own, which WAL keeps from ever waiting. Only store.c
 * uses this.
 */
#ifndef BERTH_STATE_DB_H
#define BERTH_STATE_DB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

struct db_change {
    char *key;   /* NULL: of the journal */
    void *value; /* NULL: delete; of the journal: all up to 'revision' */
    size_t len;
    uint64_t revision; /* in the journal */
};

/* Open or make the file at 'path', and prove that it can be written. */
int db_open(const char *path, struct db **ret, struct err *err);
void db_close(struct db *db);

/* All changes in one transaction, on disk when it returns 0 (-ENOSPC, -EIO). */
int db_write(struct db *db, const struct db_change *changes, size_t n, struct err *err);

/* The journal's last revision, 0 when it never had one. */
int db_last_revision(struct db *db, uint64_t *ret, struct err *err);

/* As store_scan and store_get. */
int db_scan(struct db *db, const char *prefix,
            int (*each)(const char *key, const void *value, size_t len, void *ctx),
            void *ctx, struct err *err);
int db_get(struct db *db, const char *key, void **ret_value, size_t *ret_len,
           struct err *err);

#endif
