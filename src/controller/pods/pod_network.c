/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_network.c - which addresses the pods of each node have
 */
#include "controller/pods/pod_network.h"

#include <stdlib.h>
#include <string.h>

#include "base/bitset.h"
#include "base/log.h"
#include "base/mem.h"
#include "controller/nodes.h"

#define KEY "podnet/"

static bool is_part(struct ipv4_range cidr, unsigned int prefix, struct ipv4_range r)
{
    return r.prefix == prefix && ipv4_range_has(cidr, r.base);
}

static size_t index_of(struct ipv4_range cidr, unsigned int prefix, struct ipv4_range r)
{
    return (r.base - cidr.base) >> (32 - prefix);
}

void pod_network_allot(struct ipv4_range cidr, unsigned int prefix,
                       struct ipv4_range *slices, size_t n)
{
    uint64_t parts = ipv4_range_parts(cidr, prefix);
    struct bitset *taken = bitset_create((size_t)parts);
    size_t next = 0;

    BUG_ON(parts < n);
    for (size_t i = 0; i < n; i++) {
        if (is_part(cidr, prefix, slices[i]) &&
            !bitset_test(taken, index_of(cidr, prefix, slices[i])))
            bitset_set(taken, index_of(cidr, prefix, slices[i]));
        else
            slices[i] = (struct ipv4_range){0};
    }
    for (size_t i = 0; i < n; i++) {
        if (slices[i].prefix)
            continue;
        while (bitset_test(taken, next))
            next++;
        slices[i] = ipv4_range_part(cidr, prefix, next);
        bitset_set(taken, next);
    }
    bitset_destroy(taken);
}

static char *key_of(const char *node)
{
    return xasprintf(KEY "%s", node);
}

static int each_slice(const char *key, const void *value, size_t len, void *ctx)
{
    struct controller *ctl = ctx;
    const struct ctl_node *node = nodes_find(ctl, key + strlen(KEY));
    cleanup(freep) char *text = xstrndup(value, len);
    struct err err;

    /* One that left the configuration: its place is free. */
    if (!node)
        store_delete(ctl->store, key);
    else if (ipv4_range_parse(text, &ctl->pod_slices[node->index], &err))
        log_warn("%s: %s", key, err.text);
    return 0;
}

static void save(const struct controller *ctl, size_t i)
{
    cleanup(freep) char *key = key_of(ctl->config->nodes[i].name);
    char text[IPV4_RANGE_TEXT_MAX];

    (void)ipv4_range_text(ctl->pod_slices[i], text);
    store_put(ctl->store, key, text, strlen(text));
}

int pod_network_load(struct controller *ctl, struct err *err)
{
    size_t n = ctl->config->n_nodes;
    struct ipv4_range cidr;
    cleanup(freep) struct ipv4_range *before = NULL;
    int rc;

    if (!ctl->config->pods.cidr || n == 0)
        return 0;
    rc = ipv4_range_parse(ctl->config->pods.cidr, &cidr, err);
    if (rc)
        return rc;
    ctl->pod_slices = xcalloc(n, sizeof(*ctl->pod_slices));
    rc = store_scan(ctl->store, KEY, each_slice, ctl, err);
    if (rc)
        return rc;
    before = xmemdup(ctl->pod_slices, n * sizeof(*before));
    pod_network_allot(cidr, ctl->config->pods.node_prefix, ctl->pod_slices, n);
    for (size_t i = 0; i < n; i++)
        if (!ipv4_range_equal(before[i], ctl->pod_slices[i]))
            save(ctl, i);
    return 0;
}

void pod_network_clear(struct controller *ctl)
{
    free(ctl->pod_slices);
    ctl->pod_slices = NULL;
}

static char *slice_text(const struct controller *ctl, size_t i)
{
    char text[IPV4_RANGE_TEXT_MAX];

    return xstrdup(ipv4_range_text(ctl->pod_slices[i], text));
}

static Berth__PodRoute *make_route(const struct controller *ctl, size_t i)
{
    Berth__PodRoute *route = xmalloc(sizeof(*route));

    berth__pod_route__init(route);
    route->node = xstrdup(ctl->config->nodes[i].name);
    route->address = xstrdup(ctl->config->nodes[i].address);
    route->slice = slice_text(ctl, i);
    return route;
}

Berth__PodNetwork *pod_network_of(const struct controller *ctl,
                                  const struct ctl_node *node)
{
    Berth__PodNetwork *net = xmalloc(sizeof(*net));
    size_t n = ctl->config->n_nodes;

    berth__pod_network__init(net);
    if (!ctl->pod_slices)
        return net;
    net->cidr = xstrdup(ctl->config->pods.cidr);
    net->slice = slice_text(ctl, node->index);
    net->routes = xcalloc(n, sizeof(*net->routes));
    for (size_t i = 0; i < n; i++)
        if (i != node->index)
            net->routes[net->n_routes++] = make_route(ctl, i);
    return net;
}
