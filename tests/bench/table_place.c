/* SPDX-License-Identifier: Apache-2.0
 *
 * table_place.c - what is chosen on given machines, with its score, as a table
 *
 *   table_place [TOPOLOGY ...]      hwloc XML files or synthetic:...; some of our
 *                                   own when there is none
 *
 * Each machine is looked at when it is free and when every third core is used.
 * 'best' is the best score of all choices, where there are few enough to try: one
 * task, and its GPU.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge.h"
#include "place/cluster.h"

#define TRIES_MAX 300000.0

struct machine {
    struct node_topo *topo;
    struct switch_tree *tree;
    struct place_cluster *cluster;
};

static const struct row {
    const char *name;
    uint32_t tasks, cores, gpus;
} rows[] = {
    {"1 task of 2 cores", 1, 2, 0},        {"1 task of 6 cores", 1, 6, 0},
    {"4 tasks of 2 cores", 4, 2, 0},       {"1 task of 1 core, 1 GPU", 1, 1, 1},
    {"1 task of 4 cores, 1 GPU", 1, 4, 1}, {"1 task of 2 cores, 2 GPUs", 1, 2, 2},
    {"4 tasks of 2 cores, 1 GPU", 4, 2, 1}};

static bool machine_init(struct machine *m, const char *source)
{
    static const char *const names[] = {"n0"};
    struct err err;
    *m = (struct machine){0};
    if (node_topo_load(source, &m->topo, NULL, &err) < 0 ||
        switch_tree_build(NULL, 0, names, 1, &m->tree, &err) < 0) {
        printf("%s\n\n", err.text);
        return false;
    }
    m->cluster = place_cluster_create(m->tree, names, 1, false);
    place_cluster_set(m->cluster, 0, m->topo, m->topo->memory);
    place_cluster_up(m->cluster, 0, true);
    return true;
}

static void machine_fini(struct machine *m)
{
    place_cluster_destroy(m->cluster);
    switch_tree_destroy(m->tree);
    node_topo_destroy(m->topo);
}

static void use_every_third(struct machine *m)
{
    struct bitset *cores = bitset_create(m->topo->n_cores);
    struct place_share share = {.cores = cores};
    for (uint32_t i = 0; i < m->topo->n_cores; i += 3)
        bitset_set(cores, i);
    place_cluster_take(m->cluster, &share);
    bitset_destroy(cores);
}

/* ------------------------------------------------------------------ all choices */

struct trial {
    const struct machine *m;
    const struct place_request *req;
    struct place_share share;
    struct bitset *cores, *devices;
    double best;
};

static void try_devices(struct trial *t, uint32_t device, uint32_t missing)
{
    const struct place_node *node = place_cluster_node(t->m->cluster, 0);
    if (missing == 0) {
        struct place_result result = {.shares = &t->share, .n_shares = 1};
        struct place_parts parts;
        judge_result(t->m->cluster, t->req, &result, &parts);
        double score = judge_score(&parts, &place_weights_default);
        if (t->best < 0 || score < t->best)
            t->best = score;
        return;
    }
    for (uint32_t d = device; d < t->m->topo->n_devices; d++) {
        if (!node->free_devices || !bitset_test(node->free_devices, d))
            continue;
        bitset_set(t->devices, d);
        try_devices(t, d + 1, missing - 1);
        bitset_clear(t->devices, d);
    }
}

static void try_cores(struct trial *t, uint32_t core, uint32_t missing)
{
    if (missing == 0) {
        try_devices(t, 0, t->req->n_gres ? t->req->gres[0].count : 0);
        return;
    }
    for (uint32_t i = core; i < t->m->topo->n_cores; i++) {
        if (!bitset_test(place_cluster_node(t->m->cluster, 0)->free_cores, i))
            continue;
        bitset_set(t->cores, i);
        try_cores(t, i + 1, missing - 1);
        bitset_clear(t->cores, i);
    }
}

static double choices(uint32_t n, uint32_t k)
{
    double product = 1;
    for (uint32_t i = 0; i < k; i++)
        product = product * (n - i) / (i + 1);
    return product;
}

/* < 0: too many to try, or none. */
static double best_of_all(const struct machine *m, const struct place_request *req)
{
    uint32_t gpus = req->n_gres ? req->gres[0].count : 0;
    double n = choices(place_cluster_node(m->cluster, 0)->n_free, req->cpus_per_task) *
               choices(m->topo->n_devices, gpus);
    /* What one look costs grows with the machine. */
    if (req->tasks != 1 || n * m->topo->n_cores * m->topo->n_cores > TRIES_MAX * 500)
        return -1;
    struct trial t = {.m = m, .req = req, .best = -1};
    t.cores = bitset_create(m->topo->n_cores);
    t.devices = bitset_create(m->topo->n_devices);
    t.share = (struct place_share){.cores = t.cores,
                                   .devices = t.devices,
                                   .n_cores = req->cpus_per_task,
                                   .tasks = 1,
                                   .task_cores = &t.cores,
                                   .task_devices = gpus ? &t.devices : NULL};
    try_cores(&t, 0, req->cpus_per_task);
    bitset_destroy(t.cores);
    bitset_destroy(t.devices);
    return t.best;
}

/* ------------------------------------------------------------------------ table */

static void print_row(struct machine *m, const char *state, const struct row *row)
{
    struct place_gres gres = {
        .kind = PLACE_KIND_GPU, .count = row->gpus, .per = PLACE_PER_TASK};
    struct place_request req = {.nodes_min = 1,
                                .nodes_max = 1,
                                .tasks = row->tasks,
                                .cpus_per_task = row->cores,
                                .gres = &gres,
                                .n_gres = row->gpus > 0};
    struct place_result *r;
    if (place_choose(m->cluster, &req, &place_weights_default, 0, &r, NULL) < 0)
        return;
    const struct place_share *share = &r->shares[0];
    cleanup(freep) char *cores = bitset_format(share->cores);
    cleanup(freep) char *devices =
        share->devices ? bitset_format(share->devices) : xstrdup("");
    double best = best_of_all(m, &req);
    printf("  %-8s %-26s %-28.28s %-8s %6.1f", state, row->name, cores, devices,
           r->score);
    if (best >= 0)
        printf(" %6.1f%s", best, r->score > best + 1e-6 ? " WORSE" : "");
    printf("\n");
    place_result_destroy(r);
}

static void print_machine(const char *source)
{
    struct machine m;
    cleanup(freep) char *copy = xstrdup(source);
    printf("%s\n", strncmp(source, "synthetic:", 10) == 0 ? source : basename(copy));
    if (!machine_init(&m, source))
        return;
    printf("  %s\n  %-8s %-26s %-28s %-8s %6s %6s\n", m.topo->words, "", "request",
           "cores", "devices", "score", "best");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        print_row(&m, "free", &rows[i]);
    use_every_third(&m);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        print_row(&m, "in use", &rows[i]);
    printf("\n");
    machine_fini(&m);
}

int main(int argc, char **argv)
{
    static const char *const own[] = {"synthetic:pack:2 [numa] l3:2 core:4 pu:1",
                                      "synthetic:pack:2 l3:4 [numa] core:2 pu:2",
                                      "synthetic:pack:8 [numa] core:2 pu:1"};
    for (int i = 1; i < argc; i++)
        print_machine(argv[i]);
    for (size_t i = 0; argc == 1 && i < ARRAY_SIZE(own); i++)
        print_machine(own[i]);
    return 0;
}
