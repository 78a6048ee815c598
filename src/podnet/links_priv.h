/* SPDX-License-Identifier: Apache-2.0
 *
 * links_priv.h - what links.c and links_routes.c share
 */
#ifndef BERTH_PODNET_LINKS_PRIV_H
#define BERTH_PODNET_LINKS_PRIV_H

#include "podnet/links.h"

struct nl_addr;
struct nl_sock;

struct links {
    struct nl_sock *sock;
};

/* The code of libnl's 'rc' as an errno value. */
int links_code(int rc);
/* Index of a device, or -ENODEV with words. */
int links_index(struct links *links, const char *name, struct err *err);
/* libnl's form of an address with its prefix; nl_addr_put frees it. */
struct nl_addr *links_address(uint32_t address, unsigned int prefix);
void links_put_addressp(struct nl_addr **address);

#endif
