/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - could a request ever fit, and if not, which option is at fault
 *
 * Looks at nodes as if they were empty. Each question is asked alone first, so
 * that the words name one option; the last asks for everything together.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "place/want.h"

struct census {
    size_t nodes, unknown;
    uint32_t cores_max;
    uint64_t memory_max;
};

static struct census take_census(const struct place_want *want,
                                 const struct place_cluster *cluster)
{
    const struct place_node *nodes = cluster->nodes;
    struct census c = {0};
    for (uint32_t i = 0; i < cluster->n_nodes; i++) {
        if (!place_want_may_use(want, i))
            continue;
        c.nodes++;
        if (!nodes[i].known) {
            c.unknown++;
            continue;
        }
        if (nodes[i].n_cores > c.cores_max)
            c.cores_max = nodes[i].n_cores;
        if (nodes[i].memory > c.memory_max)
            c.memory_max = nodes[i].memory;
    }
    return c;
}

static int check_node_names(const struct place_want *want,
                            const struct place_cluster *cluster, const char *where,
                            struct err *err)
{
    const struct place_node *nodes = cluster->nodes;
    const struct place_request *req = want->req;
    if (!req->required)
        return 0;
    for (size_t i = bitset_next(req->required, 0); i < req->required->nbits;
         i = bitset_next(req->required, i + 1)) {
        if (req->excluded && bitset_test(req->excluded, i))
            return err_set(err, EINVAL,
                           "--nodelist=%s: the node is in --exclude as well",
                           nodes[i].name);
        if (req->allowed && !bitset_test(req->allowed, i))
            return err_set(err, EINVAL, "--nodelist=%s: there is no such node%s",
                           nodes[i].name, where);
    }
    size_t n = bitset_count(req->required);
    if (n > want->nodes_max)
        return err_set(err, EINVAL, "--nodes=%u: --nodelist names %zu nodes",
                       want->nodes_max, n);
    return 0;
}

static int check_node_count(const struct place_want *want, const struct census *c,
                            const char *where, struct err *err)
{
    if (want->nodes_min > want->nodes_max)
        return err_set(err, EINVAL, "--nodes=%u-%u: the range is empty",
                       want->nodes_min, want->nodes_max);
    if (want->nodes_min > c->nodes)
        return err_set(err, EINVAL, "--nodes=%u: the cluster has %zu node%s%s%s",
                       want->nodes_min, c->nodes, c->nodes == 1 ? "" : "s", where,
                       want->req->excluded ? ", without those of --exclude" : "");
    return 0;
}

static int check_cores(const struct place_want *want, const struct census *c,
                       const char *where, struct err *err)
{
    uint64_t per_node = (uint64_t)want->per_node * want->cores;
    if (want->cores > c->cores_max)
        return err_set(err, EINVAL,
                       "--cpus-per-task=%u: the largest node%s has %u cores",
                       want->cores, where, c->cores_max);
    if (per_node > c->cores_max && !want->req->overcommit)
        return err_set(err, EINVAL,
                       "--ntasks-per-node=%u: the largest node%s has %u cores, for %u "
                       "tasks",
                       want->per_node, where, c->cores_max, c->cores_max / want->cores);
    return 0;
}

static int check_memory(const struct place_want *want, const struct census *c,
                        const char *where, struct err *err)
{
    const struct place_request *req = want->req;
    cleanup(freep) char *most = size_format(c->memory_max << 20);
    if (req->mem_per_node > c->memory_max) {
        cleanup(freep) char *asked = size_format(req->mem_per_node << 20);
        return err_set(err, EINVAL, "--mem=%s: the largest node%s has %s", asked, where,
                       most);
    }
    uint32_t cores = req->overcommit ? 1 : want->cores;
    if (req->mem_per_cpu > c->memory_max / cores) {
        cleanup(freep) char *asked = size_format(req->mem_per_cpu << 20);
        return err_set(err, EINVAL, "--mem-per-cpu=%s: the largest node%s has %s",
                       asked, where, most);
    }
    return 0;
}

/* Most devices of the kind that a node has. */
static uint32_t most_devices(const struct place_want *want,
                             const struct place_cluster *cluster, uint32_t kind)
{
    cleanup(freep) uint16_t *counts = xcalloc(cluster->n_kinds + 1, sizeof(*counts));
    uint32_t most = 0;
    for (uint32_t i = 0; i < cluster->n_nodes; i++) {
        if (!place_want_may_use(want, i) || !cluster->nodes[i].known)
            continue;
        memset(counts, 0, cluster->n_kinds * sizeof(*counts));
        place_cluster_count(cluster, i, NULL, counts);
        most = counts[kind] > most ? counts[kind] : most;
    }
    return most;
}

/* What each node that gives any must give, of each kind. */
static int check_devices(const struct place_want *want,
                         const struct place_cluster *cluster, const char *where,
                         struct err *err)
{
    for (uint32_t i = 0; i < want->req->n_gres; i++) {
        const struct place_gres *gres = &want->req->gres[i];
        uint32_t least = gres->per == PLACE_PER_JOB ? 1 : gres->count;
        uint32_t most = most_devices(want, cluster, gres->kind);
        if (least > most)
            return err_set(err, EINVAL, "--gres=%s:%u: no node%s has more than %u",
                           place_cluster_kind_name(cluster, gres->kind), gres->count,
                           where, most);
    }
    return 0;
}

static int descending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x < y) - (x > y);
}

/* Tasks that each node holds when empty, most first; *ret_n nodes hold enough. */
static uint32_t *capacities(const struct place_want *want,
                            const struct place_cluster *cluster, size_t *ret_n)
{
    uint32_t *caps = xcalloc(cluster->n_nodes + 1, sizeof(*caps));
    bool is_sorted = true; /* as it is where nodes are alike */
    size_t n = 0;
    for (uint32_t i = 0; i < cluster->n_nodes; i++) {
        if (!place_want_may_use(want, i) || !cluster->nodes[i].known)
            continue;
        caps[n] = place_want_on_node(want, cluster, i, true);
        if (caps[n] < want->per_node)
            continue;
        is_sorted = is_sorted && (n == 0 || caps[n] <= caps[n - 1]);
        n++;
    }
    if (!is_sorted)
        qsort(caps, n, sizeof(*caps), descending);
    *ret_n = n;
    return caps;
}

static int check_together(const struct place_want *want,
                          const struct place_cluster *cluster, const char *where,
                          struct err *err)
{
    size_t n;
    cleanup(freep) uint32_t *caps = capacities(want, cluster, &n);
    if (n < want->nodes_min)
        return err_set(
            err, EINVAL,
            "--nodes=%u: only %zu node%s%s can hold the cores and the memory "
            "that are asked for on each",
            want->nodes_min, n, n == 1 ? "" : "s", where);
    if (n > want->nodes_max)
        n = want->nodes_max;
    uint64_t room = 0;
    for (size_t i = 0; i < n; i++)
        room += caps[i];
    if (want->tasks > room)
        return err_set(
            err, EINVAL, "--ntasks=%u: the largest %zu node%s%s hold %llu such tasks",
            want->tasks, n, n == 1 ? "" : "s", where, (unsigned long long)room);
    return 0;
}

int place_check(const struct place_cluster *cluster, const struct place_request *req,
                const char *where, struct err *err)
{
    struct place_want want = place_want_of(req);
    if (!where)
        where = "";
    struct census census = take_census(&want, cluster);
    int rc = check_node_count(&want, &census, where, err);
    if (rc == 0)
        rc = check_node_names(&want, cluster, where, err);
    if (rc < 0 || census.unknown > 0)
        return rc;
    if (census.nodes == 0)
        return err_set(err, EINVAL, "--nodes=%u: the cluster has no node%s",
                       want.nodes_min, where);
    rc = check_cores(&want, &census, where, err);
    if (rc == 0)
        rc = check_memory(&want, &census, where, err);
    if (rc == 0)
        rc = check_devices(&want, cluster, where, err);
    if (rc == 0)
        rc = check_together(&want, cluster, where, err);
    return rc;
}
