/* SPDX-License-Identifier: Apache-2.0
 *
 * marks.h - when a file had which size
 *
 * Pure. A bounded memory: when it is full, every second mark is forgotten, and later
 * ones come half as often. So an answer may be early, never late.
 */
#ifndef BERTH_SHEPHERD_MARKS_H
#define BERTH_SHEPHERD_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define MARKS_MAX 2048

struct mark {
    int64_t time, size; /* seconds since the epoch, bytes */
};

struct marks {
    struct mark v[MARKS_MAX];
    size_t n;
    int64_t apart; /* seconds between marks, at least */
};

/* At 'time', which does not go back, the file had this size. */
void marks_add(struct marks *marks, int64_t time, int64_t size);

/* All before this offset was written before 'since'. */
int64_t marks_offset(const struct marks *marks, int64_t since);

#endif
