/* SPDX-License-Identifier: Apache-2.0
 *
 * gres_spec.h - generic resources: "gpu:a100:2,nvme:100G", and GPUs: "a100:2"
 *
 * sbatch(1)'s --gres (name[:type][:count], for each node) and the values of
 * --gpus, --gpus-per-node, --gpus-per-task and --gpus-per-socket ([type:]count).
 * Counts may end in K, M, G or T, powers of 1024. "none" and a count of zero ask
 * for nothing.
 */
#ifndef BERTH_SPEC_GRES_SPEC_H
#define BERTH_SPEC_GRES_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define GRES_ITEMS_MAX 64
#define GRES_COUNT_MAX (UINT64_C(1) << 50)

struct gres_item {
    char *name;
    char *type;     /* NULL: any */
    uint64_t count; /* never 0 */
};

/* All zero: nothing. A pair of name and type appears once. */
struct gres_spec {
    struct gres_item *items;
    size_t n;
};

/* Overwrite 'ret', which the caller ends with gres_spec_fini. -EINVAL with the
 * column. gres_spec_parse_gpus gives items whose name is "gpu". */
int gres_spec_parse(const char *text, struct gres_spec *ret, struct err *err);
int gres_spec_parse_gpus(const char *text, struct gres_spec *ret, struct err *err);
void gres_spec_fini(struct gres_spec *spec);

/* "gpu:a100:2,nvme:100"; the caller frees it. */
char *gres_spec_format(const struct gres_spec *spec);

/* How many of 'name', of whatever type. */
uint64_t gres_spec_count(const struct gres_spec *spec, const char *name);

#endif
