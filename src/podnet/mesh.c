/* SPDX-License-Identifier: Apache-2.0
 *
 * mesh.c - the node's part in the network of pods: rules, routes, tunnels
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "podnet/addresses.h"
#include "podnet/nft.h"
#include "podnet/podnet_priv.h"
#include "podnet/reach.h"

#define VXLAN_OVERHEAD 50
#define MTU_USUAL 1500
#define BOOT_ID_MAX 64

/* --------------------------------------------------------------- forwarding */

static const char switch_path[] = "/proc/sys/net/ipv4/ip_forward";
static const char boot_path[] = "/proc/sys/kernel/random/boot_id";

static int open_switch(char *ret_now, struct err *err)
{
    int fd = open(switch_path, O_RDWR | O_CLOEXEC);

    if (fd >= 0 && read(fd, ret_now, 1) == 1)
        return fd;
    (void)err_sys(err, errno, "%s", switch_path);
    closep(&fd);
    return -1;
}

static int turn(char to, struct err *err)
{
    char now = 0;
    cleanup(closep) int fd = open_switch(&now, err);

    if (fd < 0)
        return -EIO;
    /* Writing sets it anew on every device, also where the site wants otherwise. */
    if (now == to || (now != '0' && to == '1'))
        return 0;
    return pwrite(fd, &to, 1, 0) == 1 ? 0 : err_sys(err, errno, "%s", switch_path);
}

/* Not a record, which do not begin so. */
static char *note_path(const struct podnet *net)
{
    return xasprintf("%s/.forwarding", net->dir);
}

/* The note has the machine's present life in it: in the next the site may have
 * switched it on. */
static bool is_noted(const char *path, const char *boot)
{
    cleanup(freep) char *noted = NULL;

    return io_read_file(path, BOOT_ID_MAX, &noted, NULL, NULL) == 0 &&
           strcmp(noted, boot) == 0;
}

int mesh_look_at_forwarding(struct podnet *net, struct err *err)
{
    char now = 0;
    cleanup(closep) int fd = open_switch(&now, err);
    cleanup(freep) char *path = note_path(net);
    cleanup(freep) char *boot = NULL;
    int rc;

    if (fd < 0)
        return -EIO;
    rc = io_read_file(boot_path, BOOT_ID_MAX, &boot, NULL, err);
    if (rc)
        return rc;
    net->has_forwarding = now == '0' || is_noted(path, boot);
    return now == '0' ? io_write_file_atomic(path, boot, strlen(boot), 0600, err) : 0;
}

int mesh_forward(struct err *err)
{
    return turn('1', err);
}

/* Without our rules it would be a router between all its networks. */
static int stop_forwarding(struct podnet *net, struct err *err)
{
    cleanup(freep) char *path = note_path(net);
    cleanup(freep) char *boot = NULL;
    int rc = io_read_file(boot_path, BOOT_ID_MAX, &boot, NULL, err);

    if (!rc && is_noted(path, boot))
        rc = turn('0', err);
    if (!rc)
        (void)unlink(path);
    net->has_forwarding = false;
    return rc;
}

/* -------------------------------------------------------------------- rules */

static size_t count_ports(const struct podnet *net)
{
    size_t n = 0;

    for (size_t i = 0; i < net->n_pods; i++)
        n += net->pods[i].n_ports;
    return n;
}

int mesh_rules(const struct podnet *net, struct err *err)
{
    size_t n = 0;
    cleanup(freep) struct podnet_forward *forwards =
        xcalloc(count_ports(net) + 1, sizeof(*forwards));
    struct podnet_plan plan = {.table = net->table,
                               .cidr = net->cidr,
                               .slice = net->slice,
                               .subnets = net->subnets,
                               .n_subnets = net->n_subnets,
                               .forwards = forwards,
                               .passes_pods_only = net->has_forwarding};
    cleanup(freep) char *text = NULL;

    for (size_t i = 0; i < net->n_pods; i++)
        for (size_t k = 0; k < net->pods[i].n_ports; k++)
            forwards[n++] = (struct podnet_forward){.address = net->pods[i].address,
                                                    .port = net->pods[i].ports[k]};
    plan.n_forwards = n;
    text = podnet_rules(&plan);
    return nft_apply(text, err);
}

/* ------------------------------------------------------------------- routes */

/* What one call of mesh_routes knows. */
struct mesh {
    struct podnet *net;
    struct links *links;
    struct reach_local *locals;
    size_t n_locals;
    const struct reach_local *own; /* that others call; NULL: not found */
    bool has_tunnel;
    struct ipv4_range *keep;
    size_t n_keep;
    char *skipped;
};

/* Each tunnel's end has the address of its slice in its own. */
static void make_mac(struct ipv4_range slice, uint8_t mac[LINKS_MAC_BYTES])
{
    mac[0] = 0x02; /* local, of one station */
    mac[1] = 0x62;
    for (unsigned int i = 0; i < 4; i++)
        mac[2 + i] = (uint8_t)(slice.base >> (24 - 8 * i));
}

/* The same on all nodes of a cluster, another for other clusters. */
static uint32_t tunnel_id(const char *cluster)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (; *cluster; cluster++)
        hash = (hash ^ (unsigned char)*cluster) * 16777619u;
    return (hash ^ hash >> 24) & 0xffffff;
}

static void find_own(struct mesh *m)
{
    uint32_t address;

    m->own = NULL;
    if (reach_resolve(m->net->address, &address, NULL) == 0)
        (void)reach_judge(m->locals, m->n_locals, address, &m->own);
}

static unsigned int fitting_mtu(const struct mesh *m, bool has_tunnel)
{
    unsigned int mtu = m->own && m->own->mtu ? m->own->mtu : MTU_USUAL;

    return has_tunnel ? mtu - VXLAN_OVERHEAD : mtu;
}

static int need_tunnel(struct mesh *m, struct err *err)
{
    struct podnet *net = m->net;
    uint8_t mac[LINKS_MAC_BYTES];
    uint32_t gateway = podnet_gateway(net->slice);
    int rc;

    if (m->has_tunnel)
        return 0;
    make_mac(net->slice, mac);
    rc = links_make_vxlan(m->links, net->vxlan, tunnel_id(net->cluster),
                          m->own ? m->own->address : 0, mac, fitting_mtu(m, true), err);
    if (!rc)
        rc = links_add_address(m->links, net->vxlan, gateway, err);
    if (!rc)
        rc = links_raise(m->links, net->vxlan, err);
    m->has_tunnel = rc == 0;
    return rc;
}

static int add_tunnel(struct mesh *m, const struct podnet_peer *peer, uint32_t node,
                      struct err *err)
{
    const struct links_route route = {.to = peer->slice,
                                      .device = m->net->vxlan,
                                      .via = peer->slice.base,
                                      .source = podnet_gateway(m->net->slice),
                                      .is_onlink = true};
    uint8_t mac[LINKS_MAC_BYTES];
    int rc = need_tunnel(m, err);

    if (rc)
        return rc;
    make_mac(peer->slice, mac);
    rc =
        links_add_vxlan_peer(m->links, m->net->vxlan, mac, peer->slice.base, node, err);
    return rc ? rc : links_add_route(m->links, &route, err);
}

static int add_direct(struct mesh *m, const struct podnet_peer *peer, uint32_t node,
                      const struct reach_local *local, struct err *err)
{
    const struct links_route route = {
        .to = peer->slice, .device = local->device, .via = node};

    return links_add_route(m->links, &route, err);
}

/* One of them is enough to look into it. */
static void skip(struct mesh *m, const char *words)
{
    if (!m->skipped)
        m->skipped = xstrdup(words);
}

static int add_peer(struct mesh *m, const struct podnet_peer *peer, struct err *err)
{
    const struct reach_local *local = NULL;
    uint32_t node = 0;
    enum reach reach;

    if (reach_resolve(peer->address, &node, err)) {
        skip(m, err->text);
        return 0;
    }
    reach = reach_judge(m->locals, m->n_locals, node, &local);
    if (reach == REACH_SELF)
        return 0;
    m->keep[m->n_keep++] = peer->slice;
    if (m->net->tunnel == PODNET_TUNNEL_ALWAYS ||
        (m->net->tunnel == PODNET_TUNNEL_AUTO && reach == REACH_BEYOND))
        return add_tunnel(m, peer, node, err);
    if (reach == REACH_LINK)
        return add_direct(m, peer, node, local, err);
    /* The site's own routers know the way. */
    m->n_keep--;
    return 0;
}

/* Addresses that no pod has lead nowhere, least of all to the default route. */
static int add_dead_end(struct mesh *m, struct err *err)
{
    const struct links_route route = {.to = m->net->cidr};

    m->keep[m->n_keep++] = m->net->cidr;
    return links_add_route(m->links, &route, err);
}

static int add_all(struct mesh *m, const struct podnet_peer *peers, size_t n,
                   struct err *err)
{
    int rc = add_dead_end(m, err);

    for (size_t i = 0; i < n && !rc; i++)
        rc = add_peer(m, &peers[i], err);
    if (!rc)
        rc = links_prune_routes(m->links, m->keep, m->n_keep, err);
    if (!rc && !m->has_tunnel)
        rc = links_remove(m->links, m->net->vxlan, err);
    return rc;
}

int mesh_routes(struct podnet *net, struct links *links,
                const struct podnet_peer *peers, size_t n, char **ret_skipped,
                struct err *err)
{
    struct mesh m = {.net = net, .links = links};
    struct err own = {0};
    int rc = reach_list(&m.locals, &m.n_locals, err);

    if (rc)
        return rc;
    find_own(&m);
    m.keep = xcalloc(n + 1, sizeof(*m.keep));
    rc = add_all(&m, peers, n, &own);
    if (rc && err)
        *err = own;
    net->mtu = net->mtu_wished ? net->mtu_wished : fitting_mtu(&m, m.has_tunnel);
    free(m.keep);
    free(m.locals);
    if (ret_skipped)
        *ret_skipped = take(m.skipped);
    free(m.skipped);
    return rc;
}

int mesh_remove(struct podnet *net, struct links *links, struct err *err)
{
    cleanup(freep) char *text = podnet_rules_removed(net->table);
    int rc = links_remove(links, net->vxlan, err);
    int routes = links_prune_routes(links, NULL, 0, rc ? NULL : err);
    int off = stop_forwarding(net, rc || routes ? NULL : err);
    int rules = off ? 0 : nft_apply(text, rc || routes ? NULL : err);

    return rc ? rc : routes ? routes : off ? off : rules;
}
