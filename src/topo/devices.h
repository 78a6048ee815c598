/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.h - the table of a node's devices
 */
#ifndef BERTH_TOPO_DEVICES_H
#define BERTH_TOPO_DEVICES_H

#include "topo/node_topo.h"

/* Work out where each device lies, and put the table into its order. */
void topo_devices_settle(struct node_topo *topo);
/* ", 4 gpu, 1 fpga", of those that jobs can have; the caller frees it. */
char *topo_devices_words(const struct node_topo *topo);
void topo_devices_fini(struct node_topo *topo);

#endif
