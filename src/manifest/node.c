/* SPDX-License-Identifier: Apache-2.0
 *
 * node.c - make, copy and search trees of values
 */
#include "manifest/node.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void node_tree_free(struct node_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->n_nodes; i++) {
        free(tree->nodes[i]->text);
        free(tree->nodes[i]->items);
        free(tree->nodes[i]);
    }
    free(tree->nodes);
    free(tree);
}

/* Room for one more in arrays that double: true when 'n' is a full size. */
static bool is_full(size_t n)
{
    return n == 0 || (n >= 4 && (n & (n - 1)) == 0);
}

static size_t next_size(size_t n)
{
    return n ? 2 * n : 4;
}

struct node *node_new(struct node_tree *tree, enum node_kind kind, unsigned int line,
                      unsigned int column)
{
    struct node *node;

    if (tree->n_nodes == NODES_MAX)
        return NULL;
    node = xcalloc(1, sizeof(*node));
    node->kind = kind;
    node->line = line;
    node->column = column;
    if (is_full(tree->n_nodes))
        tree->nodes =
            xrealloc(tree->nodes, next_size(tree->n_nodes), sizeof(*tree->nodes));
    tree->nodes[tree->n_nodes++] = node;
    return node;
}

struct node *node_new_text(struct node_tree *tree, enum node_kind kind,
                           const char *text, size_t len)
{
    struct node *node;

    if (len > NODE_BYTES_MAX - tree->n_bytes)
        return NULL;
    node = node_new(tree, kind, 0, 0);
    if (!node)
        return NULL;
    tree->n_bytes += len;
    node->text = xstrndup(text, len);
    return node;
}

struct node *node_new_int(struct node_tree *tree, int64_t number)
{
    cleanup(freep) char *text = xasprintf("%" PRId64, number);
    struct node *node = node_new_text(tree, NODE_INT, text, strlen(text));

    if (node)
        node->number = number;
    return node;
}

struct node *node_new_bool(struct node_tree *tree, bool truth)
{
    const char *text = truth ? "true" : "false";
    struct node *node = node_new_text(tree, NODE_BOOL, text, strlen(text));

    if (node)
        node->truth = truth;
    return node;
}

void node_append(struct node *parent, struct node *item)
{
    if (is_full(parent->n_items))
        parent->items =
            xrealloc(parent->items, next_size(parent->n_items), sizeof(struct node *));
    parent->items[parent->n_items++] = item;
}

void node_set(struct node_tree *tree, struct node *map, const char *key,
              struct node *value)
{
    struct node *name;

    for (size_t i = 0; i < map->n_items; i += 2)
        if (strcmp(map->items[i]->text, key) == 0) {
            map->items[i + 1] = value;
            return;
        }
    name = node_new_text(tree, NODE_STRING, key, strlen(key));
    if (!name || !value)
        return;
    node_append(map, name);
    node_append(map, value);
}

struct node *node_copy(struct node_tree *tree, const struct node *node)
{
    size_t len = node->text ? strlen(node->text) : 0;
    struct node *copy;

    if (++tree->n_copies > NODE_COPIES_MAX ||
        (tree->n_copied_bytes += len) > NODE_COPIED_BYTES_MAX)
        return NULL;
    copy = node->text ? node_new_text(tree, node->kind, node->text, len)
                      : node_new(tree, node->kind, 0, 0);
    if (!copy)
        return NULL;
    copy->line = node->line;
    copy->column = node->column;
    copy->truth = node->truth;
    copy->number = node->number;
    for (size_t i = 0; i < node->n_items; i++) {
        struct node *item = node_copy(tree, node->items[i]);

        if (!item)
            return NULL;
        node_append(copy, item);
    }
    return copy;
}

struct node *node_get(const struct node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n_items; i += 2)
        if (strcmp(map->items[i]->text, key) == 0)
            return map->items[i + 1];
    return NULL;
}

const char *node_string(const struct node *map, const char *key)
{
    const struct node *node = node_get(map, key);

    return node && node->kind == NODE_STRING ? node->text : NULL;
}

bool node_is_nothing(const struct node *node)
{
    return !node || node->kind == NODE_NULL ||
           ((node->kind == NODE_LIST || node->kind == NODE_MAP) && !node->n_items);
}

/* Take the next key or index from '*path' into 'key'. */
static bool next_step(const char **path, char *key, size_t size, bool *is_bracket)
{
    const char *at = *path;
    size_t len;

    if (*at == '.')
        at++;
    *is_bracket = *at == '[';
    if (*is_bracket)
        at++;
    len = *is_bracket ? strcspn(at, "]") : strcspn(at, ".[");
    if (!len || len >= size)
        return false;
    memcpy(key, at, len);
    key[len] = '\0';
    *path = at + len + (*is_bracket && at[len] == ']');
    return true;
}

const struct node *node_at(const struct node *root, const char *path)
{
    const struct node *node = root, *next;
    char key[320];
    bool is_bracket;

    while (*path && next_step(&path, key, sizeof(key), &is_bracket)) {
        if (node->kind == NODE_LIST && is_bracket && isdigit((unsigned char)key[0])) {
            size_t i = strtoul(key, NULL, 10);

            next = i < node->n_items ? node->items[i] : NULL;
        } else {
            next = node_get(node, key);
        }
        if (!next)
            break;
        if (next->line)
            root = next;
        node = next;
    }
    return root;
}

const char *node_kind_name(enum node_kind kind)
{
    switch (kind) {
    case NODE_NULL:
        return "nothing";
    case NODE_BOOL:
        return "a truth value";
    case NODE_INT:
        return "a whole number";
    case NODE_FLOAT:
        return "a number with a fraction";
    case NODE_STRING:
        return "a text";
    case NODE_LIST:
        return "a list";
    case NODE_MAP:
        return "a group of fields";
    }
    return "nothing";
}
