/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.h - read what has changed, in order
 *
 * A reader is a connection of its own to the store's file: any one thread may use
 * it, and never waits for who writes. It sees what is committed.
 */
#ifndef BERTH_STATE_JOURNAL_H
#define BERTH_STATE_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct journal_reader;

/* Open the store at 'path', which must exist. */
int journal_reader_open(const char *path, struct journal_reader **ret, struct err *err);
/* NULL is fine. */
void journal_reader_close(struct journal_reader *reader);

/* Hand over events after revision 'after', 'max' of them at most. Stops when 'each'
 * returns other than 0, and returns that; otherwise how many there were, or -Exxx. */
int journal_read(struct journal_reader *reader, uint64_t after, size_t max,
                 int (*each)(uint64_t revision, const void *event, size_t len,
                             void *ctx),
                 void *ctx, struct err *err);

/* The oldest revision that is kept and the newest; 0 when there is none. */
int journal_bounds(struct journal_reader *reader, uint64_t *ret_first,
                   uint64_t *ret_last, struct err *err);

#endif
