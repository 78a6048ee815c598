/* SPDX-License-Identifier: Apache-2.0
 *
 * feature_spec.h - which nodes a job wants by their features: "(a|b)&!c", "[x|y]"
 *
 * sbatch(1)'s --constraint, from the weakest operator to the strongest:
 *
 *     a|b      each node has a or b
 *     a&b      each node has a and b
 *     !a       no node has a
 *     a*4      at least 4 of the nodes have a, the others as they like
 *     (e)      groups
 *     [a|b]    all nodes have a, or all have b: one alternative a part
 *
 * Where one side of '|' holds a count or brackets, its sides are alternatives too.
 */
#ifndef BERTH_SPEC_FEATURE_SPEC_H
#define BERTH_SPEC_FEATURE_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"

#define FEATURE_NAMES_MAX 256  /* in one text */
#define FEATURE_CHOICES_MAX 64 /* alternatives of one text */
#define FEATURE_DEPTH_MAX 32   /* parentheses in parentheses */
#define FEATURE_COUNT_MAX 1000000

struct feature_spec;

/* -EINVAL with the column. The caller destroys it. */
int feature_spec_parse(const char *text, struct feature_spec **ret, struct err *err);
void feature_spec_destroy(struct feature_spec *spec);
void feature_spec_destroyp(struct feature_spec **spec);

/* Without needless parentheses and blanks; the caller frees it. */
char *feature_spec_format(const struct feature_spec *spec);

/* Which nodes have which feature: sets[i] for names[i], all of n_nodes bits. */
struct feature_table {
    const char *const *names;
    const struct bitset *const *sets;
    size_t n, n_nodes;
};

/* At least 'count' of the job's nodes are among 'nodes'. */
struct feature_quota {
    struct bitset *nodes;
    uint32_t count;
};

/* One way to satisfy it: every node of the job is in 'nodes', and all quotas are
 * met (one node may count for several). */
struct feature_choice {
    struct bitset *nodes;
    struct feature_quota *quotas;
    size_t n_quotas;
};

/* In the order written; at least one. */
struct feature_choices {
    struct feature_choice *choices;
    size_t n;
};

/* Overwrites 'ret', which the caller ends with feature_choices_fini. -ENOENT, with
 * the nearest name, for a feature that is not in 'table'. */
int feature_spec_choices(const struct feature_spec *spec,
                         const struct feature_table *table, struct feature_choices *ret,
                         struct err *err);
void feature_choices_fini(struct feature_choices *choices);

#endif
