/* SPDX-License-Identifier: Apache-2.0
 *
 * inventory.c - what this node has
 */
#include "node/node.h"

#include "base/io.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

static int read_boot_id(struct node *node, struct err *err)
{
    cleanup(freep) char *text = NULL;
    int rc = io_read_file("/proc/sys/kernel/random/boot_id", 63, &text, NULL, err);

    if (rc)
        return rc;
    text[strcspn(text, "\n")] = '\0';
    (void)strncpy(node->boot_id, text, sizeof(node->boot_id) - 1);
    return 0;
}

int node_inventory(struct node *node, struct err *err)
{
    const char *source = node->self->topology;
    int rc;

    rc = node_topo_load(source, &node->topo, &node->topo_xml, err);
    if (rc)
        return err_wrap(err, "topology of node %s", node->self->name);
    node->virtual_topology = source != NULL;
    devices_start(node);
    node->topo_path = xasprintf("%s/topology.xml", node->state_dir);
    rc = io_write_file_atomic(node->topo_path, node->topo_xml, strlen(node->topo_xml),
                              0644, err);
    /* For spare shepherds, which load it while they are idle. */
    (void)setenv("BERTH_TOPOLOGY_XML", node->topo_path, 1);
    return rc ? rc : read_boot_id(node, err);
}

double node_load(void)
{
    double load = 0;

    return getloadavg(&load, 1) == 1 ? load : 0;
}

uint64_t node_memory_free(void)
{
    struct sysinfo info;

    if (sysinfo(&info))
        return 0;
    return (uint64_t)info.freeram * info.mem_unit >> 20;
}
