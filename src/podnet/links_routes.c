/* SPDX-License-Identifier: Apache-2.0
 *
 * links_routes.c - routes, and who is behind a tunnel
 */
#include <endian.h>
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>

#include "base/mem.h"
#include "podnet/links_priv.h"

static void put_routep(struct rtnl_route **route)
{
    if (*route)
        rtnl_route_put(*route);
}

static void put_neighp(struct rtnl_neigh **neigh)
{
    if (*neigh)
        rtnl_neigh_put(*neigh);
}

static void free_cachep(struct nl_cache **cache)
{
    if (*cache)
        nl_cache_free(*cache);
}

/* ------------------------------------------------------------------- routes */

static void add_hop(struct rtnl_route *route, const struct links_route *r, int index)
{
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();

    rtnl_route_nh_set_ifindex(hop, index);
    if (r->via) {
        cleanup(links_put_addressp) struct nl_addr *via = links_address(r->via, 32);

        rtnl_route_nh_set_gateway(hop, via);
    }
    if (r->is_onlink)
        rtnl_route_nh_set_flags(hop, RTNH_F_ONLINK);
    rtnl_route_add_nexthop(route, hop);
}

static struct rtnl_route *make_route(const struct links_route *r, int index)
{
    struct rtnl_route *route = rtnl_route_alloc();
    cleanup(links_put_addressp) struct nl_addr *to =
        links_address(r->to.base, r->to.prefix);

    BUG_ON(!route);
    (void)rtnl_route_set_family(route, AF_INET);
    (void)rtnl_route_set_dst(route, to);
    rtnl_route_set_table(route, RT_TABLE_MAIN);
    rtnl_route_set_protocol(route, LINKS_ROUTE_MARK);
    rtnl_route_set_scope(route,
                         r->device && !r->via ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
    (void)rtnl_route_set_type(route, r->device ? RTN_UNICAST : RTN_UNREACHABLE);
    if (r->source) {
        cleanup(links_put_addressp) struct nl_addr *source =
            links_address(r->source, 32);

        (void)rtnl_route_set_pref_src(route, source);
    }
    if (r->device)
        add_hop(route, r, index);
    return route;
}

int links_add_route(struct links *links, const struct links_route *r, struct err *err)
{
    cleanup(put_routep) struct rtnl_route *route = NULL;
    char to[IPV4_RANGE_TEXT_MAX];
    int index = r->device ? links_index(links, r->device, err) : 0;
    int rc;

    if (index < 0)
        return index;
    route = make_route(r, index);
    rc = rtnl_route_add(links->sock, route, NLM_F_CREATE | NLM_F_REPLACE);
    return rc ? err_set(err, links_code(rc), "make the route to %s: %s",
                        ipv4_range_text(r->to, to), nl_geterror(rc))
              : 0;
}

static struct ipv4_range range_of(struct rtnl_route *route)
{
    const struct nl_addr *to = rtnl_route_get_dst(route);
    struct ipv4_range range = {.prefix = nl_addr_get_prefixlen(to)};
    uint32_t bytes = 0;

    if (nl_addr_get_len(to) == sizeof(bytes))
        memcpy(&bytes, nl_addr_get_binary_addr(to), sizeof(bytes));
    range.base = be32toh(bytes);
    return range;
}

static bool is_stale(struct rtnl_route *route, const struct ipv4_range *keep, size_t n)
{
    struct ipv4_range range = range_of(route);

    if (rtnl_route_get_protocol(route) != LINKS_ROUTE_MARK ||
        rtnl_route_get_table(route) != RT_TABLE_MAIN || range.prefix == 32)
        return false;
    for (size_t i = 0; i < n; i++)
        if (ipv4_range_equal(range, keep[i]))
            return false;
    return true;
}

int links_prune_routes(struct links *links, const struct ipv4_range *keep, size_t n,
                       struct err *err)
{
    cleanup(free_cachep) struct nl_cache *cache = NULL;
    int rc = rtnl_route_alloc_cache(links->sock, AF_INET, 0, &cache);

    if (rc)
        return err_set(err, links_code(rc), "list routes: %s", nl_geterror(rc));
    for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
        struct rtnl_route *route = (struct rtnl_route *)o;

        if (is_stale(route, keep, n))
            rc = rtnl_route_delete(links->sock, route, 0);
    }
    return rc ? err_set(err, links_code(rc), "remove a route: %s", nl_geterror(rc)) : 0;
}

/* ------------------------------------------------------------------ tunnels */

static int add_neighbour(struct links *links, int family, int flags, int index,
                         const uint8_t mac[LINKS_MAC_BYTES], uint32_t address,
                         struct err *err)
{
    cleanup(put_neighp) struct rtnl_neigh *neigh = rtnl_neigh_alloc();
    cleanup(links_put_addressp) struct nl_addr *to = links_address(address, 32);
    cleanup(links_put_addressp) struct nl_addr *link =
        nl_addr_build(AF_LLC, mac, LINKS_MAC_BYTES);
    int rc;

    /* Before the family: of a bridge's neighbours this is the tunnel's other end, whose
     * family is another. */
    rc = rtnl_neigh_set_dst(neigh, to);
    rtnl_neigh_set_family(neigh, family);
    rtnl_neigh_set_ifindex(neigh, index);
    rtnl_neigh_set_state(neigh, NUD_PERMANENT | (flags ? NUD_NOARP : 0));
    rtnl_neigh_set_flags(neigh, (unsigned int)flags);
    rtnl_neigh_set_lladdr(neigh, link);
    if (!rc)
        rc = rtnl_neigh_add(links->sock, neigh, NLM_F_CREATE | NLM_F_REPLACE);
    return rc ? err_set(err, links_code(rc), "make a tunnel's end known: %s",
                        nl_geterror(rc))
              : 0;
}

int links_add_vxlan_peer(struct links *links, const char *name,
                         const uint8_t mac[LINKS_MAC_BYTES], uint32_t next,
                         uint32_t node, struct err *err)
{
    int index = links_index(links, name, err);
    int rc;

    if (index < 0)
        return index;
    rc = add_neighbour(links, AF_INET, 0, index, mac, next, err);
    if (rc)
        return rc;
    return add_neighbour(links, AF_BRIDGE, NTF_SELF, index, mac, node, err);
}
