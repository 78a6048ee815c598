/* SPDX-License-Identifier: Apache-2.0
 *
 * scan.h - a text read from left to right, its mistakes named by column
 *
 * What the grammars of this folder share. Columns count from 1.
 */
#ifndef BERTH_SPEC_SCAN_H
#define BERTH_SPEC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct scan {
    const char *text; /* borrowed */
    const char *at;   /* the next character */
};

/* Step over 'c' if it is next. */
bool scan_char(struct scan *s, char c);
void scan_blanks(struct scan *s);

/* A whole number of at most 'max'. -EINVAL or -ERANGE with words. */
int scan_number(struct scan *s, uint64_t max, uint64_t *ret, struct err *err);

/* The longest run of characters for which 'is_part' holds, as a heap string.
 * -EINVAL with "'what' is missing" when there is none. */
int scan_word(struct scan *s, bool (*is_part)(char c), const char *what, char **ret,
              struct err *err);

/* Letters, digits and "_-.": names of types, licences, resources. */
bool scan_is_name(char c);

/* -EINVAL and "words at column N of 'text'", N being where 's' stands. */
int scan_fail(const struct scan *s, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
