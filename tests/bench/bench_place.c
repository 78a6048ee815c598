/* SPDX-License-Identifier: Apache-2.0
 *
 * bench_place.c - what a placement costs, on clusters of several sizes
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "place/cluster.h"

#define NODES_PER_LEAF 40

struct bench {
    struct node_topo *topo;
    struct switch_tree *tree;
    struct place_cluster *cluster;
    char **names;
    uint32_t n;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void __attribute__((noreturn)) die(const struct err *err)
{
    (void)fprintf(stderr, "bench_place: %s\n", err->text);
    exit(1);
}

/* Leaves of forty nodes under one switch. */
static void build_tree(struct bench *b)
{
    uint32_t n_leaves = (b->n + NODES_PER_LEAF - 1) / NODES_PER_LEAF;
    struct switch_def *defs = xcalloc(n_leaves + 1, sizeof(*defs));
    struct err err;
    for (uint32_t i = 0; i < n_leaves; i++) {
        uint32_t last =
            (i + 1) * NODES_PER_LEAF < b->n ? (i + 1) * NODES_PER_LEAF : b->n;
        defs[i].name = xasprintf("leaf%u", i);
        defs[i].nodes = xasprintf("n[%u-%u]", i * NODES_PER_LEAF, last - 1);
    }
    defs[n_leaves].name = "top";
    defs[n_leaves].switches = xasprintf("leaf[0-%u]", n_leaves - 1);
    if (switch_tree_build(defs, n_leaves + 1, (const char *const *)b->names, b->n,
                          &b->tree, &err) < 0)
        die(&err);
    for (uint32_t i = 0; i < n_leaves; i++) {
        free((char *)(uintptr_t)defs[i].name);
        free((char *)(uintptr_t)defs[i].nodes);
    }
    free((char *)(uintptr_t)defs[n_leaves].switches);
    free(defs);
}

/* NULL: flat nodes of 'n_cores' cores. */
static void bench_init(struct bench *b, const char *synthetic, uint32_t n_cores,
                       uint32_t n)
{
    struct err err;
    *b = (struct bench){.n = n};
    if (synthetic && node_topo_load(synthetic, &b->topo, NULL, &err) < 0)
        die(&err);
    b->names = xcalloc(n, sizeof(*b->names));
    for (uint32_t i = 0; i < n; i++)
        b->names[i] = xasprintf("n%u", i);
    build_tree(b);
    b->cluster = place_cluster_create(b->tree, (const char *const *)b->names, n, false);
    for (uint32_t i = 0; i < n; i++) {
        if (b->topo)
            place_cluster_set(b->cluster, i, b->topo, 256 << 10);
        else
            place_cluster_set_flat(b->cluster, i, n_cores, 256 << 10);
        place_cluster_up(b->cluster, i, true);
    }
}

static void bench_fini(struct bench *b)
{
    place_cluster_destroy(b->cluster);
    switch_tree_destroy(b->tree);
    node_topo_destroy(b->topo);
    for (uint32_t i = 0; i < b->n; i++)
        free(b->names[i]);
    free(b->names);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Three nodes of four are full or partly used, as on a busy machine. */
static void make_busy(struct bench *b)
{
    uint32_t seed = 1, n_cores = b->topo->n_cores;
    struct bitset *cores = bitset_create(n_cores);
    for (uint32_t i = 0; i < b->n; i++) {
        uint32_t used = next_random(&seed) % 4 == 0
                            ? 0
                            : n_cores / 8 * (1 + next_random(&seed) % 8);
        struct place_share share = {.node = i, .cores = cores, .memory = used * 1024};
        memset(cores->words, 0, (n_cores + 63) / 64 * sizeof(*cores->words));
        bitset_set_range(cores, 0, used);
        place_cluster_take(b->cluster, &share);
    }
    bitset_destroy(cores);
}

/* Choose, take, and give back after a while, so that the state keeps changing. */
static double time_choices(struct bench *b, const struct place_request *req,
                           unsigned int flags, uint32_t rounds)
{
    enum { KEPT = 16 };
    struct place_result *kept[KEPT] = {NULL};
    struct err err;
    double start = now();
    for (uint32_t i = 0; i < rounds; i++) {
        struct place_result **r = &kept[i % KEPT];
        for (size_t s = 0; *r && s < (*r)->n_shares; s++)
            place_cluster_release(b->cluster, &(*r)->shares[s]);
        place_result_destroy(*r);
        *r = NULL;
        if (place_choose(b->cluster, req, &place_weights_default, flags, r, &err) < 0)
            die(&err);
        for (size_t s = 0; s < (*r)->n_shares; s++)
            place_cluster_take(b->cluster, &(*r)->shares[s]);
    }
    double seconds = now() - start;
    for (uint32_t i = 0; i < KEPT; i++) {
        for (size_t s = 0; kept[i] && s < kept[i]->n_shares; s++)
            place_cluster_release(b->cluster, &kept[i]->shares[s]);
        place_result_destroy(kept[i]);
    }
    return seconds / rounds * 1e6;
}

static double time_candidates(struct bench *b, const struct place_request *req,
                              uint32_t rounds)
{
    struct bitset *set = bitset_create(b->n);
    size_t n = 0;
    double start = now();
    for (uint32_t i = 0; i < rounds; i++)
        n += place_candidates(b->cluster, req, set);
    double seconds = now() - start;
    bitset_destroy(set);
    return n ? seconds / rounds * 1e6 : 0;
}

static const struct row {
    const char *name;
    struct place_request req;
} rows[] = {
    {"1 node, 4 tasks", {.tasks = 4, .nodes_min = 1, .nodes_max = 1}},
    {"1 node, 4 tasks, memory",
     {.tasks = 4, .nodes_min = 1, .nodes_max = 1, .mem_per_cpu = 1024}},
    {"1 whole node", {.nodes_min = 1, .exclusive = true}},
    {"16 whole nodes", {.nodes_min = 16, .exclusive = true}},
    {"16 nodes, 16 tasks each, memory",
     {.nodes_min = 16, .tasks_per_node = 16, .mem_per_cpu = 1024}},
    {"1024 tasks anywhere", {.tasks = 1024}},
    {"200 nodes, 1 task each", {.nodes_min = 200, .tasks = 200}},
};

static void time_cluster(const char *what, const char *synthetic, uint32_t n, bool busy)
{
    struct bench b;
    bench_init(&b, synthetic, 0, n);
    if (busy)
        make_busy(&b);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct place_request req = rows[i].req;
        if (req.nodes_min > n)
            continue;
        printf("%-34s %-34s %9.2f %9.2f\n", what, rows[i].name,
               time_choices(&b, &req, PLACE_BAG, 2000),
               time_candidates(&b, &req, 2000));
    }
    bench_fini(&b);
}

static void time_flat(uint32_t n_cores)
{
    struct bench b;
    struct place_request req = {.tasks = 16, .nodes_min = 1, .nodes_max = 1};
    bench_init(&b, NULL, n_cores, 1);
    printf("%-24s %-9u %-34s %9.3f %9.3f\n", "one flat node of cores:", n_cores,
           "16 tasks", time_choices(&b, &req, PLACE_BAG, 500000),
           time_candidates(&b, &req, 500000));
    bench_fini(&b);
}

int main(void)
{
    printf("%-34s %-34s %9s %9s\n", "cluster", "request", "choose us", "cand. us");
    time_flat(512);
    time_flat(4360);
    static const char synthetic[] = "synthetic:pack:2 [numa] l3:8 core:8 pu:2";
    time_cluster("1,000 free nodes of 128", synthetic, 1000, false);
    time_cluster("10,000 free nodes of 128", synthetic, 10000, false);
    time_cluster("10,000 nodes in use", synthetic, 10000, true);
    time_cluster("100,000 nodes in use", synthetic, 100000, true);
    return 0;
}
