/* SPDX-License-Identifier: Apache-2.0
 *
 * limits.h - a set of limits, their names, units and text
 */
#ifndef BERTH_ASSOC_LIMITS_H
#define BERTH_ASSOC_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "assoc/tres.h"
#include "base/err.h"

enum limit {
#define LIMIT(id, option, unit, scope, reason, qos_reason, help) LIMIT_##id,
#include "assoc/limits.def"
#undef LIMIT
    LIMIT_N
};

/* The four limits from 'base' on, one a kind: LIMIT_OF(LIMIT_GRP_CORES, TRES_MEM)
 * is LIMIT_GRP_MEM. */
#define LIMIT_OF(base, kind) ((enum limit)((int)(base) + (int)(kind)))
#define LIMIT_BIT(limit) (UINT64_C(1) << (limit))

/* All zero is no limits. 'value' counts where the bit of 'set' is set. */
struct limits {
    uint64_t set;
    uint64_t value[LIMIT_N];
};

static inline bool limits_has(const struct limits *l, enum limit limit)
{
    return l->set & LIMIT_BIT(limit);
}

void limits_set(struct limits *l, enum limit limit, uint64_t value);
void limits_clear(struct limits *l, enum limit limit);

/* "grp-cores". */
const char *limit_name(enum limit limit);
/* One that means something only in a QOS ("max-cores-per-user"). */
bool limit_is_qos_only(enum limit limit);
/* -EINVAL with words that propose the nearest name. */
int limit_find(const char *name, enum limit *ret_limit, struct err *err);

/* As people write it: a count, a size (64G; a bare number is MiB), a duration,
 * minutes (a count or a duration). "none" and "-1" take the limit away. */
int limits_parse(struct limits *l, enum limit limit, const char *text, struct err *err);
/* As limits_parse reads it; the caller frees it. "none" when it is not set. */
char *limits_format(const struct limits *l, enum limit limit);
/* "grp-cores=64,max-wall=1-00:00:00"; empty when nothing is set. */
char *limits_format_all(const struct limits *l);

/* Why a job waits or was refused: a limit, and whether a QOS set it. 0: none. */
typedef uint16_t limit_reason;
static inline limit_reason limit_reason_of(enum limit limit, bool in_qos)
{
    return (limit_reason)(1 + 2 * (int)limit + in_qos);
}
/* Slurm's name, "AssocGrpCpuLimit"; "None" for 0. */
const char *limit_reason_name(limit_reason reason);

#endif
