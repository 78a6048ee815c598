/* SPDX-License-Identifier: Apache-2.0
 *
 * licence_spec.h - licences a job holds while it runs: "matlab:2,ansys"
 *
 * sbatch(1)'s --licenses: name[@server][:count], joined by ',' (all of them) or
 * by '|' (the first that is free), never both.
 */
#ifndef BERTH_SPEC_LICENCE_SPEC_H
#define BERTH_SPEC_LICENCE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LICENCE_ITEMS_MAX 256
#define LICENCE_COUNT_MAX 1000000

struct licence_item {
    char *name;     /* with its server: "matlab@flex1" */
    uint32_t count; /* never 0 */
};

/* All zero: none. A name appears once. */
struct licence_spec {
    struct licence_item *items;
    size_t n;
    bool any; /* one item is enough */
};

/* Overwrites 'ret', which the caller ends with licence_spec_fini. -EINVAL with
 * the column. */
int licence_spec_parse(const char *text, struct licence_spec *ret, struct err *err);
void licence_spec_fini(struct licence_spec *spec);

/* "matlab:2,ansys:1"; the caller frees it. */
char *licence_spec_format(const struct licence_spec *spec);

#endif
