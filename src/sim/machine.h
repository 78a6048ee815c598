/* SPDX-License-Identifier: Apache-2.0
 *
 * machine.h - what the jobs run on: so many processors, or a described cluster
 */
#ifndef BERTH_SIM_MACHINE_H
#define BERTH_SIM_MACHINE_H

#include <stdint.h>

#include "config/config.h"
#include "topo/node_topo.h"
#include "topo/switch_tree.h"

struct machine {
    uint64_t procs; /* cores of all nodes */
    size_t n_nodes;
    const char **names;
    /* NULL: flat, one node of 'procs' cores, all alike. */
    struct config *config;
    struct switch_def *switches; /* config->n_switches of them */
    struct node_topo **topo_of;  /* of each node; nodes of one source share it */
    struct node_topo **topos;    /* each once */
    size_t n_topos;
};

void machine_flat(struct machine *ret, uint32_t procs);
/* The nodes, topologies and switches of a berth.yaml; all nodes are up. A node that
 * names no topology is like this machine. Words name the file and the node. */
int machine_load(const char *path, struct machine *ret, struct err *err);
void machine_fini(struct machine *machine);

#endif
