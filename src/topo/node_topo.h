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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"

struct domain_tree;

enum topo_device_class { TOPO_GPU, TOPO_NIC, TOPO_OTHER };

#define TOPO_NOWHERE UINT16_MAX
#define TOPO_DEVICES_MAX 1024u

struct topo_device {
    enum topo_device_class class;
    char *name;             /* what requests call it: "gpu", "nic", "fpga" */
    char *type;             /* "a100"; NULL: none */
    char *bus;              /* "0000:3b:00.0"; NULL: not on PCI, or not known */
    char *os_names;         /* "cuda0,nvml0"; NULL: none */
    struct bitset *near;    /* cores that it is near to; all of them: no matter */
    uint16_t numa, package; /* domain that these lie in, or TOPO_NOWHERE */
    uint16_t number;        /* among those of its name: "gpu 3" */
    bool is_gres;           /* jobs get it for themselves; NICs are shared */
};

struct node_topo {
    char hash[65]; /* hex BLAKE2b-256 of the canonical XML (hwloc v2) */
    uint32_t n_cores, n_pus, n_packages, n_numa, n_l3;
    uint64_t memory; /* MiB */
    /* Domain of each core, by logical core index. Machines without an L3 or
     * with memory outside the cores' subtrees still get a domain each. */
    uint16_t *package_of, *numa_of, *l3_of;
    uint16_t *numa_os;   /* OS index of the memory of each NUMA domain */
    char **pus_of;       /* OS indexes of each core's PUs, "0,4" */
    char *words;         /* "2 packages, 2 NUMA nodes, 8 cores, 16 PUs, 63G, 4 gpu" */
    uint8_t *numa_steps; /* [n_numa * n_numa]: 0 itself, 1 the nearest others, 2;
                          * NULL: the machine does not tell */
    struct domain_tree *domains; /* the same, as placement walks it */
    /* By name, then in the order of the bus; those jobs can have come first. */
    struct topo_device *devices;
    uint32_t n_devices;
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

/* What a site says that its nodes have. Devices of this name that were found are
 * these, in their order, and lie where they were found; what is missing is made
 * up, near to 'cores'. */
struct topo_gres {
    const char *name, *type; /* type may be NULL */
    uint32_t count;
    const char *cores; /* logical cores, "0-15"; NULL: as found, else all */
};
/* A copy of 'base' with these as the devices that jobs can have; found ones of
 * other names stay. 0, or -EINVAL with words. The hash says both. */
int node_topo_equip(const struct node_topo *base, const struct topo_gres *gres,
                    size_t n_gres, struct node_topo **ret, struct err *err);

/* OS processor list ("0,4,1,5") of a set of logical cores. */
char *node_topo_pus(const struct node_topo *topo, const struct bitset *cores);

#endif
