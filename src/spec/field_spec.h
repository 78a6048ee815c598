/* SPDX-License-Identifier: Apache-2.0
 *
 * field_spec.h - which objects are meant, by their fields: "status.phase!=Running"
 *
 *     field = value, field == value    it has this value; nothing behind it: none
 *     field != value                   it has another
 *
 * joined by ',': all of them hold. In values '\\', '\,' and '\=' are that character.
 */
#ifndef BERTH_SPEC_FIELD_SPEC_H
#define BERTH_SPEC_FIELD_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define FIELD_TERMS_MAX 256

struct field_term {
    size_t field; /* place in the names */
    char *value;
    bool is_not;
};

/* All zero: every object is meant. */
struct field_spec {
    struct field_term *terms;
    size_t n;
};

/* Overwrites 'ret', which the caller ends with field_spec_fini. -EINVAL with the
 * column, or with the names of the fields that there are. */
int field_spec_parse(const char *text, const char *const *names, size_t n_names,
                     struct field_spec *ret, struct err *err);
void field_spec_fini(struct field_spec *spec);

/* The value of the field at that place in the names, never NULL. Good until the next
 * call. */
typedef const char *field_get_fn(const void *object, size_t field);

bool field_spec_holds(const struct field_spec *spec, field_get_fn *get,
                      const void *object);

#endif
