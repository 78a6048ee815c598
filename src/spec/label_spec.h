/* SPDX-License-Identifier: Apache-2.0
 *
 * label_spec.h - which objects are meant, by their labels: "app=web,tier in (a,b)"
 *
 *     key = value, key == value    the label is there and has this value
 *     key != value                 it is not there, or has another
 *     key in (a, b)                it has one of these values
 *     key notin (a, b)             it is not there, or has none of these
 *     key, !key                    it is there, it is not
 *     key > 3, key < 3             it is a whole number above or below
 *
 * joined by ',': all of them hold.
 */
#ifndef BERTH_SPEC_LABEL_SPEC_H
#define BERTH_SPEC_LABEL_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define LABEL_TERMS_MAX 256
#define LABEL_VALUES_MAX 1024 /* in one term */

#define LABEL_OPERATORS(X)          \
    X(LABEL_IN, "In")               \
    X(LABEL_NOT_IN, "NotIn")        \
    X(LABEL_EXISTS, "Exists")       \
    X(LABEL_ABSENT, "DoesNotExist") \
    X(LABEL_ABOVE, "Gt")            \
    X(LABEL_BELOW, "Lt")

enum label_operator {
#define X(id, word) id,
    LABEL_OPERATORS(X)
#undef X
};

struct label_term {
    char *key;
    enum label_operator op;
    char **values; /* strv; none for Exists and DoesNotExist, one for Gt and Lt */
};

/* All zero: every object is meant. */
struct label_spec {
    struct label_term *terms;
    size_t n;
};

/* Overwrites 'ret', which the caller ends with label_spec_fini. -EINVAL with the
 * column. Keys and values must be such as labels can have. */
int label_spec_parse(const char *text, struct label_spec *ret, struct err *err);
void label_spec_fini(struct label_spec *spec);

/* "app=web,tier in (a,b)"; the caller frees it. */
char *label_spec_format(const struct label_spec *spec);

/* The value of a label of the object that is judged, or NULL. */
typedef const char *label_get_fn(const void *object, const char *key);

bool label_spec_holds(const struct label_spec *spec, label_get_fn *get,
                      const void *object);

#endif
