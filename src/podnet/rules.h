/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.h - the nftables rules of a node, as text for nft(8) (pure)
 *
 * One table, replaced as a whole in one transaction: no rule is ever missing meanwhile,
 * and what an earlier berthd left is gone.
 */
#ifndef BERTH_PODNET_RULES_H
#define BERTH_PODNET_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ipv4.h"

/* Names of the devices to pods begin so; the address follows in hex. */
#define PODNET_DEVICE_PREFIX "bpod"

/* A port of the node that is a pod's. */
struct podnet_port {
    bool is_udp;
    uint16_t host_port, pod_port;
    uint32_t host_ip; /* 0: any of the node's */
};

struct podnet_forward {
    uint32_t address; /* of the pod */
    struct podnet_port port;
};

struct podnet_plan {
    const char *table; /* its name */
    struct ipv4_range cidr, slice;
    const char *const *subnets; /* their names; pods of none are a subnet, too */
    size_t n_subnets;
    const struct podnet_forward *forwards;
    size_t n_forwards;
    bool passes_pods_only; /* between other networks the node is no router */
};

/* "" never; the caller frees it. */
char *podnet_rules(const struct podnet_plan *plan);
/* Without the table. */
char *podnet_rules_removed(const char *table);

#endif
