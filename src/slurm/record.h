/* SPDX-License-Identifier: Apache-2.0
 *
 * record.h - records as scontrol shows them: lines of KEY=VALUE
 *
 *     JobId=17 JobName=test
 *        UserId=me(1000) GroupId=me(1000)
 *
 * or all of it on one line. Readers split at blanks, then at '='.
 */
#ifndef BERTH_SLURM_RECORD_H
#define BERTH_SLURM_RECORD_H

#include <stdbool.h>

#include "base/strbuf.h"

struct record {
    struct strbuf text;
    bool one_line;
    bool is_begun; /* something stands on this line */
};

/* " KEY=", to which the caller appends the value. */
struct strbuf *record_key(struct record *record, const char *key);
/* The same with the value: formatted, or a text, "(null)" when it is empty. */
void record_put(struct record *record, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void record_text(struct record *record, const char *key, const char *text);
/* What follows is on a line of its own. */
void record_line(struct record *record);
/* Print it with an empty line behind (but not one record a line), and free it. */
void record_print(struct record *record);

#endif
