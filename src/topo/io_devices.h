/* SPDX-License-Identifier: Apache-2.0
 *
 * io_devices.h - GPUs and NICs of a topology, kept as notes on its root
 *
 * A canonical topology has no I/O objects: which of them there are, and how they
 * are named and numbered, differs between machines of one make. What placement
 * needs of them stands in infos named "BerthDevice" of the root object:
 *
 *     gpu a100 0000:3b:00.0 cuda0,nvml0 0-15,64-79
 *     (name, type, PCI bus, OS names, PUs that it is near to; "-": none)
 */
#ifndef BERTH_TOPO_IO_DEVICES_H
#define BERTH_TOPO_IO_DEVICES_H

#include <hwloc.h>

#include "topo/node_topo.h"

#define IO_DEVICE_INFO "BerthDevice"

/* Note the devices of 'with_io' on the root of 'canonical', unless it has notes
 * already. A GPU is a 3D controller, an accelerator, or what a GPU's runtime
 * knows; one that shows several devices of a runtime is several. A NIC is one of a
 * fast network where there is such a one, else any. */
void io_devices_note(hwloc_topology_t with_io, hwloc_topology_t canonical);

/* Read the notes into topo->devices. Notes come from peers too: what does not
 * make sense is passed over. */
void io_devices_read(hwloc_topology_t canonical, struct node_topo *topo);

#endif
