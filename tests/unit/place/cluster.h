/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster.h - small clusters of synthetic nodes, and placements as text
 */
#ifndef BERTH_TESTS_PLACE_CLUSTER_H
#define BERTH_TESTS_PLACE_CLUSTER_H

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "place/cluster.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CLUSTER_MAX 16

struct cluster {
    struct node_topo *topo;
    struct switch_tree *tree;
    size_t n;
    char *names[CLUSTER_MAX];
    struct place_cluster *cluster;
};

/* 'n' nodes n0, n1, ... of one kind, all free, with 16G each. */
static inline void cluster_init(struct cluster *c, const char *synthetic, size_t n,
                                const struct switch_def *defs, size_t n_defs)
{
    struct err err;
    *c = (struct cluster){.n = n};
    if (node_topo_load(synthetic, &c->topo, NULL, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < n; i++)
        c->names[i] = xasprintf("n%zu", i);
    if (switch_tree_build(defs, n_defs, (const char *const *)c->names, n, &c->tree,
                          &err) < 0)
        fail_msg("%s", err.text);
    c->cluster = place_cluster_create(c->tree, (const char *const *)c->names, n, false);
    for (uint32_t i = 0; i < n; i++) {
        place_cluster_set(c->cluster, i, c->topo, 16384);
        place_cluster_up(c->cluster, i, true);
    }
}

static inline void cluster_fini(struct cluster *c)
{
    place_cluster_check(c->cluster);
    place_cluster_destroy(c->cluster);
    for (size_t i = 0; i < c->n; i++)
        free(c->names[i]);
    switch_tree_destroy(c->tree);
    node_topo_destroy(c->topo);
}

static inline const struct bitset *cluster_free(const struct cluster *c, size_t node)
{
    return place_cluster_node(c->cluster, (uint32_t)node)->free_cores;
}

/* Of eight nodes. */
static inline struct bitset *node_set(const char *text)
{
    struct bitset *set = NULL;
    assert_int_equal(bitset_parse(text, 8, &set, NULL), 0);
    return set;
}

static inline void cluster_use(struct cluster *c, size_t node, const char *cores)
{
    struct err err;
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    if (bitset_parse(cores, c->topo->n_cores, &set, &err) < 0)
        fail_msg("%s", err.text);
    struct place_share share = {.node = (uint32_t)node, .cores = set};
    place_cluster_take(c->cluster, &share);
}

/* "n0 0-3 (0-1 2-3); n2 ...", the cores of each share and of its tasks. */
static inline char *placement_text(const struct cluster *c,
                                   const struct place_result *r)
{
    struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < r->n_shares; i++) {
        const struct place_share *share = &r->shares[i];
        cleanup(freep) char *cores = bitset_format(share->cores);
        strbuf_printf(&text, "%s%s %s (", i ? "; " : "", c->names[share->node], cores);
        for (uint32_t task = 0; task < share->tasks; task++) {
            cleanup(freep) char *own = bitset_format(share->task_cores[task]);
            strbuf_printf(&text, "%s%s", task ? " " : "", own);
        }
        strbuf_puts(&text, ")");
    }
    return strbuf_take(&text);
}

/* The placement as text, or the words of its refusal. */
static inline char *cluster_place(const struct cluster *c,
                                  const struct place_request *req)
{
    struct place_result *result = NULL;
    struct err err;
    int rc = place_choose(c->cluster, req, &place_weights_default, 0, &result, &err);
    if (rc < 0)
        return xasprintf("%s: %s", rc == -EAGAIN ? "later" : "never", err.text);
    char *text = placement_text(c, result);
    place_result_destroy(result);
    return text;
}

static inline void assert_placed(const struct cluster *c,
                                 const struct place_request *req, const char *expected)
{
    cleanup(freep) char *text = cluster_place(c, req);
    assert_string_equal(text, expected);
}

#endif
