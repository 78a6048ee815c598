/* SPDX-License-Identifier: Apache-2.0
 *
 * switch_tree.c - how the nodes hang together
 *
 * Built in three steps: take the names (who hangs from whom, by definition
 * index), find the root, then number the switches by height.
 */
#include "topo/switch_tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/strv.h"

#define NOWHERE UINT32_MAX

struct sw {
    char *name; /* NULL: a root that no definition names */
    uint32_t parent;
    unsigned int depth, height;
    struct bitset *below;
};

struct switch_tree {
    struct sw *switches;
    size_t n_switches;
    uint32_t *switch_of;
    size_t n_nodes;
};

/* A name on its way to an index. */
struct entry {
    const char *name;
    uint32_t index;
    UT_hash_handle hh;
};

struct build {
    const struct switch_def *defs;
    size_t n_defs;
    const char *const *names;
    size_t n_names;
    struct entry *entries, *def_by_name, *node_by_name;
    uint32_t *parent_of_def, *def_of_node;
    struct err *err;
};

static struct entry *lookup(struct entry *table, const char *name)
{
    struct entry *found;
    HASH_FIND_STR(table, name, found);
    return found;
}

static int index_names(struct build *b)
{
    b->entries = xcalloc(b->n_defs + b->n_names + 1, sizeof(*b->entries));
    for (size_t i = 0; i < b->n_defs; i++) {
        struct entry *e = &b->entries[i];
        *e = (struct entry){.name = b->defs[i].name, .index = (uint32_t)i};
        if (lookup(b->def_by_name, e->name))
            return err_set(b->err, EINVAL, "switch %s is defined twice", e->name);
        HASH_ADD_KEYPTR(hh, b->def_by_name, e->name, strlen(e->name), e);
    }
    for (size_t i = 0; i < b->n_names; i++) {
        struct entry *e = &b->entries[b->n_defs + i];
        *e = (struct entry){.name = b->names[i], .index = (uint32_t)i};
        if (lookup(b->node_by_name, e->name))
            return err_set(b->err, EINVAL, "node %s is named twice", e->name);
        HASH_ADD_KEYPTR(hh, b->node_by_name, e->name, strlen(e->name), e);
    }
    return 0;
}

static int unknown_node(struct build *b, const char *sw, const char *name)
{
    const char *near = nearest_name(name, b->names, b->n_names);
    return err_set(b->err, EINVAL, "switch %s: there is no node %s%s%s%s", sw, name,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int unknown_switch(struct build *b, const char *sw, const char *name)
{
    cleanup(freep) const char **names = xcalloc(b->n_defs, sizeof(*names));
    for (size_t i = 0; i < b->n_defs; i++)
        names[i] = b->defs[i].name;
    const char *near = nearest_name(name, names, b->n_defs);
    return err_set(b->err, EINVAL, "switch %s: there is no switch %s%s%s%s", sw, name,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "");
}

static int take_switches(struct build *b, uint32_t def)
{
    const char *name = b->defs[def].name;
    cleanup(strv_freep) char **children = NULL;
    int rc = hostlist_expand(b->defs[def].switches, &children, b->err);
    if (rc < 0)
        return b->err ? err_wrap(b->err, "switch %s", name) : rc;
    strv_foreach (child, children) {
        struct entry *e = lookup(b->def_by_name, *child);
        if (!e)
            return unknown_switch(b, name, *child);
        if (b->parent_of_def[e->index] != NOWHERE)
            return err_set(b->err, EINVAL, "switch %s hangs from both %s and %s",
                           *child, b->defs[b->parent_of_def[e->index]].name, name);
        b->parent_of_def[e->index] = def;
    }
    return 0;
}

static int take_nodes(struct build *b, uint32_t def)
{
    const char *name = b->defs[def].name;
    cleanup(strv_freep) char **nodes = NULL;
    int rc = hostlist_expand(b->defs[def].nodes, &nodes, b->err);
    if (rc < 0)
        return b->err ? err_wrap(b->err, "switch %s", name) : rc;
    strv_foreach (node, nodes) {
        struct entry *e = lookup(b->node_by_name, *node);
        if (!e)
            return unknown_node(b, name, *node);
        uint32_t *def_of = &b->def_of_node[e->index];
        if (*def_of != NOWHERE && *def_of != def)
            return err_set(b->err, EINVAL, "node %s hangs from both %s and %s", *node,
                           b->defs[*def_of].name, name);
        *def_of = def;
    }
    return 0;
}

static int take_definitions(struct build *b)
{
    for (uint32_t i = 0; i < b->n_defs; i++) {
        int rc = b->defs[i].switches ? take_switches(b, i) : 0;
        if (rc == 0 && b->defs[i].nodes)
            rc = take_nodes(b, i);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Every way up ends within n_defs steps, or goes round. */
static int refuse_loops(struct build *b)
{
    for (uint32_t i = 0; i < b->n_defs; i++) {
        uint32_t up = i;
        for (size_t steps = 0; up != NOWHERE; steps++, up = b->parent_of_def[up])
            if (steps > b->n_defs)
                return err_set(b->err, EINVAL, "switch %s hangs from itself in a loop",
                               b->defs[up].name);
    }
    return 0;
}

/* The one definition at the top, or n_defs: a root of our own is needed. */
static uint32_t find_root(const struct build *b)
{
    uint32_t root = (uint32_t)b->n_defs;
    for (uint32_t i = 0; i < b->n_defs; i++) {
        if (b->parent_of_def[i] != NOWHERE)
            continue;
        if (root < b->n_defs)
            return (uint32_t)b->n_defs;
        root = i;
    }
    return root;
}

static uint32_t parent_of(const struct build *b, uint32_t i, uint32_t root)
{
    if (i == root)
        return NOWHERE;
    return b->parent_of_def[i] == NOWHERE ? root : b->parent_of_def[i];
}

/* Heights, by definition index. */
static unsigned int *measure(const struct build *b, uint32_t root, size_t n)
{
    unsigned int *height = xcalloc(n, sizeof(*height));
    for (uint32_t i = 0; i < n; i++) {
        unsigned int above = 0;
        for (uint32_t up = i; up != NOWHERE; up = parent_of(b, up, root), above++)
            if (height[up] < above)
                height[up] = above;
    }
    return height;
}

/* New numbers by height, then by definition: children before parents. */
static uint32_t *number_by_height(const unsigned int *height, size_t n)
{
    uint32_t *number = xcalloc(n, sizeof(*number)), next = 0;
    for (unsigned int h = 0; next < n; h++)
        for (size_t i = 0; i < n; i++)
            if (height[i] == h)
                number[i] = next++;
    return number;
}

static void fill_switches(struct switch_tree *tree, const struct build *b,
                          uint32_t root)
{
    size_t n = tree->n_switches;
    cleanup(freep) unsigned int *height = measure(b, root, n);
    cleanup(freep) uint32_t *number = number_by_height(height, n);
    for (uint32_t i = 0; i < n; i++) {
        struct sw *sw = &tree->switches[number[i]];
        uint32_t parent = parent_of(b, i, root);
        sw->name = i < b->n_defs ? xstrdup(b->defs[i].name) : NULL;
        sw->parent = parent == NOWHERE ? NOWHERE : number[parent];
        sw->height = height[i];
        sw->below = bitset_create(tree->n_nodes);
    }
    for (size_t i = n - 1; i-- > 0;)
        tree->switches[i].depth = tree->switches[tree->switches[i].parent].depth + 1;
    for (uint32_t node = 0; node < tree->n_nodes; node++) {
        uint32_t def = b->def_of_node[node] == NOWHERE ? root : b->def_of_node[node];
        tree->switch_of[node] = number[def];
        for (uint32_t s = number[def]; s != NOWHERE; s = tree->switches[s].parent)
            bitset_set(tree->switches[s].below, node);
    }
}

static void build_init(struct build *b)
{
    b->parent_of_def = xcalloc(b->n_defs + 1, sizeof(uint32_t));
    b->def_of_node = xcalloc(b->n_names + 1, sizeof(uint32_t));
    for (size_t i = 0; i < b->n_defs; i++)
        b->parent_of_def[i] = NOWHERE;
    for (size_t i = 0; i < b->n_names; i++)
        b->def_of_node[i] = NOWHERE;
}

static void build_fini(struct build *b)
{
    HASH_CLEAR(hh, b->def_by_name);
    HASH_CLEAR(hh, b->node_by_name);
    free(b->entries);
    free(b->parent_of_def);
    free(b->def_of_node);
}

int switch_tree_build(const struct switch_def *defs, size_t n_defs,
                      const char *const *names, size_t n_names,
                      struct switch_tree **ret, struct err *err)
{
    cleanup(build_fini) struct build b = {
        .defs = defs, .n_defs = n_defs, .names = names, .n_names = n_names, .err = err};
    build_init(&b);
    int rc = index_names(&b);
    if (rc == 0)
        rc = take_definitions(&b);
    if (rc == 0)
        rc = refuse_loops(&b);
    if (rc < 0)
        return rc;
    uint32_t root = find_root(&b);
    struct switch_tree *tree = xcalloc(1, sizeof(*tree));
    tree->n_nodes = n_names;
    tree->n_switches = root == n_defs ? n_defs + 1 : n_defs;
    tree->switches = xcalloc(tree->n_switches, sizeof(*tree->switches));
    tree->switch_of = xcalloc(n_names + 1, sizeof(*tree->switch_of));
    fill_switches(tree, &b, root);
    *ret = tree;
    return 0;
}

void switch_tree_destroy(struct switch_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->n_switches; i++) {
        free(tree->switches[i].name);
        bitset_destroy(tree->switches[i].below);
    }
    free(tree->switches);
    free(tree->switch_of);
    free(tree);
}

size_t switch_tree_n_switches(const struct switch_tree *tree)
{
    return tree->n_switches;
}

uint32_t switch_tree_switch_of(const struct switch_tree *tree, uint32_t node)
{
    return tree->switch_of[node];
}

uint32_t switch_tree_parent(const struct switch_tree *tree, uint32_t sw)
{
    return tree->switches[sw].parent;
}

unsigned int switch_tree_height(const struct switch_tree *tree, uint32_t sw)
{
    return tree->switches[sw].height;
}

const struct bitset *switch_tree_nodes_below(const struct switch_tree *tree,
                                             uint32_t sw)
{
    return tree->switches[sw].below;
}

unsigned int switch_tree_span(const struct switch_tree *tree, const uint32_t *nodes,
                              size_t n_nodes)
{
    const struct sw *all = tree->switches;
    uint32_t above = tree->switch_of[nodes[0]];
    unsigned int deepest = all[above].depth;
    for (size_t i = 1; i < n_nodes; i++) {
        uint32_t other = tree->switch_of[nodes[i]];
        if (all[other].depth > deepest)
            deepest = all[other].depth;
        while (!bitset_test(all[above].below, nodes[i]))
            above = all[above].parent;
    }
    return deepest - all[above].depth;
}

char *switch_tree_path(const struct switch_tree *tree, uint32_t node)
{
    char *path = xstrdup("");
    for (uint32_t s = tree->switch_of[node]; s != NOWHERE;
         s = tree->switches[s].parent) {
        if (!tree->switches[s].name)
            continue;
        char *longer =
            xasprintf("%s%s%s", tree->switches[s].name, *path ? "/" : "", path);
        free(path);
        path = longer;
    }
    return path;
}
