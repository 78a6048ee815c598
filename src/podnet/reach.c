/* SPDX-License-Identifier: Apache-2.0
 *
 * reach.c - how another node is reached from here
 */
#include "podnet/reach.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/mem.h"

static uint32_t address_of(const struct sockaddr *sa)
{
    struct sockaddr_in in;

    memcpy(&in, sa, sizeof(in));
    return ntohl(in.sin_addr.s_addr);
}

static unsigned int mtu_of(const char *device)
{
    cleanup(closep) int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};

    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
    if (sock < 0 || ioctl(sock, SIOCGIFMTU, &request))
        return 0;
    return (unsigned int)request.ifr_mtu;
}

static void describe(struct reach_local *local, const struct ifaddrs *i)
{
    uint32_t mask = address_of(i->ifa_netmask);

    (void)snprintf(local->device, sizeof(local->device), "%s", i->ifa_name);
    local->address = address_of(i->ifa_addr);
    local->range.base = local->address & mask;
    local->range.prefix = (unsigned int)__builtin_popcount(mask);
    local->mtu = mtu_of(i->ifa_name);
}

int reach_list(struct reach_local **ret, size_t *ret_n, struct err *err)
{
    struct reach_local *list = NULL;
    struct ifaddrs *all;
    size_t n = 0;

    if (getifaddrs(&all))
        return err_sys(err, errno, "list the addresses of this node");
    for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !i->ifa_netmask ||
            !(i->ifa_flags & IFF_UP) || i->ifa_flags & IFF_LOOPBACK)
            continue;
        list = xrealloc(list, n + 1, sizeof(*list));
        describe(&list[n++], i);
    }
    freeifaddrs(all);
    *ret = list;
    *ret_n = n;
    return 0;
}

enum reach reach_judge(const struct reach_local *list, size_t n, uint32_t address,
                       const struct reach_local **ret)
{
    const struct reach_local *best = NULL;

    for (size_t i = 0; i < n; i++) {
        if (list[i].address == address) {
            *ret = &list[i];
            return REACH_SELF;
        }
        if (ipv4_range_has(list[i].range, address) &&
            (!best || list[i].range.prefix > best->range.prefix))
            best = &list[i];
    }
    *ret = best;
    if (!best && address >> 24 == 127)
        return REACH_SELF;
    return best ? REACH_LINK : REACH_BEYOND;
}

int reach_resolve(const char *host, uint32_t *ret, struct err *err)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    int rc;

    if (ipv4_parse(host, ret, NULL) == 0)
        return 0;
    rc = getaddrinfo(host, NULL, &hints, &found);
    if (rc)
        return err_set(err, EHOSTUNREACH, "address of node %.64s: %s", host,
                       gai_strerror(rc));
    *ret = address_of(found->ai_addr);
    freeaddrinfo(found);
    return 0;
}
