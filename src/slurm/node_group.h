/* SPDX-License-Identifier: Apache-2.0
 *
 * node_group.h - nodes that a list shows on one line, as they look the same in it
 */
#ifndef BERTH_SLURM_NODE_GROUP_H
#define BERTH_SLURM_NODE_GROUP_H

#include "slurm/fields.h"
#include "slurm/node_row.h"

/* What a line of sinfo is about; rows of group_fields. */
struct node_group {
    const struct site *site;
    const struct config_partition *partition; /* the first, when there are several */
    const Berth__NodeInfo **nodes;
    size_t n;
    char *key; /* what they have in common */
};

struct node_groups {
    const struct site *site;
    struct node_group *groups;
    size_t n;
};

struct node_grouping {
    const struct format
        *format;       /* nodes that differ in none of its fields go together */
    bool by_node;      /* each by itself */
    bool with_empty;   /* partitions without a node are lines, too */
    bool exact;        /* the same hardware */
    char **partitions; /* only these; NULL: all */
    bool (*is_wanted)(const Berth__NodeInfo *node, const void *ctx);
    const void *ctx;
};

void node_groups_make(struct node_groups *groups, const struct node_grouping *how);
void node_groups_fini(struct node_groups *groups);
void node_groups_print(const struct node_groups *groups, const struct format *format);
/* Of the longest name of a node, or of the title. */
size_t node_groups_width(const struct node_groups *groups);

extern const struct field_table group_fields;

#endif
