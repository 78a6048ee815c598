/* SPDX-License-Identifier: Apache-2.0
 *
 * addresses.c - which addresses of a node's slice belong to whom (pure)
 */
#include "podnet/addresses.h"

#include <errno.h>

unsigned int podnet_subnet_bits(size_t n_subnets)
{
    unsigned int bits = 0;

    while (UINT64_C(1) << bits < n_subnets + 1)
        bits++;
    return bits;
}

uint32_t podnet_subnet_mask(struct ipv4_range slice, size_t n_subnets)
{
    unsigned int bits = podnet_subnet_bits(n_subnets);

    return ipv4_mask(slice.prefix + bits) & ~ipv4_mask(slice.prefix);
}

uint32_t podnet_subnet_value(struct ipv4_range slice, size_t n_subnets, size_t i)
{
    unsigned int bits = podnet_subnet_bits(n_subnets);

    return bits ? (uint32_t)i << (32 - slice.prefix - bits) : 0;
}

uint32_t podnet_gateway(struct ipv4_range slice)
{
    return slice.base + 1;
}

static bool may_be_given(struct ipv4_range slice, uint32_t address)
{
    return address != slice.base && address != podnet_gateway(slice) &&
           address != (slice.base | ~ipv4_mask(slice.prefix));
}

static bool is_used(const uint32_t *used, size_t n_used, uint32_t address)
{
    for (size_t i = 0; i < n_used; i++)
        if (used[i] == address)
            return true;
    return false;
}

int podnet_pick(struct ipv4_range slice, size_t n_subnets, size_t i,
                const uint32_t *used, size_t n_used, uint32_t last, uint32_t *ret,
                struct err *err)
{
    struct ipv4_range block = {.base = slice.base |
                                       podnet_subnet_value(slice, n_subnets, i),
                               .prefix = slice.prefix + podnet_subnet_bits(n_subnets)};
    char text[IPV4_RANGE_TEXT_MAX];
    uint32_t size = (uint32_t)ipv4_range_parts(block, 32);
    uint32_t first = ipv4_range_has(block, last) ? last - block.base + 1 : 0;

    for (uint32_t k = 0; k < size; k++) {
        uint32_t address = block.base + (first + k) % size;

        if (may_be_given(slice, address) && !is_used(used, n_used, address)) {
            *ret = address;
            return 0;
        }
    }
    return err_set(err, ENOSPC,
                   "no address is free in %s: a smaller pods.node_prefix gives a node "
                   "more",
                   ipv4_range_text(block, text));
}
