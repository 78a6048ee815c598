/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.h - YAML or JSON text as a tree that remembers its lines
 *
 * Text, depth and what aliases may expand to are bounded, so whoever walks the
 * tree visits at most YAML_WEIGHT_MAX nodes and bytes.
 */
#ifndef BERTH_TREE_TREE_H
#define BERTH_TREE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define YAML_DEPTH_MAX 16
#define YAML_ANCHORS_MAX 256
#define YAML_WEIGHT_MAX (64U << 20)

enum ynode_kind { YNODE_SCALAR, YNODE_LIST, YNODE_MAP };

struct ynode {
    enum ynode_kind kind;
    unsigned int line;    /* 0: of JSON */
    char *text;           /* of a scalar, free of NULs */
    struct ynode **items; /* of a list; of a map: key, value, key, value, ... */
    size_t n_items;
    uint64_t weight; /* nodes and bytes from here down, aliases expanded */
    int is_open;     /* its end is not read yet */
};

/* Owns all nodes; 'root' is NULL for text without any. */
struct ytree {
    struct ynode *root;
    struct ynode **nodes;
    size_t n_nodes;
};

/* 'name' is what words call the text: "name:12: ...". */
int yaml_tree_parse(const char *name, const char *text, size_t len, struct ytree **ret,
                    struct err *err);
/* JSON: numbers and truth values become their text, pairs with null are left out. */
int json_tree_parse(const char *name, const char *text, size_t len, struct ytree **ret,
                    struct err *err);
void yaml_tree_free(struct ytree *tree);
void yaml_tree_freep(struct ytree **tree);

/* For those who build a tree: a node that the tree owns; one more item of a list
 * or map. */
struct ynode *ytree_new_node(struct ytree *tree, enum ynode_kind kind,
                             unsigned int line);
void ynode_append(struct ynode *parent, struct ynode *item);

/* "a list", for words. */
const char *ynode_kind_name(const struct ynode *node);

#endif
