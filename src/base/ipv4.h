/* SPDX-License-Identifier: Apache-2.0
 *
 * ipv4.h - IPv4 addresses and ranges of them, in host byte order
 */
#ifndef BERTH_BASE_IPV4_H
#define BERTH_BASE_IPV4_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define IPV4_TEXT_MAX 16
#define IPV4_RANGE_TEXT_MAX 19

/* "10.88.0.0/16": no bits of 'base' below the prefix. */
struct ipv4_range {
    uint32_t base;
    unsigned int prefix; /* 0 to 32 */
};

/* -EINVAL with words; 'ret' is written on success alone. */
int ipv4_parse(const char *text, uint32_t *ret, struct err *err);
int ipv4_range_parse(const char *text, struct ipv4_range *ret, struct err *err);

/* Both return 'buf'. */
const char *ipv4_text(uint32_t address, char buf[IPV4_TEXT_MAX]);
const char *ipv4_range_text(struct ipv4_range range, char buf[IPV4_RANGE_TEXT_MAX]);

uint32_t ipv4_mask(unsigned int prefix);
bool ipv4_range_has(struct ipv4_range range, uint32_t address);
bool ipv4_range_equal(struct ipv4_range a, struct ipv4_range b);
/* How many parts with 'prefix', at least that of 'range', it has; the i-th of them. */
uint64_t ipv4_range_parts(struct ipv4_range range, unsigned int prefix);
struct ipv4_range ipv4_range_part(struct ipv4_range range, unsigned int prefix,
                                  uint64_t i);

#endif
