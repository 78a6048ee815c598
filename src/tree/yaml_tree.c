/* SPDX-License-Identifier: Apache-2.0
 *
 * yaml_tree.c - build the tree from libyaml's events
 *
 * Knows YAML, and nothing of what keys mean.
 */
#include "tree/tree.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"

struct anchor {
    char *name;
    struct ynode *node;
};

struct builder {
    const char *name;
    yaml_parser_t parser;
    struct ytree *tree;
    struct ynode *stack[YAML_DEPTH_MAX];
    size_t depth;
    struct anchor anchors[YAML_ANCHORS_MAX];
    size_t n_anchors;
    size_t n_documents;
};

static struct ynode *new_node(struct builder *b, enum ynode_kind kind,
                              const yaml_event_t *event)
{
    return ytree_new_node(b->tree, kind, (unsigned int)event->start_mark.line + 1);
}

static int refuse(struct builder *b, unsigned int line, struct err *err,
                  const char *words)
{
    return err_set(err, EINVAL, "%s:%u: %s", b->name, line, words);
}

/* Put a whole or a just opened node where it belongs. */
static void attach(struct builder *b, struct ynode *node)
{
    if (b->depth)
        ynode_append(b->stack[b->depth - 1], node);
    else
        b->tree->root = node;
}

/* Count a finished node into its parent. */
static int add_weight(struct builder *b, const struct ynode *node, unsigned int line,
                      struct err *err)
{
    struct ynode *parent;

    if (!b->depth)
        return 0;
    parent = b->stack[b->depth - 1];
    parent->weight += node->weight;
    if (parent->weight > YAML_WEIGHT_MAX)
        return refuse(b, line, err, "aliases make this file too large");
    return 0;
}

static int keep_anchor(struct builder *b, const yaml_char_t *name, struct ynode *node,
                       struct err *err)
{
    if (!name)
        return 0;
    if (b->n_anchors == YAML_ANCHORS_MAX)
        return refuse(b, node->line, err, "too many anchors");
    b->anchors[b->n_anchors].name = xstrdup((const char *)name);
    b->anchors[b->n_anchors++].node = node;
    return 0;
}

static int on_alias(struct builder *b, const yaml_event_t *event, struct err *err)
{
    const char *name = (const char *)event->data.alias.anchor;
    unsigned int line = (unsigned int)event->start_mark.line + 1;

    for (size_t i = b->n_anchors; i-- > 0;) {
        if (strcmp(b->anchors[i].name, name) != 0)
            continue;
        if (b->anchors[i].node->is_open)
            return refuse(b, line, err, "this alias contains itself");
        attach(b, b->anchors[i].node);
        return add_weight(b, b->anchors[i].node, line, err);
    }
    return err_set(err, EINVAL, "%s:%u: no anchor '&%s' before this alias", b->name,
                   line, name);
}

static int on_scalar(struct builder *b, const yaml_event_t *event, struct err *err)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct ynode *node = new_node(b, YNODE_SCALAR, event);
    int r;

    if (memchr(text, '\0', len))
        return refuse(b, node->line, err, "a NUL character in a value");
    node->text = xstrndup(text, len);
    node->weight += len;
    r = keep_anchor(b, event->data.scalar.anchor, node, err);
    if (r < 0)
        return r;
    attach(b, node);
    return add_weight(b, node, node->line, err);
}

static int on_open(struct builder *b, enum ynode_kind kind, const yaml_char_t *anchor,
                   const yaml_event_t *event, struct err *err)
{
    struct ynode *node = new_node(b, kind, event);
    int r = keep_anchor(b, anchor, node, err);

    if (r < 0)
        return r;
    if (b->depth == YAML_DEPTH_MAX)
        return refuse(b, node->line, err, "nested too deep");
    attach(b, node);
    node->is_open = true;
    b->stack[b->depth++] = node;
    return 0;
}

static int on_close(struct builder *b, struct err *err)
{
    struct ynode *node = b->stack[--b->depth];

    node->is_open = false;
    return add_weight(b, node, node->line, err);
}

static int on_event(struct builder *b, const yaml_event_t *event, struct err *err)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event, err);
    case YAML_ALIAS_EVENT:
        return on_alias(b, event, err);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, YNODE_LIST, event->data.sequence_start.anchor, event, err);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, YNODE_MAP, event->data.mapping_start.anchor, event, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(b, err);
    case YAML_DOCUMENT_START_EVENT:
        if (b->n_documents++)
            return refuse(b, (unsigned int)event->start_mark.line + 1, err,
                          "a second document ('---') begins; only one may be here");
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return 0;
}

/* libyaml's words, and the hint that most people need at this point. */
static int not_yaml(struct builder *b, struct err *err)
{
    const char *problem = b->parser.problem ? b->parser.problem : "out of memory";
    const char *hint = "";

    if (strstr(problem, "expected ',' or"))
        hint = " (inside braces quote host lists: \"n[1-4]\")";
    else if (strstr(problem, "start any token"))
        hint = " (indent with blanks, not tabs; quote values that begin with % or @)";
    return err_set(err, EINVAL, "%s:%zu: not valid YAML: %s%s", b->name,
                   b->parser.problem_mark.line + 1, problem, hint);
}

static int build(struct builder *b, struct err *err)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        int r;

        if (!yaml_parser_parse(&b->parser, &event))
            return not_yaml(b, err);
        r = on_event(b, &event, err);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (r < 0)
            return r;
    }
    return 0;
}

int yaml_tree_parse(const char *name, const char *text, size_t len, struct ytree **ret,
                    struct err *err)
{
    cleanup(yaml_tree_freep) struct ytree *tree = xcalloc(1, sizeof(*tree));
    cleanup(freep) struct builder *b = xcalloc(1, sizeof(*b));
    int r;

    b->name = name;
    b->tree = tree;
    if (!yaml_parser_initialize(&b->parser))
        return err_set(err, ENOMEM, "%s: out of memory", name);
    yaml_parser_set_input_string(&b->parser, (const yaml_char_t *)text, len);
    r = build(b, err);
    yaml_parser_delete(&b->parser);
    for (size_t i = 0; i < b->n_anchors; i++)
        free(b->anchors[i].name);
    if (r < 0)
        return r;
    *ret = take(tree);
    return 0;
}
