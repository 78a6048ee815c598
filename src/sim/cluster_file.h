/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster_file.h - a made-up cluster as a berth.yaml
 */
#ifndef BERTH_SIM_CLUSTER_FILE_H
#define BERTH_SIM_CLUSTER_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define CLUSTER_KINDS_MAX 16

struct cluster_kind {
    char *name;     /* of its nodes: "cpu" is cpu1, cpu2, ... */
    double share;   /* of the nodes, relative to the other kinds' */
    char *topology; /* "synthetic:..." or a .xml path */
};

struct cluster_options {
    uint32_t nodes;
    uint32_t nodes_per_leaf; /* switch */
    uint32_t fanout;         /* of the switches above */
    struct cluster_kind kinds[CLUSTER_KINDS_MAX];
    size_t n_kinds; /* 0: three kinds of our own */
};
#define CLUSTER_OPTIONS_DEFAULT                          \
    {                                                    \
        .nodes = 128, .nodes_per_leaf = 32, .fanout = 16 \
    }

/* "NAME:SHARE:TOPOLOGY" into the next of 'options->kinds'. -EINVAL with words. */
int cluster_kind_parse(struct cluster_options *options, const char *text,
                       struct err *err);
void cluster_options_fini(struct cluster_options *options);

/* Nodes of one kind are neighbours, a leaf switch has nodes of one kind, and each
 * level of switches has one for 'fanout' below, up to a single one. Errors of 'out'
 * are left in it. Returns 0, or -ERANGE with words when that would be more switches
 * than a configuration may have. */
int cluster_file_write(const struct cluster_options *options, FILE *out,
                       struct err *err);

#endif
