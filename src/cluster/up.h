/* SPDX-License-Identifier: Apache-2.0
 *
 * up.h - what is asked of a new cluster
 */
#ifndef BERTH_CLUSTER_UP_H
#define BERTH_CLUSTER_UP_H

#include "cluster/cluster.h"

struct cluster_wishes {
    const char *name;
    const char *dir;         /* absolute, or NULL: the default */
    const char *topology;    /* an XML file, "synthetic:...", or NULL */
    const char *subnet;      /* "10.x.y.0/24", or NULL: a free one */
    const char *image_store; /* absolute, or NULL: in the cluster's directory */
    bool local_images;       /* each node has stores of its own */
    unsigned nodes;
    unsigned cores;            /* of each node; 0: what the topology says */
    unsigned fake;             /* nodes that are only pretended */
    const char *fake_topology; /* as 'topology', or NULL: some hardware */
    const char *fake_runtime;  /* seconds, or NULL */
    uint16_t port;             /* 0: a free one */
    unsigned wait_seconds;
    void (*progress)(const char *line); /* may be NULL */
};

/* Make and start a cluster and wait until its nodes are up. When that fails, or
 * a signal stops it, everything already made is taken down again. */
int cluster_up(const struct cluster_wishes *wishes, struct cluster **ret,
               struct err *err);

/* Start those of its daemons that have ended, and wait until all nodes are up, for as
 * long as the wishes allow. One that ends meanwhile is started once more: it may have
 * been killed just before. One that ends again is named. */
int cluster_start_missing(struct cluster *cluster, const struct cluster_wishes *wishes,
                          struct err *err);

#endif
