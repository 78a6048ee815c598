/* SPDX-License-Identifier: Apache-2.0
 *
 * hwloc_source.h - where a topology comes from, and its canonical form
 *
 * The only place that asks hwloc to discover or to parse. What it hands out is
 * loaded and canonical: no I/O objects (see io_devices.h for what is kept of
 * them), nothing that tells one machine from
 * another of the same make (names, serial numbers, page counts), memory in
 * steps of 16 MiB.
 */
#ifndef BERTH_TOPO_HWLOC_SOURCE_H
#define BERTH_TOPO_HWLOC_SOURCE_H

#include <hwloc.h>

#include "base/err.h"

#define TOPO_XML_MAX (16u << 20)
#define TOPO_PUS_MAX 65535u

/* 'source' as for node_topo_load. 0, -EINVAL (not a topology, or one that is
 * too large), or the code that reading the file gave. */
int hwloc_source_open(const char *source, hwloc_topology_t *ret, struct err *err);

/* XML of version 1 or 2. The bytes need no NUL and are not trusted. */
int hwloc_source_parse(const char *xml, size_t len, hwloc_topology_t *ret,
                       struct err *err);

/* All that is done with a topology, from XML that has been looked at, so that what
 * crashes hwloc or makes it leak does so here. For a process that ends with it. */
int hwloc_source_try(const char *xml, struct err *err);

/* The canonical XML; the caller frees it. */
int hwloc_source_export(hwloc_topology_t topology, char **ret_xml, struct err *err);

#endif
