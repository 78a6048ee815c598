/* SPDX-License-Identifier: Apache-2.0
 *
 * node.h - a document as values that know where they were written
 *
 * A tree, never a graph: an alias is a copy of what its anchor names, so a node may be
 * changed without a second place changing with it. Depth, nodes and bytes are bounded.
 */
#ifndef BERTH_MANIFEST_NODE_H
#define BERTH_MANIFEST_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NODE_DEPTH_MAX 64
#define NODES_MAX 1000000u         /* of one text */
#define NODE_BYTES_MAX (16u << 20) /* of its scalars */
#define NODE_COPIES_MAX 100000u    /* of these, what aliases and merges add */
#define NODE_COPIED_BYTES_MAX (4u << 20)

enum node_kind {
    NODE_NULL,
    NODE_BOOL,
    NODE_INT,
    NODE_FLOAT,
    NODE_STRING,
    NODE_LIST,
    NODE_MAP,
};

struct node {
    enum node_kind kind;
    unsigned int line, column; /* from 1; 0: nobody wrote it */
    bool truth;                /* of NODE_BOOL */
    int64_t number;            /* of NODE_INT */
    char *text;                /* of a scalar: as it was written, quotes taken off */
    struct node **items;       /* of a list; of a map: key, value, key, value, ... */
    size_t n_items;
};

/* Owns all nodes of one text. */
struct node_tree {
    struct node **nodes;
    size_t n_nodes, n_bytes, n_copies, n_copied_bytes;
};

void node_tree_free(struct node_tree *tree);

/* A node that the tree owns; NULL when there are too many. */
struct node *node_new(struct node_tree *tree, enum node_kind kind, unsigned int line,
                      unsigned int column);
/* A scalar with a copy of 'text', which says what it is: kind is the caller's word. */
struct node *node_new_text(struct node_tree *tree, enum node_kind kind,
                           const char *text, size_t len);
struct node *node_new_int(struct node_tree *tree, int64_t number);
struct node *node_new_bool(struct node_tree *tree, bool truth);

/* One more item of a list. */
void node_append(struct node *parent, struct node *item);
/* Give 'key' of a map this value, in place of one that it has. */
void node_set(struct node_tree *tree, struct node *map, const char *key,
              struct node *value);

/* All that hangs from 'node', anew. NULL when there is no room left for it. */
struct node *node_copy(struct node_tree *tree, const struct node *node);

/* The value of a key; NULL: not there, or not a map. */
struct node *node_get(const struct node *map, const char *key);
/* Its text when it is a string; NULL otherwise. */
const char *node_string(const struct node *map, const char *key);

/* Whether it asks for nothing: null, {}, []. NULL does too. */
bool node_is_nothing(const struct node *node);

/* What stands at "spec.containers[0].name" (keys with dots: "labels[a.b/c]"), or
 * the nearest above it that is there. */
const struct node *node_at(const struct node *root, const char *path);

/* "a list", for words. */
const char *node_kind_name(enum node_kind kind);

#endif
