/* SPDX-License-Identifier: Apache-2.0
 *
 * feature_expr.h - a feature expression as a tree, for this folder alone
 */
#ifndef BERTH_SPEC_FEATURE_EXPR_H
#define BERTH_SPEC_FEATURE_EXPR_H

#include <stdbool.h>
#include <stdint.h>

enum feature_op {
    FEATURE_NAME,
    FEATURE_NOT,      /* left */
    FEATURE_AND,      /* left, right */
    FEATURE_OR,       /* left, right: per node where both are plain */
    FEATURE_COUNTED,  /* count of left */
    FEATURE_BRACKETS, /* left, whose parts at '|' are alternatives */
};

struct feature_expr {
    enum feature_op op;
    char *name;
    uint32_t count;
    struct feature_expr *left, *right;
    /* Says something of each node alone: no counts, no brackets. */
    bool is_plain;
};

struct feature_spec {
    struct feature_expr *root;
};

#endif
