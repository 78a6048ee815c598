/* SPDX-License-Identifier: Apache-2.0
 *
 * node_topo.h - what one node looks like, as placement needs it
 *
 * Read from hwloc (this machine, an XML export, or a synthetic description) and
 * reduced to cores and the domains they lie in. Immutable once made, and kept
 * once for each distinct hardware: nodes with the same hash share one.
 */
#ifndef BERTH_TOPO_NODE_TOPO_H
#define BERTH_TOPO_NODE_TOPO_H

#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"

struct domain_tree;

struct node_topo {
    char hash[65]; /* hex BLAKE2b-256 of the canonical XML (hwloc v2) */
    uint32_t n_cores, n_pus, n_packages, n_numa, n_l3;
    uint64_t memory; /* MiB */
    /* Domain of each core, by logical core index. Machines without an L3 or
     * with memory outside the cores' subtrees still get a domain each. */
    uint16_t *package_of, *numa_of, *l3_of;
    char **pus_of;               /* OS indexes of each core's PUs, "0,4" */
    char *words;                 /* "2 packages, 2 NUMA nodes, 8 cores, 16 PUs, 63G" */
    struct domain_tree *domains; /* the same, as placement walks it */
};

/* Exactly one source: NULL is this machine; a path ending in .xml is read as an
 * hwloc export; "synthetic:pack:2 core:4 pu:1" is a synthetic description.
 * *ret_xml (heap, may be NULL) is the canonical XML, to send and to store. */
int node_topo_load(const char *source, struct node_topo **ret, char **ret_xml,
                   struct err *err);
/* From XML bytes that came from a peer or from the store: at most 16 MiB of
 * hwloc's format 1 or 2, otherwise -EINVAL with words. The hash is that of the
 * bytes: they are canonical, made so by whoever read the hardware. */
int node_topo_from_xml(const char *xml, size_t len, struct node_topo **ret,
                       struct err *err);
void node_topo_destroy(struct node_topo *topo);

/* OS processor list ("0,4,1,5") of a set of logical cores. */
char *node_topo_pus(const struct node_topo *topo, const struct bitset *cores);

#endif
