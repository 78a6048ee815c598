/* SPDX-License-Identifier: Apache-2.0
 *
 * binding.h - which processors, memory and GPUs each task of a step is bound to here
 *
 * Pure: a topology, what the step may use, and what was asked for, to sets of the
 * numbers that the operating system has for these things.
 */
#ifndef BERTH_NODE_BINDING_H
#define BERTH_NODE_BINDING_H

#include "spec/bind_spec.h"
#include "spec/distribution_spec.h"
#include "topo/node_topo.h"

struct binding_wish {
    const struct node_topo *topo;
    const struct bitset *cores; /* all that the step may use here */
    struct bitset **own; /* cores of each task; dealt anew where that was asked */
    size_t n_tasks;
    const struct distribution_spec *dist;
    uint32_t threads_per_core; /* at most so many processors of a core; 0: all */
    uint32_t tasks_per_socket; /* at most so many; 0: any number */
};

/* Deal the tasks' cores out over sockets as '--distribution' has it. Tasks that share
 * cores, or have unequal numbers, stay where they are. */
void binding_deal(struct binding_wish *wish);

/* Processors of each task into ret[i] (of BIND_BITS, made here; the caller destroys
 * them). -EINVAL with words when a list names what the step does not have. */
int binding_cpus(const struct binding_wish *wish, const struct bind_spec *spec,
                 struct bitset **ret, struct err *err);

/* NUMA nodes of each task, for set_mempolicy(2). Not for BIND_TO_OWN and NONE. */
int binding_memory(const struct binding_wish *wish, const struct bind_spec *spec,
                   struct bitset **ret, struct err *err);

/* Devices of each task, by their index among the node's: 'devices' are the step's,
 * own[i] (NULL: all of them) those that were placed for the task. What is no GPU
 * stays. Not for BIND_TO_OWN. */
int binding_gpus(const struct binding_wish *wish, const struct bind_spec *spec,
                 const struct bitset *devices, struct bitset *const *own,
                 struct bitset **ret, struct err *err);

#endif
