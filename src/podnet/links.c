/* SPDX-License-Identifier: Apache-2.0
 *
 * links.c - devices and addresses of one network namespace, by netlink
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netlink/errno.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/link/vxlan.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "podnet/links_priv.h"

#define VXLAN_PORT 4789

int links_code(int rc)
{
    static const struct {
        int nle, code;
    } codes[] = {
        {NLE_EXIST, EEXIST},         {NLE_PERM, EPERM},      {NLE_NODEV, ENODEV},
        {NLE_OBJ_NOTFOUND, ENOENT},  {NLE_INVAL, EINVAL},    {NLE_BUSY, EBUSY},
        {NLE_NOMEM, ENOMEM},         {NLE_NOACCESS, EACCES}, {NLE_AGAIN, EAGAIN},
        {NLE_OPNOTSUPP, EOPNOTSUPP},
    };

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
        if (abs(rc) == codes[i].nle)
            return codes[i].code;
    return EIO;
}

static void put_linkp(struct rtnl_link **link)
{
    if (*link)
        rtnl_link_put(*link);
}

static void put_addrp(struct rtnl_addr **addr)
{
    if (*addr)
        rtnl_addr_put(*addr);
}

static void free_cachep(struct nl_cache **cache)
{
    if (*cache)
        nl_cache_free(*cache);
}

void links_put_addressp(struct nl_addr **address)
{
    if (*address)
        nl_addr_put(*address);
}

struct nl_addr *links_address(uint32_t address, unsigned int prefix)
{
    uint32_t bytes = htobe32(address);
    struct nl_addr *built = nl_addr_build(AF_INET, &bytes, sizeof(bytes));

    BUG_ON(!built);
    nl_addr_set_prefixlen(built, (int)prefix);
    return built;
}

/* ------------------------------------------------------------------ sockets */

static int connect_here(struct nl_sock *sock, struct err *err)
{
    int rc = nl_connect(sock, NETLINK_ROUTE);

    if (rc)
        return err_set(err, links_code(rc), "netlink: %s", nl_geterror(rc));
    return 0;
}

/* A socket stays in the namespace that it was made in. */
static int connect_in(struct nl_sock *sock, int netns, struct err *err)
{
    cleanup(closep) int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    int rc;

    if (home < 0 || setns(netns, CLONE_NEWNET))
        return err_sys(err, errno, "enter the network namespace");
    rc = connect_here(sock, err);
    /* Going on in a pod's namespace would be far worse than to end. */
    BUG_ON(setns(home, CLONE_NEWNET));
    return rc;
}

int links_open(int netns, struct links **ret, struct err *err)
{
    struct nl_sock *sock = nl_socket_alloc();
    int rc;

    BUG_ON(!sock);
    rc = netns < 0 ? connect_here(sock, err) : connect_in(sock, netns, err);
    if (rc) {
        nl_socket_free(sock);
        return rc;
    }
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->sock = sock;
    return 0;
}

void links_close(struct links *links)
{
    if (!links)
        return;
    nl_socket_free(links->sock);
    free(links);
}

void links_closep(struct links **links)
{
    links_close(*links);
}

/* ------------------------------------------------------------------ devices */

/* NULL: there is none. The caller puts it back. */
static struct rtnl_link *get(struct links *links, const char *name)
{
    struct rtnl_link *link = NULL;

    return rtnl_link_get_kernel(links->sock, 0, name, &link) ? NULL : link;
}

int links_index(struct links *links, const char *name, struct err *err)
{
    cleanup(put_linkp) struct rtnl_link *link = get(links, name);

    return link ? rtnl_link_get_ifindex(link)
                : err_set(err, ENODEV, "there is no device %s", name);
}

bool links_has(struct links *links, const char *name)
{
    return links_index(links, name, NULL) > 0;
}

int links_list(struct links *links, const char *prefix, char ***ret, struct err *err)
{
    cleanup(free_cachep) struct nl_cache *cache = NULL;
    int rc = rtnl_link_alloc_cache(links->sock, AF_UNSPEC, &cache);
    char **names = NULL;

    if (rc)
        return err_set(err, links_code(rc), "list devices: %s", nl_geterror(rc));
    for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
        const char *name = rtnl_link_get_name((struct rtnl_link *)o);

        if (name && strncmp(name, prefix, strlen(prefix)) == 0)
            strv_add(&names, name);
    }
    *ret = names;
    return 0;
}

static int add(struct links *links, struct rtnl_link *link, const char *name,
               struct err *err)
{
    int rc = rtnl_link_add(links->sock, link, NLM_F_CREATE | NLM_F_EXCL);

    return rc ? err_set(err, links_code(rc), "make the device %s: %s", name,
                        nl_geterror(rc))
              : 0;
}

int links_make_pair(struct links *links, const char *name, int netns, const char *peer,
                    unsigned int mtu, struct err *err)
{
    cleanup(put_linkp) struct rtnl_link *link = rtnl_link_veth_alloc();
    cleanup(put_linkp) struct rtnl_link *far = rtnl_link_veth_get_peer(link);

    rtnl_link_set_name(link, name);
    rtnl_link_set_mtu(link, mtu);
    rtnl_link_set_name(far, peer);
    rtnl_link_set_mtu(far, mtu);
    rtnl_link_set_ns_fd(far, netns);
    return add(links, link, name, err);
}

int links_make_vxlan(struct links *links, const char *name, uint32_t id, uint32_t local,
                     const uint8_t mac[LINKS_MAC_BYTES], unsigned int mtu,
                     struct err *err)
{
    cleanup(put_linkp) struct rtnl_link *link = rtnl_link_vxlan_alloc();
    cleanup(links_put_addressp) struct nl_addr *source = links_address(local, 32);
    cleanup(links_put_addressp) struct nl_addr *own =
        nl_addr_build(AF_LLC, mac, LINKS_MAC_BYTES);
    int rc;

    rtnl_link_set_name(link, name);
    rtnl_link_set_mtu(link, mtu);
    rtnl_link_set_addr(link, own);
    rc = rtnl_link_vxlan_set_id(link, id);
    if (!rc)
        rc = rtnl_link_vxlan_set_local(link, source);
    if (!rc)
        rc = rtnl_link_vxlan_set_port(link, VXLAN_PORT);
    if (!rc)
        rc = rtnl_link_vxlan_set_learning(link, 0);
    if (rc)
        return err_set(err, links_code(rc), "make the device %s: %s", name,
                       nl_geterror(rc));
    rc = add(links, link, name, err);
    return rc == -EEXIST ? 0 : rc;
}

int links_remove(struct links *links, const char *name, struct err *err)
{
    cleanup(put_linkp) struct rtnl_link *link = get(links, name);
    int rc = link ? rtnl_link_delete(links->sock, link) : 0;

    /* Its namespace may have ended, and it with that, since. */
    if (rc && links_code(rc) != ENODEV)
        return err_set(err, links_code(rc), "remove the device %s: %s", name,
                       nl_geterror(rc));
    return 0;
}

int links_raise(struct links *links, const char *name, struct err *err)
{
    cleanup(put_linkp) struct rtnl_link *link = get(links, name);
    cleanup(put_linkp) struct rtnl_link *change = rtnl_link_alloc();
    int rc;

    if (!link)
        return err_set(err, ENODEV, "there is no device %s", name);
    rtnl_link_set_flags(change, IFF_UP);
    rc = rtnl_link_change(links->sock, link, change, 0);
    return rc ? err_set(err, links_code(rc), "raise the device %s: %s", name,
                        nl_geterror(rc))
              : 0;
}

/* ---------------------------------------------------------------- addresses */

int links_add_address(struct links *links, const char *name, uint32_t address,
                      struct err *err)
{
    cleanup(put_addrp) struct rtnl_addr *addr = rtnl_addr_alloc();
    cleanup(links_put_addressp) struct nl_addr *local = links_address(address, 32);
    int index = links_index(links, name, err);
    int rc;

    if (index < 0)
        return index;
    rtnl_addr_set_ifindex(addr, index);
    rc = rtnl_addr_set_local(addr, local);
    if (!rc)
        rc = rtnl_addr_add(links->sock, addr, 0);
    if (rc && links_code(rc) != EEXIST)
        return err_set(err, links_code(rc), "give %s its address: %s", name,
                       nl_geterror(rc));
    return 0;
}

bool links_has_address(struct links *links, const char *name, uint32_t address)
{
    cleanup(free_cachep) struct nl_cache *cache = NULL;
    cleanup(links_put_addressp) struct nl_addr *local = links_address(address, 32);
    cleanup(put_addrp) struct rtnl_addr *found = NULL;
    int index = links_index(links, name, NULL);

    if (index < 0 || rtnl_addr_alloc_cache(links->sock, &cache))
        return false;
    found = rtnl_addr_get(cache, index, local);
    return found != NULL;
}
