/* SPDX-License-Identifier: Apache-2.0
 *
 * machine.c - a configuration's nodes, their topologies read once each
 */
#include "sim/machine.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void machine_flat(struct machine *ret, uint32_t procs)
{
    *ret = (struct machine){.procs = procs, .n_nodes = 1};
    ret->names = xcalloc(1, sizeof(*ret->names));
    ret->names[0] = "machine";
}

void machine_fini(struct machine *machine)
{
    for (size_t i = 0; i < machine->n_topos; i++)
        node_topo_destroy(machine->topos[i]);
    free(machine->topos);
    free(machine->topo_of);
    free(machine->switches);
    free(machine->names);
    config_free(machine->config);
    *machine = (struct machine){0};
}

static bool same_source(const struct config_node *a, const struct config_node *b)
{
    if (!a->topology || !b->topology)
        return a->topology == b->topology;
    return strcmp(a->topology, b->topology) == 0;
}

/* Nodes of a kind stand together: only the one before is looked at, so that a
 * kind that comes back is read again, which is only slower. */
static int load_topologies(struct machine *machine, struct err *err)
{
    const struct config_node *nodes = machine->config->nodes;

    for (size_t i = 0; i < machine->n_nodes; i++) {
        struct node_topo *topo;

        if (i > 0 && same_source(&nodes[i], &nodes[i - 1])) {
            machine->topo_of[i] = machine->topo_of[i - 1];
        } else {
            if (node_topo_load(nodes[i].topology, &topo, NULL, err))
                return err_wrap(err, "%s:%u: node %s", machine->config->path,
                                nodes[i].line, nodes[i].name);
            machine->topos = xrealloc(machine->topos, machine->n_topos + 1,
                                      sizeof(struct node_topo *));
            machine->topos[machine->n_topos++] = topo;
            machine->topo_of[i] = topo;
        }
        machine->procs += machine->topo_of[i]->n_cores;
    }
    return 0;
}

int machine_load(const char *path, struct machine *ret, struct err *err)
{
    struct machine machine = {0};
    int rc = config_load(path, &machine.config, err);

    if (rc)
        return rc;
    machine.n_nodes = machine.config->n_nodes;
    machine.names = xcalloc(machine.n_nodes + 1, sizeof(*machine.names));
    machine.topo_of = xcalloc(machine.n_nodes + 1, sizeof(struct node_topo *));
    machine.switches =
        xcalloc(machine.config->n_switches + 1, sizeof(struct switch_def));
    for (size_t i = 0; i < machine.n_nodes; i++)
        machine.names[i] = machine.config->nodes[i].name;
    for (size_t i = 0; i < machine.config->n_switches; i++)
        machine.switches[i] = (struct switch_def){machine.config->switches[i].name,
                                                  machine.config->switches[i].switches,
                                                  machine.config->switches[i].nodes};
    rc = load_topologies(&machine, err);
    if (rc) {
        machine_fini(&machine);
        return rc;
    }
    *ret = machine;
    return 0;
}
