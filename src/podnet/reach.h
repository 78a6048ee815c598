/* SPDX-License-Identifier: Apache-2.0
 *
 * reach.h - how another node is reached from here
 */
#ifndef BERTH_PODNET_REACH_H
#define BERTH_PODNET_REACH_H

#include <stddef.h>

#include "base/ipv4.h"

/* An address of this machine. */
struct reach_local {
    char device[16];
    uint32_t address;
    struct ipv4_range range; /* what is on its link */
    unsigned int mtu;
};

enum reach {
    REACH_SELF,   /* an address of this machine */
    REACH_LINK,   /* on the link of one of its devices */
    REACH_BEYOND, /* behind a router */
};

/* All that are up, but for loopback's; heap. */
int reach_list(struct reach_local **ret, size_t *ret_n, struct err *err);
/* '*ret' is the address that says so, NULL for REACH_BEYOND (pure). */
enum reach reach_judge(const struct reach_local *list, size_t n, uint32_t address,
                       const struct reach_local **ret);
/* A node's name or address in the configuration as an address. May ask a resolver. */
int reach_resolve(const char *host, uint32_t *ret, struct err *err);

#endif
