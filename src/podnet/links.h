/* SPDX-License-Identifier: Apache-2.0
 *
 * links.h - devices, addresses and routes of one network namespace, by netlink
 *
 * All calls block for the kernel's answer, microseconds to some milliseconds.
 */
#ifndef BERTH_PODNET_LINKS_H
#define BERTH_PODNET_LINKS_H

#include <stddef.h>

#include "base/ipv4.h"

#define LINKS_MAC_BYTES 6
/* "Protocol" that marks our routes, as ip(8) shows it. */
#define LINKS_ROUTE_MARK 98

struct links;

/* Of the network namespace 'netns', -1 for that of this thread, which enters the other
 * one for a moment. -EPERM without the rights. */
int links_open(int netns, struct links **ret, struct err *err);
void links_close(struct links *links);
void links_closep(struct links **links);

bool links_has(struct links *links, const char *name);
bool links_has_address(struct links *links, const char *name, uint32_t address);
/* Names of all devices that begin with 'prefix': a heap vector (base/strv.h). */
int links_list(struct links *links, const char *prefix, char ***ret, struct err *err);

/* A pair: 'name' here, 'peer' in the namespace 'netns'. */
int links_make_pair(struct links *links, const char *name, int netns, const char *peer,
                    unsigned int mtu, struct err *err);
/* A VXLAN device that learns nothing; one of that name that is there stays. */
int links_make_vxlan(struct links *links, const char *name, uint32_t id, uint32_t local,
                     const uint8_t mac[LINKS_MAC_BYTES], unsigned int mtu,
                     struct err *err);
/* Absent is fine. */
int links_remove(struct links *links, const char *name, struct err *err);
int links_raise(struct links *links, const char *name, struct err *err);
/* A single address (/32); there already is fine. */
int links_add_address(struct links *links, const char *name, uint32_t address,
                      struct err *err);

/* links_routes.c. */
struct links_route {
    struct ipv4_range to;
    const char *device; /* NULL: unreachable */
    uint32_t via;       /* 0: on the device's link */
    uint32_t source;    /* of this node's own packets; 0: the kernel's choice */
    bool is_onlink;     /* 'via' is there though no route says so */
};
/* Replaces one to the same place. */
int links_add_route(struct links *links, const struct links_route *route,
                    struct err *err);
/* Remove marked routes to ranges (not to single addresses) that are not in 'keep'. */
int links_prune_routes(struct links *links, const struct ipv4_range *keep, size_t n,
                       struct err *err);
/* On the VXLAN device 'name': 'next' has the address 'mac' there, behind 'node'. */
int links_add_vxlan_peer(struct links *links, const char *name,
                         const uint8_t mac[LINKS_MAC_BYTES], uint32_t next,
                         uint32_t node, struct err *err);

#endif
