/* SPDX-License-Identifier: Apache-2.0
 *
 * podnet.h - the network of the pods on one node
 *
 *     pod's namespace          node
 *       eth0 10.88.1.7/32 ==== bpod0a580107  10.88.1.1/32, route 10.88.1.7 to it
 *       default via 10.88.1.1       |
 *                                 routing, nftables
 *                                   |-- route 10.88.2.0/24 to a node on the same link
 *                                   |-- bvx... (VXLAN), route 10.88.3.0/24 to a node
 * beyond
 *
 * A device for each pod and routing between them; no bridge: so pods of one node see
 * nothing of each other but what rules let through, and cannot speak in another's name.
 *
 * Not for several threads at once; everything may block for some milliseconds.
 */
#ifndef BERTH_PODNET_PODNET_H
#define BERTH_PODNET_PODNET_H

#include "podnet/records.h"

enum podnet_tunnel { PODNET_TUNNEL_AUTO, PODNET_TUNNEL_ALWAYS, PODNET_TUNNEL_NEVER };

struct podnet_settings {
    const char *cluster, *node;
    const char *address;        /* of the node, or its name */
    const char *dir;            /* where records are */
    const char *const *subnets; /* borrowed for the object's life */
    size_t n_subnets;
    unsigned int mtu; /* of pods' devices; 0: what the node's own device lets through */
    enum podnet_tunnel tunnel;
};

/* Another node, and the addresses of its pods. */
struct podnet_peer {
    const char *address;
    struct ipv4_range slice;
};

struct podnet;

/* Knows the pods that an earlier object left in 'dir'; makes nothing. */
int podnet_create(const struct podnet_settings *settings, struct podnet **ret,
                  struct err *err);
/* What is made stays. NULL is fine. */
void podnet_destroy(struct podnet *net);

/* Pods of this node have addresses of 'slice', a part of 'cidr': set forwarding, rules
 * and routes. May be repeated with others. -EPERM without the rights, -ENOENT without
 * nft(8). A peer whose name cannot be resolved is left out and '*ret_skipped' (may be
 * NULL) says so: heap words, or NULL. */
int podnet_set(struct podnet *net, struct ipv4_range cidr, struct ipv4_range slice,
               const struct podnet_peer *peers, size_t n, char **ret_skipped,
               struct err *err);
/* There is no network for pods: remove all that podnet_set and podnet_wire have made.
 */
int podnet_clear(struct podnet *net, struct err *err);

/* Give the pod a device in its namespace 'netns', and an address of subnet 'subnet' (0:
 * none, else one more than the place in settings). The same pod gets the same address
 * again, as long as podnet_unwire has not been called. -EAGAIN before podnet_set,
 * -EADDRINUSE for a port of the node that another pod has, -ENOSPC. */
int podnet_wire(struct podnet *net, uint32_t job, uint32_t epoch, size_t subnet,
                const struct podnet_port *ports, size_t n_ports, int netns,
                uint32_t *ret_address, struct err *err);
/* The pod has ended: its address is free. One without a network is fine. */
int podnet_unwire(struct podnet *net, uint32_t job, uint32_t epoch, struct err *err);
/* Unwire all that 'lives' says false of, and remove devices that no pod has. */
int podnet_sweep(struct podnet *net,
                 bool (*lives)(uint32_t job, uint32_t epoch, void *ctx), void *ctx,
                 struct err *err);

/* NULL: none. Borrowed until the next call. */
const struct podnet_pod *podnet_find(const struct podnet *net, uint32_t job,
                                     uint32_t epoch);
/* Once podnet_set has succeeded. */
uint32_t podnet_node_address(const struct podnet *net);

#endif
