/* SPDX-License-Identifier: Apache-2.0
 *
 * ipv4.c - IPv4 addresses and ranges of them, in host byte order
 */
#include "base/ipv4.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int ipv4_parse(const char *text, uint32_t *ret, struct err *err)
{
    struct in_addr in;

    if (inet_pton(AF_INET, text, &in) != 1)
        return err_set(err, EINVAL, "'%.64s' is not an address like 10.88.0.1", text);
    *ret = ntohl(in.s_addr);
    return 0;
}

/* One or two digits, no more. */
static int parse_prefix(const char *text, unsigned int *ret)
{
    size_t len = strlen(text);
    unsigned int n = 0;

    if (len < 1 || len > 2 || strspn(text, "0123456789") != len)
        return -EINVAL;
    for (size_t i = 0; i < len; i++)
        n = 10 * n + (unsigned int)(text[i] - '0');
    if (n > 32)
        return -EINVAL;
    *ret = n;
    return 0;
}

int ipv4_range_parse(const char *text, struct ipv4_range *ret, struct err *err)
{
    char address[IPV4_TEXT_MAX] = "", good[IPV4_RANGE_TEXT_MAX];
    const char *slash = strchr(text, '/');
    struct ipv4_range range;

    if (slash && slash - text < IPV4_TEXT_MAX)
        memcpy(address, text, (size_t)(slash - text));
    if (!address[0] || ipv4_parse(address, &range.base, NULL) ||
        parse_prefix(slash + 1, &range.prefix))
        return err_set(err, EINVAL, "'%.64s' is not a range like 10.88.0.0/16", text);
    if (range.base & ~ipv4_mask(range.prefix)) {
        range.base &= ipv4_mask(range.prefix);
        return err_set(err, EINVAL, "'%s' has bits beyond its prefix: write %s", text,
                       ipv4_range_text(range, good));
    }
    *ret = range;
    return 0;
}

const char *ipv4_text(uint32_t address, char buf[IPV4_TEXT_MAX])
{
    (void)snprintf(buf, IPV4_TEXT_MAX, "%u.%u.%u.%u", address >> 24,
                   address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff);
    return buf;
}

const char *ipv4_range_text(struct ipv4_range range, char buf[IPV4_RANGE_TEXT_MAX])
{
    char address[IPV4_TEXT_MAX];

    (void)snprintf(buf, IPV4_RANGE_TEXT_MAX, "%s/%u", ipv4_text(range.base, address),
                   range.prefix & 63);
    return buf;
}

uint32_t ipv4_mask(unsigned int prefix)
{
    return prefix ? UINT32_MAX << (32 - prefix) : 0;
}

bool ipv4_range_has(struct ipv4_range range, uint32_t address)
{
    return (address & ipv4_mask(range.prefix)) == range.base;
}

bool ipv4_range_equal(struct ipv4_range a, struct ipv4_range b)
{
    return a.base == b.base && a.prefix == b.prefix;
}

uint64_t ipv4_range_parts(struct ipv4_range range, unsigned int prefix)
{
    return prefix < range.prefix ? 0 : UINT64_C(1) << (prefix - range.prefix);
}

struct ipv4_range ipv4_range_part(struct ipv4_range range, unsigned int prefix,
                                  uint64_t i)
{
    uint32_t offset = prefix ? (uint32_t)(i << (32 - prefix)) : 0;

    return (struct ipv4_range){.base = range.base + offset, .prefix = prefix};
}
