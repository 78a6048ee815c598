/* SPDX-License-Identifier: Apache-2.0
 *
 * addresses.h - which addresses of a node's slice belong to whom (pure)
 *
 *     10.88.1.0      never given away
 *     10.88.1.1      the node itself: what its pods send to first
 *     10.88.1.2 ...  pods; the last one never
 *
 * With subnets a slice has 2^bits equal blocks, the same on all nodes: the bits below
 * the slice's prefix say which subnet an address belongs to, so that any node can judge
 * any packet by its addresses alone. Block 0 is for pods of no subnet.
 */
#ifndef BERTH_PODNET_ADDRESSES_H
#define BERTH_PODNET_ADDRESSES_H

#include <stddef.h>

#include "base/ipv4.h"

/* Blocks for 'n_subnets' besides that of no subnet. */
unsigned int podnet_subnet_bits(size_t n_subnets);
/* The bits of an address that say its subnet, and their value in subnet 'i' (0: none).
 */
uint32_t podnet_subnet_mask(struct ipv4_range slice, size_t n_subnets);
uint32_t podnet_subnet_value(struct ipv4_range slice, size_t n_subnets, size_t i);

/* The node's own address in its slice. */
uint32_t podnet_gateway(struct ipv4_range slice);

/* The next free address of subnet 'i' after 'last' (0: none yet), around the block's
 * end: one that was given back is given away again as late as can be. 'used' in any
 * order. -ENOSPC with words that name what to change. */
int podnet_pick(struct ipv4_range slice, size_t n_subnets, size_t i,
                const uint32_t *used, size_t n_used, uint32_t last, uint32_t *ret,
                struct err *err);

#endif
