/* SPDX-License-Identifier: Apache-2.0
 *
 * podnet.c - pods of this node: their addresses, devices and records
 *
 * First the record, then the device; at the end first the device, then the record: what
 * is there after a crash is found by its record, or by its name.
 */
#include "podnet/podnet.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "podnet/addresses.h"
#include "podnet/podnet_priv.h"

#define DEVICE_NAME_MAX 16
#define POD_DEVICE "eth0"

/* What nft takes for the name of a table. */
static char *make_table(const char *cluster, const char *node)
{
    char *table = xasprintf("berth_%s_%s", cluster, node);

    for (char *c = table; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return table;
}

static void name_vxlan(struct podnet *net)
{
    uint32_t hash = 5381;

    for (const char *c = net->cluster; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    (void)snprintf(net->vxlan, sizeof(net->vxlan), "bvx%08x", hash);
}

int podnet_create(const struct podnet_settings *settings, struct podnet **ret,
                  struct err *err)
{
    struct podnet *net = xcalloc(1, sizeof(*net));
    int rc;

    net->cluster = xstrdup(settings->cluster);
    net->address = xstrdup(settings->address);
    net->dir = xstrdup(settings->dir);
    net->table = make_table(settings->cluster, settings->node);
    name_vxlan(net);
    net->subnets = settings->subnets;
    net->n_subnets = settings->n_subnets;
    net->mtu_wished = settings->mtu;
    net->tunnel = settings->tunnel;
    rc = records_load(net->dir, &net->pods, &net->n_pods, err);
    if (rc) {
        podnet_destroy(net);
        return rc;
    }
    *ret = net;
    return 0;
}

void podnet_destroy(struct podnet *net)
{
    if (!net)
        return;
    for (size_t i = 0; i < net->n_pods; i++)
        free(net->pods[i].ports);
    free(net->pods);
    free(net->cluster);
    free(net->address);
    free(net->dir);
    free(net->table);
    free(net);
}

int podnet_set(struct podnet *net, struct ipv4_range cidr, struct ipv4_range slice,
               const struct podnet_peer *peers, size_t n, char **ret_skipped,
               struct err *err)
{
    cleanup(links_closep) struct links *links = NULL;
    int rc = links_open(-1, &links, err);

    if (rc)
        return rc;
    net->cidr = cidr;
    net->slice = slice;
    /* Rules before packets can pass. */
    rc = mesh_look_at_forwarding(net, err);
    if (!rc)
        rc = mesh_rules(net, err);
    if (!rc)
        rc = mesh_forward(err);
    if (!rc)
        rc = mesh_routes(net, links, peers, n, ret_skipped, err);
    net->is_set = rc == 0;
    return rc;
}

/* ---------------------------------------------------------------- one's pod */

static struct podnet_pod *find(const struct podnet *net, uint32_t job, uint32_t epoch)
{
    for (size_t i = 0; i < net->n_pods; i++)
        if (net->pods[i].job == job && net->pods[i].epoch == epoch)
            return &net->pods[i];
    return NULL;
}

const struct podnet_pod *podnet_find(const struct podnet *net, uint32_t job,
                                     uint32_t epoch)
{
    return find(net, job, epoch);
}

uint32_t podnet_node_address(const struct podnet *net)
{
    return podnet_gateway(net->slice);
}

static void name_device(uint32_t address, char name[DEVICE_NAME_MAX])
{
    (void)snprintf(name, DEVICE_NAME_MAX, PODNET_DEVICE_PREFIX "%08x", address);
}

static bool ports_meet(const struct podnet_port *a, const struct podnet_port *b)
{
    return a->is_udp == b->is_udp && a->host_port == b->host_port &&
           (!a->host_ip || !b->host_ip || a->host_ip == b->host_ip);
}

static int check_port(const struct podnet *net, const struct podnet_port *port,
                      struct err *err)
{
    for (size_t i = 0; i < net->n_pods; i++)
        for (size_t k = 0; k < net->pods[i].n_ports; k++)
            if (ports_meet(port, &net->pods[i].ports[k]))
                return err_set(err, EADDRINUSE,
                               "hostPort %u (%s) of this node is the pod's of job %u",
                               port->host_port, port->is_udp ? "UDP" : "TCP",
                               net->pods[i].job);
    return 0;
}

static int pick_address(struct podnet *net, size_t subnet, uint32_t *ret,
                        struct err *err)
{
    cleanup(freep) uint32_t *used = xcalloc(net->n_pods + 1, sizeof(*used));
    int rc;

    for (size_t i = 0; i < net->n_pods; i++)
        used[i] = net->pods[i].address;
    rc = podnet_pick(net->slice, net->n_subnets, subnet, used, net->n_pods, net->last,
                     ret, err);
    if (!rc)
        net->last = *ret;
    return rc;
}

/* A pod with an address and a record, and no device yet. */
static int admit(struct podnet *net, const struct podnet_pod *wish, size_t subnet,
                 struct podnet_pod **ret, struct err *err)
{
    struct podnet_pod pod = *wish;
    int rc = 0;

    for (size_t i = 0; i < pod.n_ports && !rc; i++)
        rc = check_port(net, &pod.ports[i], err);
    if (!rc)
        rc = pick_address(net, subnet, &pod.address, err);
    if (!rc)
        rc = record_save(net->dir, &pod, err);
    if (rc)
        return rc;
    pod.ports =
        pod.n_ports ? xmemdup(pod.ports, pod.n_ports * sizeof(*pod.ports)) : NULL;
    net->pods = xrealloc(net->pods, net->n_pods + 1, sizeof(*net->pods));
    net->pods[net->n_pods] = pod;
    *ret = &net->pods[net->n_pods++];
    return 0;
}

/* ------------------------------------------------------------------ devices */

/* No address of IPv6 makes itself. Where there is no IPv6 there is no such file. */
static void set_no_ipv6(const char *device)
{
    cleanup(freep) char *path =
        xasprintf("/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);
    cleanup(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd >= 0)
        (void)!write(fd, "1", 1);
}

static int connect_node(const struct podnet *net, struct links *links,
                        const char *device, uint32_t address, struct err *err)
{
    uint32_t gateway = podnet_gateway(net->slice);
    const struct links_route route = {
        .to = {.base = address, .prefix = 32}, .device = device, .source = gateway};
    int rc;

    set_no_ipv6(device);
    rc = links_add_address(links, device, gateway, err);
    if (!rc)
        rc = links_raise(links, device, err);
    return rc ? rc : links_add_route(links, &route, err);
}

static int connect_pod(const struct podnet *net, struct links *inside, uint32_t address,
                       struct err *err)
{
    uint32_t gateway = podnet_gateway(net->slice);
    const struct links_route to_node = {.to = {.base = gateway, .prefix = 32},
                                        .device = POD_DEVICE};
    const struct links_route to_all = {.device = POD_DEVICE, .via = gateway};
    int rc = links_raise(inside, "lo", err);

    if (!rc)
        rc = links_add_address(inside, POD_DEVICE, address, err);
    if (!rc)
        rc = links_raise(inside, POD_DEVICE, err);
    if (!rc)
        rc = links_add_route(inside, &to_node, err);
    return rc ? rc : links_add_route(inside, &to_all, err);
}

static int make_devices(const struct podnet *net, const struct podnet_pod *pod,
                        int netns, struct err *err)
{
    cleanup(links_closep) struct links *here = NULL;
    cleanup(links_closep) struct links *inside = NULL;
    char device[DEVICE_NAME_MAX];
    int rc = links_open(-1, &here, err);

    name_device(pod->address, device);
    if (!rc)
        rc = links_open(netns, &inside, err);
    if (rc)
        return rc;
    if (links_has(here, device) && links_has_address(inside, POD_DEVICE, pod->address))
        return 0;
    rc = links_remove(here, device, err);
    if (!rc)
        rc = links_make_pair(here, device, netns, POD_DEVICE, net->mtu, err);
    if (!rc)
        rc = connect_node(net, here, device, pod->address, err);
    return rc ? rc : connect_pod(net, inside, pod->address, err);
}

int podnet_wire(struct podnet *net, uint32_t job, uint32_t epoch, size_t subnet,
                const struct podnet_port *ports, size_t n_ports, int netns,
                uint32_t *ret_address, struct err *err)
{
    struct podnet_pod wish = {.job = job, .epoch = epoch, .n_ports = n_ports};
    struct podnet_pod *pod = find(net, job, epoch);
    int rc = 0;

    if (!net->is_set)
        return err_set(err, EAGAIN, "this node does not know its pods' addresses yet");
    BUG_ON(subnet > net->n_subnets);
    wish.ports = n_ports ? xmemdup(ports, n_ports * sizeof(*ports)) : NULL;
    if (!pod)
        rc = admit(net, &wish, subnet, &pod, err);
    free(wish.ports);
    if (rc)
        return rc;
    rc = make_devices(net, pod, netns, err);
    if (!rc && n_ports)
        rc = mesh_rules(net, err);
    if (rc) {
        (void)podnet_unwire(net, job, epoch, NULL);
        return rc;
    }
    *ret_address = pod->address;
    return 0;
}

/* ---------------------------------------------------------------------- end */

static void forget(struct podnet *net, struct podnet_pod *pod)
{
    record_drop(net->dir, pod);
    free(pod->ports);
    *pod = net->pods[--net->n_pods];
}

int podnet_unwire(struct podnet *net, uint32_t job, uint32_t epoch, struct err *err)
{
    cleanup(links_closep) struct links *links = NULL;
    struct podnet_pod *pod = find(net, job, epoch);
    char device[DEVICE_NAME_MAX];
    bool has_ports;
    int rc;

    if (!pod)
        return 0;
    name_device(pod->address, device);
    has_ports = pod->n_ports > 0;
    rc = links_open(-1, &links, err);
    if (!rc)
        rc = links_remove(links, device, err);
    if (rc)
        return rc;
    forget(net, pod);
    return has_ports && net->is_set ? mesh_rules(net, err) : 0;
}

static bool is_known(const struct podnet *net, const char *device)
{
    char name[DEVICE_NAME_MAX];

    for (size_t i = 0; i < net->n_pods; i++) {
        name_device(net->pods[i].address, name);
        if (strcmp(name, device) == 0)
            return true;
    }
    return false;
}

/* Another berthd may have pods here, too: only what has an address of ours. */
static bool is_of(struct ipv4_range slice, const char *device)
{
    const char *digits = device + strlen(PODNET_DEVICE_PREFIX);
    char *end;
    unsigned long address = strtoul(digits, &end, 16);

    return !*end && ipv4_range_has(slice, (uint32_t)address);
}

static int remove_strays(struct podnet *net, struct err *err)
{
    cleanup(links_closep) struct links *links = NULL;
    cleanup(strv_freep) char **names = NULL;
    int rc = links_open(-1, &links, err);

    if (!rc)
        rc = links_list(links, PODNET_DEVICE_PREFIX, &names, err);
    strv_foreach (name, names)
        if (!rc && is_of(net->slice, *name) && !is_known(net, *name))
            rc = links_remove(links, *name, err);
    return rc;
}

int podnet_sweep(struct podnet *net,
                 bool (*lives)(uint32_t job, uint32_t epoch, void *ctx), void *ctx,
                 struct err *err)
{
    int rc = 0;

    for (size_t i = net->n_pods; i > 0 && !rc; i--) {
        const struct podnet_pod *pod = &net->pods[i - 1];

        if (!lives(pod->job, pod->epoch, ctx))
            rc = podnet_unwire(net, pod->job, pod->epoch, err);
    }
    return rc || !net->is_set ? rc : remove_strays(net, err);
}

static bool nobody_lives(uint32_t job, uint32_t epoch, void *ctx)
{
    (void)job;
    (void)epoch;
    (void)ctx;
    return false;
}

int podnet_clear(struct podnet *net, struct err *err)
{
    cleanup(links_closep) struct links *links = NULL;
    int rc = podnet_sweep(net, nobody_lives, NULL, err);

    net->is_set = false;
    if (!rc)
        rc = links_open(-1, &links, err);
    return rc ? rc : mesh_remove(net, links, err);
}
