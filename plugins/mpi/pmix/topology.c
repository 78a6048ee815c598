/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.c - this node's hardware topology, loaded once
 *
 * libpmix discovers the topology itself when it is not given one, I/O devices
 * included, which is most of its start. It is loaded here instead, without
 * devices, and early: by a spare process that waits for a step.
 */
#include "server.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    hwloc_topology_t topology; /* NULL: not loaded */
    char *xml;                 /* the file it came from; NULL: this machine */
} loaded;

static bool is_loaded_from(const char *xml)
{
    if (!loaded.topology || !xml != !loaded.xml)
        return false;
    return !xml || strcmp(xml, loaded.xml) == 0;
}

static void topology_drop(void)
{
    if (loaded.topology)
        hwloc_topology_destroy(loaded.topology);
    free(loaded.xml);
    loaded.topology = NULL;
    loaded.xml = NULL;
}

/* hwloc loads its plugins (libxml2, OpenCL, X11) before it looks whether it needs
 * them. Devices are left out here and XML it reads itself, so look nowhere. */
static void leave_plugins_out(void)
{
    setenv("HWLOC_PLUGINS_PATH", "/nonexistent", 0);
}

static int load(hwloc_topology_t topology, const char *xml)
{
    if (xml && hwloc_topology_set_xml(topology, xml) < 0)
        return -1;
    if (xml)
        hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM);
    hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
    return hwloc_topology_load(topology);
}

int topology_get(const char *xml, hwloc_topology_t *ret_topology,
                 struct berth_mpi_err *err)
{
    if (!is_loaded_from(xml)) {
        hwloc_topology_t topology;
        leave_plugins_out();
        if (hwloc_topology_init(&topology) < 0)
            return fail(err, ENOMEM, "no memory for the node's topology");
        if (load(topology, xml) < 0) {
            int code = errno ? errno : EINVAL;
            hwloc_topology_destroy(topology);
            return fail(err, code, "cannot load the node's topology from %s: %s",
                        xml ? xml : "this machine", strerror(code));
        }
        topology_drop();
        loaded.topology = topology;
        loaded.xml = xml ? strdup(xml) : NULL;
    }
    *ret_topology = loaded.topology;
    return 0;
}

int topology_export(const char *path, struct berth_mpi_err *err)
{
    if (hwloc_topology_export_xml(loaded.topology, path, 0) < 0) {
        int code = errno ? errno : EIO;
        return fail(err, code, "cannot write the node's topology to %s: %s", path,
                    strerror(code));
    }
    return 0;
}

bool topology_is_crowded_by(uint32_t n_tasks)
{
    cpu_set_t mine;
    if (sched_getaffinity(0, sizeof(mine), &mine) == 0 &&
        n_tasks > (uint32_t)CPU_COUNT(&mine))
        return true;
    return hwloc_get_nbobjs_by_type(loaded.topology, HWLOC_OBJ_PU) >
           sysconf(_SC_NPROCESSORS_ONLN);
}
