/* SPDX-License-Identifier: Apache-2.0
 *
 * nodes.c - host lists of nodes[] become nodes, each with an address of its own
 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"

#define NODE_NAME_MAX 128

char *config_beside(const struct config *c, const char *path)
{
    const char *slash = strrchr(c->path, '/');

    if (*path == '/' || !slash)
        return xstrdup(path);
    return xasprintf("%.*s/%s", (int)(slash - c->path), c->path, path);
}

static char *resolve_topology(const struct config *c, const char *topology)
{
    if (!topology)
        return NULL;
    if (strncmp(topology, "synthetic:", 10) == 0)
        return xstrdup(topology);
    return config_beside(c, topology);
}

static int check_node_name(const struct config *c, const struct node_group *group,
                           const char *name, struct err *err)
{
    if (strlen(name) > NODE_NAME_MAX)
        return config_refuse(c, group->line, err,
                             "nodes[].names: '%.32s...' is longer than %d characters",
                             name, NODE_NAME_MAX);
    if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789_.-") != strlen(name) ||
        *name == '.' || *name == '-')
        return config_refuse(c, group->line, err,
                             "nodes[].names: '%s' is no host name (letters, digits, "
                             "'_', '.' and '-')",
                             name);
    if (strcmp(name, "ALL") == 0)
        return config_refuse(
            c, group->line, err,
            "nodes[].names: 'ALL' means every node and cannot name one");
    return 0;
}

static int check_counts(const struct config *c, const struct node_group *group,
                        char *const *names, char *const *addresses, struct err *err)
{
    size_t n = strv_len(names), a = strv_len(addresses);

    if (c->n_nodes + n > CONFIG_NODES_MAX)
        return config_refuse(c, group->line, err, "nodes[].names: more than %d nodes",
                             CONFIG_NODES_MAX);
    if (a && a != n)
        return config_refuse(c, group->line, err,
                             "nodes[].address: %zu addresses for %zu names", a, n);
    return 0;
}

static int expand_group(struct config *c, const struct node_group *group,
                        struct err *err)
{
    cleanup(strv_freep) char **names = NULL, **addresses = NULL;
    int r = hostlist_expand(group->names ? group->names : "", &names, err);

    if (r == 0 && group->address)
        r = hostlist_expand(group->address, &addresses, err);
    if (r == 0)
        r = check_counts(c, group, names, addresses, err);
    if (r < 0)
        return r;
    c->nodes = xrealloc(c->nodes, c->n_nodes + strv_len(names), sizeof(*c->nodes));
    for (size_t i = 0; names && names[i]; i++) {
        r = check_node_name(c, group, names[i], err);
        if (r < 0)
            return r;
        c->nodes[c->n_nodes++] = (struct config_node){
            .name = xstrdup(names[i]),
            .address = xstrdup(addresses ? addresses[i] : names[i]),
            .port = group->port ? group->port : c->node.port,
            .topology = resolve_topology(c, group->topology),
            .memory = group->memory,
            .features = group->features ? xstrdup(group->features) : NULL,
            .gres = group->gres ? xstrdup(group->gres) : NULL,
            .labels = group->labels ? xstrdup(group->labels) : NULL,
            .taints = group->taints ? xstrdup(group->taints) : NULL,
            .line = group->line,
        };
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct config_node *x = *(const struct config_node *const *)a;
    const struct config_node *y = *(const struct config_node *const *)b;
    int order = strcmp(x->name, y->name);

    return order ? order : (int)x->line - (int)y->line;
}

static int by_address(const void *a, const void *b)
{
    const struct config_node *x = *(const struct config_node *const *)a;
    const struct config_node *y = *(const struct config_node *const *)b;
    int order = strcmp(x->address, y->address);

    if (order)
        return order;
    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    return (int)x->line - (int)y->line;
}

static const struct config_node **sorted(const struct config *c,
                                         int (*order)(const void *, const void *))
{
    const struct config_node **index =
        xcalloc(c->n_nodes, sizeof(struct config_node *));

    for (size_t i = 0; i < c->n_nodes; i++)
        index[i] = &c->nodes[i];
    qsort(index, c->n_nodes, sizeof(struct config_node *), order);
    return index;
}

static int check_names(const struct config *c, struct err *err)
{
    for (size_t i = 1; i < c->n_nodes; i++) {
        const struct config_node *a = c->by_name[i - 1];
        const struct config_node *b = c->by_name[i];

        if (strcmp(a->name, b->name) != 0)
            continue;
        return config_refuse(c, b->line, err,
                             "nodes[].names: %s is named twice, first in line %u",
                             b->name, a->line);
    }
    return 0;
}

static int check_addresses(const struct config *c, struct err *err)
{
    cleanup(freep) const struct config_node **index = sorted(c, by_address);

    for (size_t i = 0; i < c->n_nodes; i++) {
        const struct config_node *b = index[i];
        const struct config_node *a = i ? index[i - 1] : NULL;

        if (b->port == c->controller.port &&
            strcmp(b->address, c->controller.host) == 0)
            return config_refuse(
                c, b->line, err,
                "nodes[].port: %s and the controller both listen at %s "
                "port %u",
                b->name, b->address, b->port);
        if (a && a->port == b->port && strcmp(a->address, b->address) == 0)
            return config_refuse(c, b->line, err,
                                 "nodes[].port: %s and %s both listen at %s port %u",
                                 a->name, b->name, b->address, b->port);
    }
    return 0;
}

int config_expand_nodes(struct config *c, const struct node_group *groups, size_t n,
                        struct err *err)
{
    int r;

    for (size_t i = 0; i < n; i++) {
        r = expand_group(c, &groups[i], err);
        if (r < 0)
            return r;
    }
    if (!c->n_nodes)
        return config_refuse(c, 0, err, "nodes: is missing, a cluster needs a node");
    c->by_name = sorted(c, by_name);
    r = check_names(c, err);
    return r < 0 ? r : check_addresses(c, err);
}

const struct config_node *config_node_by_name(const struct config *c, const char *name)
{
    size_t low = 0, high = c->n_nodes;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(name, c->by_name[mid]->name);

        if (order == 0)
            return c->by_name[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

char *config_nearest_node(const struct config *c, const char *name)
{
    cleanup(freep) const char **names = xcalloc(c->n_nodes, sizeof(*names));
    const char *near;

    for (size_t i = 0; i < c->n_nodes; i++)
        names[i] = c->nodes[i].name;
    near = nearest_name(name, names, c->n_nodes);
    return near ? xasprintf(", did you mean '%s'?", near) : xstrdup("");
}
