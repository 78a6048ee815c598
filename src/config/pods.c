/* SPDX-License-Identifier: Apache-2.0
 *
 * pods.c - what the network of pods must be to the nodes and to itself
 */
#include "config/load.h"

#include <errno.h>
#include <string.h>

#include "base/ipv4.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"
#include "base/units.h"

/* A pod needs one, and a node keeps three. */
#define SMALLEST_BLOCK 30
#define SMALLEST_MTU 576

static bool is_listed(const char *names, const char *name)
{
    cleanup(strv_freep) char **list = names ? strv_split(names, ",") : NULL;

    return strv_has(list, name);
}

size_t config_pod_subnet(const struct config *config, const char *partition,
                         const char *account)
{
    for (size_t i = 0; i < config->pods.n_subnets; i++) {
        const struct config_subnet *s = &config->pods.subnets[i];

        if (is_listed(s->partitions, partition) || is_listed(s->accounts, account))
            return i + 1;
    }
    return 0;
}

static int read_host_ports(const char *text, uint32_t *ret_first, uint32_t *ret_last,
                           struct err *err)
{
    int rc = count_range_parse(text, ret_first, ret_last, err);

    if (!rc && *ret_last > UINT16_MAX)
        rc =
            err_set(err, ERANGE, "'%s' is not a range of ports like 30000-32767", text);
    return rc;
}

bool config_pod_host_port(const struct config *config, int64_t port)
{
    uint32_t first, last;

    return config->pods.host_ports &&
           read_host_ports(config->pods.host_ports, &first, &last, NULL) == 0 &&
           port >= first && port <= last;
}

static unsigned int bits_for(size_t n)
{
    unsigned int bits = 0;

    while (UINT64_C(1) << bits < n)
        bits++;
    return bits;
}

static int check_sizes(const struct config *c, struct ipv4_range cidr, struct err *err)
{
    unsigned int line = config_line_of(c, "pods.node_prefix");
    unsigned int prefix = c->pods.node_prefix;
    unsigned int subnets = bits_for(c->pods.n_subnets + 1);

    if (prefix < cidr.prefix || ipv4_range_parts(cidr, prefix) < c->n_nodes)
        return config_refuse(c, line, err,
                             "pods.node_prefix: %s has %llu parts with /%u, and there "
                             "are %zu nodes",
                             c->pods.cidr,
                             (unsigned long long)ipv4_range_parts(cidr, prefix), prefix,
                             c->n_nodes);
    if (prefix + subnets > SMALLEST_BLOCK)
        return config_refuse(c, line, err,
                             "pods.node_prefix: /%u is too small a part for %zu "
                             "subnets: use /%u or less",
                             prefix, c->pods.n_subnets, SMALLEST_BLOCK - subnets);
    return 0;
}

/* Packets to such a node would be looked for among pods. */
static int check_nodes(const struct config *c, struct ipv4_range cidr, struct err *err)
{
    uint32_t address;

    for (size_t i = 0; i < c->n_nodes; i++)
        if (ipv4_parse(c->nodes[i].address, &address, NULL) == 0 &&
            ipv4_range_has(cidr, address))
            return config_refuse(c, config_line_of(c, "pods.cidr"), err,
                                 "pods.cidr: %s has the address of node %s, %s",
                                 c->pods.cidr, c->nodes[i].name, c->nodes[i].address);
    return 0;
}

static int check_partitions(const struct config *c, const struct config_subnet *s,
                            struct err *err)
{
    cleanup(strv_freep) char **names =
        s->partitions ? strv_split(s->partitions, ",") : NULL;
    const char **known = xcalloc(c->n_partitions + 1, sizeof(*known));
    int rc = 0;

    for (size_t i = 0; i < c->n_partitions; i++)
        known[i] = c->partitions[i].name;
    strv_foreach (name, names) {
        const char *near = nearest_name(*name, known, c->n_partitions);
        bool is_known = false;

        for (size_t i = 0; i < c->n_partitions && !is_known; i++)
            is_known = strcmp(known[i], *name) == 0;
        if (!is_known && !rc)
            rc = config_refuse(c, s->line, err,
                               "pods.subnets[].partitions: there is no partition "
                               "%s%s%s%s",
                               *name, near ? ", did you mean '" : "", near ? near : "",
                               near ? "'?" : "");
    }
    freep(&known);
    return rc;
}

static int check_subnet(const struct config *c, size_t at, struct err *err)
{
    const struct config_subnet *s = &c->pods.subnets[at];

    for (size_t i = 0; i < at; i++)
        if (strcmp(c->pods.subnets[i].name, s->name) == 0)
            return config_refuse(c, s->line, err,
                                 "pods.subnets[].name: %s is in line %u already",
                                 s->name, c->pods.subnets[i].line);
    if (!s->partitions && !s->accounts)
        return config_refuse(c, s->line, err,
                             "pods.subnets[].name: %s has neither partitions nor "
                             "accounts",
                             s->name);
    return check_partitions(c, s, err);
}

int config_check_pods(const struct config *c, struct err *err)
{
    struct ipv4_range cidr;
    struct err why;
    uint32_t first, last;
    int rc = 0;

    for (size_t i = 0; i < c->pods.n_subnets && !rc; i++)
        rc = check_subnet(c, i, err);
    if (rc)
        return rc;
    if (c->pods.mtu && c->pods.mtu < SMALLEST_MTU)
        return config_refuse(c, config_line_of(c, "pods.mtu"), err,
                             "pods.mtu: must be 0, or %d at least", SMALLEST_MTU);
    if (c->pods.host_ports && read_host_ports(c->pods.host_ports, &first, &last, &why))
        return config_refuse(c, config_line_of(c, "pods.host_ports"), err,
                             "pods.host_ports: %s", why.text);
    if (!c->pods.cidr)
        return 0;
    if (ipv4_range_parse(c->pods.cidr, &cidr, &why))
        return config_refuse(c, config_line_of(c, "pods.cidr"), err, "pods.cidr: %s",
                             why.text);
    rc = check_sizes(c, cidr, err);
    return rc ? rc : check_nodes(c, cidr, err);
}
