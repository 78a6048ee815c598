/* SPDX-License-Identifier: Apache-2.0
 *
 * apply.h - from events of the journal to rows
 *
 * Events come in order and each once: the revision of the last one is written in the
 * transaction of the rows, and what is at or below it is passed over.
 */
#ifndef BERTH_HISTORY_APPLY_H
#define BERTH_HISTORY_APPLY_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

struct applier;

/* 'db' is borrowed. */
int applier_create(sqlite3 *db, struct applier **ret, struct err *err);
/* NULL is fine. */
void applier_destroy(struct applier *applier);

/* The last revision whose rows are there. */
uint64_t applier_revision(const struct applier *applier);

int applier_begin(struct applier *applier, struct err *err);
/* Within a transaction. An event of a kind that the history does not keep only moves
 * the revision on. */
int applier_apply(struct applier *applier, uint64_t revision, const Berth__Event *event,
                  struct err *err);
/* Events up to 'revision' cannot be had any more: said so in the file. */
int applier_skip(struct applier *applier, uint64_t revision, int64_t now,
                 struct err *err);
/* On failure all is as it was at the beginning. */
int applier_commit(struct applier *applier, struct err *err);
void applier_rollback(struct applier *applier);

#endif
