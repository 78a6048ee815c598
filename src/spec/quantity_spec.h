/* SPDX-License-Identifier: Apache-2.0
 *
 * quantity_spec.h - amounts as Kubernetes writes them: "500m", "1.5Gi", "2e3"
 *
 *     [+-]digits[.digits][suffix]
 *
 * Suffixes: n u m, k M G T P E (powers of 1000); Ki Mi Gi Ti Pi Ei (powers of 1024);
 * e3 or E3 (a power of ten). Exact down to a billionth, up to 2^63-1: what lies
 * outside is refused, nothing is rounded.
 */
#ifndef BERTH_SPEC_QUANTITY_SPEC_H
#define BERTH_SPEC_QUANTITY_SPEC_H

#include <stdint.h>

#include "base/err.h"

/* How it was written, and is written again. */
enum quantity_form { QUANTITY_DECIMAL, QUANTITY_BINARY, QUANTITY_EXPONENT };

/* whole + nano / 10^9; both have the same sign. All zero: 0. */
struct quantity {
    int64_t whole;
    int32_t nano;
    enum quantity_form form;
};

/* -EINVAL or -ERANGE with words. */
int quantity_parse(const char *text, struct quantity *ret, struct err *err);

/* The canonical form: no fraction, the largest suffix that allows this ("1536Mi",
 * "500m"). Parses to the same amount. The caller frees it. */
char *quantity_format(const struct quantity *q);

/* < 0, 0, > 0 as a is less than, equal to or more than b. */
int quantity_compare(const struct quantity *a, const struct quantity *b);

/* a + b; -ERANGE when it is out of range. */
int quantity_add(const struct quantity *a, const struct quantity *b,
                 struct quantity *ret);

/* Whole units / thousandths of one, rounded up; INT64_MAX when there is no room. */
int64_t quantity_units(const struct quantity *q);
int64_t quantity_milli(const struct quantity *q);

#endif
