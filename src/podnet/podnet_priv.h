/* SPDX-License-Identifier: Apache-2.0
 *
 * podnet_priv.h - what the files of the object share
 *
 *     podnet.c  pods: their addresses, devices and records
 *     mesh.c    the node: forwarding, rules, routes, tunnels
 */
#ifndef BERTH_PODNET_PODNET_PRIV_H
#define BERTH_PODNET_PODNET_PRIV_H

#include "podnet/links.h"
#include "podnet/podnet.h"

struct podnet {
    char *cluster, *address, *dir, *table;
    char vxlan[16]; /* name of the device */
    const char *const *subnets;
    size_t n_subnets;
    unsigned int mtu_wished;
    enum podnet_tunnel tunnel;

    bool is_set; /* what follows is known */
    struct ipv4_range cidr, slice;
    unsigned int mtu;
    bool has_forwarding; /* was switched on by us, in this life of the machine */

    struct podnet_pod *pods;
    size_t n_pods;
    uint32_t last; /* address that was given */
};

/* Hand nft the rules that hold for what is known. */
int mesh_rules(const struct podnet *net, struct err *err);
/* Whether it is us who let this machine pass packets on, remembered on disk: rules then
 * let it pass pods' alone. */
int mesh_look_at_forwarding(struct podnet *net, struct err *err);
/* Let this machine pass packets on. */
int mesh_forward(struct err *err);
/* Routes and tunnels to 'peers', and no others; sets the MTU. */
int mesh_routes(struct podnet *net, struct links *links,
                const struct podnet_peer *peers, size_t n, char **ret_skipped,
                struct err *err);
/* Remove all that these have made. */
int mesh_remove(struct podnet *net, struct links *links, struct err *err);

#endif
