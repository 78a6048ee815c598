/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.c - build documents from libyaml's events
 *
 * Knows YAML, and nothing of what keys mean.
 */
#include "manifest/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/mem.h"
#include "manifest/scalar.h"

struct anchor {
    char *name;
    struct node *node;
};

struct reader {
    const char *name, *text; /* a file's, and what is in it */
    size_t len;
    yaml_parser_t parser;
    struct documents *documents;
    struct node *stack[NODE_DEPTH_MAX];
    size_t depth;
    struct anchor anchors[READER_ANCHORS_MAX];
    size_t n_anchors;
};

static int refuse(struct reader *r, unsigned int line, struct err *err,
                  const char *words)
{
    return err_set(err, EINVAL, "%s:%u: %s", r->name, line, words);
}

static unsigned int line_of(const yaml_event_t *event)
{
    return (unsigned int)event->start_mark.line + 1;
}

static int too_large(struct reader *r, const yaml_event_t *event, struct err *err)
{
    return refuse(r, line_of(event), err, "the document is too large");
}

/* Put a whole or a just opened node where it belongs. */
static void attach(struct reader *r, struct node *node)
{
    struct documents *documents = r->documents;

    if (r->depth) {
        node_append(r->stack[r->depth - 1], node);
        return;
    }
    documents->roots =
        xrealloc(documents->roots, documents->n + 1, sizeof(*documents->roots));
    documents->roots[documents->n++] = node;
}

/* Is the next node of the innermost map a key? */
static bool is_key_next(const struct reader *r)
{
    const struct node *top = r->depth ? r->stack[r->depth - 1] : NULL;

    return top && top->kind == NODE_MAP && top->n_items % 2 == 0;
}

static int keep_anchor(struct reader *r, const yaml_char_t *name, struct node *node,
                       struct err *err)
{
    if (!name)
        return 0;
    if (r->n_anchors == READER_ANCHORS_MAX)
        return refuse(r, node->line, err, "too many anchors");
    r->anchors[r->n_anchors].name = xstrdup((const char *)name);
    r->anchors[r->n_anchors++].node = node;
    return 0;
}

static void forget_anchors(struct reader *r)
{
    while (r->n_anchors)
        free(r->anchors[--r->n_anchors].name);
}

static bool is_open(const struct reader *r, const struct node *node)
{
    for (size_t i = 0; i < r->depth; i++)
        if (r->stack[i] == node)
            return true;
    return false;
}

/* How deep 'node' goes. */
static size_t depth_of(const struct node *node)
{
    size_t deepest = 0;

    for (size_t i = 0; i < node->n_items; i++) {
        size_t depth = depth_of(node->items[i]);

        if (depth > deepest)
            deepest = depth;
    }
    return deepest + 1;
}

static int on_alias(struct reader *r, const yaml_event_t *event, struct err *err)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct node *copy;

    for (size_t i = r->n_anchors; i-- > 0;) {
        struct node *node = r->anchors[i].node;

        if (strcmp(r->anchors[i].name, name) != 0)
            continue;
        if (is_open(r, node))
            return refuse(r, line_of(event), err, "this alias contains itself");
        if (is_key_next(r))
            return refuse(r, line_of(event), err, "an alias cannot be a key");
        if (r->depth + depth_of(node) > NODE_DEPTH_MAX)
            return refuse(r, line_of(event), err, "nested too deep");
        copy = node_copy(r->documents->tree, node);
        if (!copy)
            return refuse(r, line_of(event), err, "aliases make this file too large");
        attach(r, copy);
        return 0;
    }
    return err_set(err, EINVAL, "%s:%u: no anchor '&%s' before this alias", r->name,
                   line_of(event), name);
}

static const struct {
    const char *tag;
    enum node_kind kind;
} core_tags[] = {
    {YAML_STR_TAG, NODE_STRING},  {YAML_NULL_TAG, NODE_NULL},
    {YAML_BOOL_TAG, NODE_BOOL},   {YAML_INT_TAG, NODE_INT},
    {YAML_FLOAT_TAG, NODE_FLOAT},
};

/* A tag in words: what it asks for must be what is there. */
static int apply_tag(struct reader *r, const char *tag, struct node *node,
                     struct scalar *scalar, struct err *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(core_tags); i++) {
        if (strcmp(tag, core_tags[i].tag) != 0)
            continue;
        *scalar = scalar_resolve(node->text);
        if (core_tags[i].kind == NODE_STRING ||
            (core_tags[i].kind == NODE_FLOAT && scalar->kind == NODE_INT))
            scalar->kind = core_tags[i].kind;
        if (scalar->kind != core_tags[i].kind)
            return err_set(err, EINVAL, "%s:%u: '%.64s' is not what its tag says",
                           r->name, node->line, node->text);
        return 0;
    }
    return err_set(err, EINVAL,
                   "%s:%u: tag '%.64s': only those of texts, numbers, truth values, "
                   "lists and maps are read",
                   r->name, node->line, tag);
}

static int resolve(struct reader *r, const yaml_event_t *event, struct node *node,
                   struct err *err)
{
    const char *tag = (const char *)event->data.scalar.tag;
    struct scalar scalar = {.kind = NODE_STRING};
    int rc = 0;

    if (tag && strcmp(tag, "!") != 0)
        rc = apply_tag(r, tag, node, &scalar, err);
    else if (!tag && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        scalar = scalar_resolve(node->text);
    if (rc < 0)
        return rc;
    if (scalar.is_endless)
        return err_set(err, EINVAL, "%s:%u: '%s' is no number that JSON has", r->name,
                       node->line, node->text);
    node->kind = scalar.kind;
    node->truth = scalar.truth;
    node->number = scalar.number;
    return 0;
}

/* Keys are texts; those that YAML takes for others become what JSON makes of them. */
static void make_key(struct node *node)
{
    if (node->kind == NODE_BOOL)
        str_replace(&node->text, node->truth ? "true" : "false");
    else if (node->kind == NODE_NULL)
        str_replace(&node->text, "null");
    node->kind = NODE_STRING;
}

/* "<<" without quotes: it keeps NODE_NULL, which no other key has. */
static bool is_merge(const yaml_event_t *event)
{
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           event->data.scalar.length == 2 &&
           memcmp(event->data.scalar.value, "<<", 2) == 0;
}

static int on_scalar(struct reader *r, const yaml_event_t *event, struct err *err)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct node *node;
    int rc;

    if (memchr(text, '\0', len))
        return refuse(r, line_of(event), err, "a NUL character in a value");
    node = node_new_text(r->documents->tree, NODE_STRING, text, len);
    if (!node)
        return too_large(r, event, err);
    node->line = line_of(event);
    node->column = (unsigned int)event->start_mark.column + 1;
    rc = resolve(r, event, node, err);
    if (rc == 0)
        rc = keep_anchor(r, event->data.scalar.anchor, node, err);
    if (rc < 0)
        return rc;
    if (is_key_next(r)) {
        make_key(node);
        if (is_merge(event))
            node->kind = NODE_NULL;
    }
    attach(r, node);
    return 0;
}

static int on_open(struct reader *r, enum node_kind kind, const yaml_char_t *anchor,
                   const yaml_char_t *tag, const yaml_event_t *event, struct err *err)
{
    struct node *node;
    int rc;

    if (r->depth == NODE_DEPTH_MAX)
        return refuse(r, line_of(event), err, "nested too deep");
    if (is_key_next(r))
        return refuse(r, line_of(event), err,
                      "a key must be a single value (quote a value that begins with "
                      "'{'; a template is filled in first)");
    if (tag &&
        strcmp((const char *)tag, kind == NODE_MAP ? YAML_MAP_TAG : YAML_SEQ_TAG) != 0)
        return err_set(err, EINVAL, "%s:%u: tag '%.64s': only YAML's own are read",
                       r->name, line_of(event), (const char *)tag);
    node = node_new(r->documents->tree, kind, line_of(event),
                    (unsigned int)event->start_mark.column + 1);
    if (!node)
        return too_large(r, event, err);
    rc = keep_anchor(r, anchor, node, err);
    if (rc < 0)
        return rc;
    attach(r, node);
    r->stack[r->depth++] = node;
    return 0;
}

static int by_key(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a;
    const struct node *right = *(struct node *const *)b;
    int order = strcmp(left->text, right->text);

    if (order == 0)
        order = (left->line > right->line) - (left->line < right->line);
    return order;
}

static int check_keys(struct reader *r, const struct node *map, struct err *err)
{
    size_t n = map->n_items / 2;
    cleanup(freep) struct node **keys = xcalloc(n + 1, sizeof(struct node *));

    for (size_t i = 0; i < n; i++)
        keys[i] = map->items[2 * i];
    qsort(keys, n, sizeof(*keys), by_key);
    for (size_t i = 1; i < n; i++)
        if (strcmp(keys[i - 1]->text, keys[i]->text) == 0)
            return err_set(err, EINVAL,
                           "%s:%u: key '%.64s' stands twice in one group, first in "
                           "line %u",
                           r->name, keys[i]->line, keys[i]->text, keys[i - 1]->line);
    return 0;
}

/* Add what 'from' says and 'map' does not. */
static int merge_one(struct reader *r, struct node *map, const struct node *from,
                     unsigned int line, struct err *err)
{
    if (from->kind != NODE_MAP)
        return refuse(r, line, err,
                      "'<<' takes a group of fields, or a list of such groups");
    if (map->n_items + from->n_items > READER_MERGED_MAX)
        return refuse(r, line, err, "too many fields to merge");
    for (size_t i = 0; i < from->n_items; i += 2) {
        struct node *key, *value;

        if (node_get(map, from->items[i]->text))
            continue;
        key = node_copy(r->documents->tree, from->items[i]);
        value = node_copy(r->documents->tree, from->items[i + 1]);
        if (!key || !value)
            return refuse(r, line, err, "merges make this file too large");
        node_append(map, key);
        node_append(map, value);
    }
    return 0;
}

static int merge(struct reader *r, struct node *map, struct err *err)
{
    for (size_t i = 0; i < map->n_items; i += 2) {
        const struct node *from = map->items[i + 1];
        unsigned int line = map->items[i]->line;
        int rc = 0;

        if (map->items[i]->kind != NODE_NULL)
            continue;
        map->n_items -= 2;
        memmove(&map->items[i], &map->items[i + 2],
                (map->n_items - i) * sizeof(*map->items));
        if (from->kind != NODE_LIST)
            return merge_one(r, map, from, line, err);
        for (size_t j = 0; j < from->n_items && rc == 0; j++)
            rc = merge_one(r, map, from->items[j], line, err);
        return rc;
    }
    return 0;
}

static int on_close(struct reader *r, struct err *err)
{
    struct node *node = r->stack[--r->depth];
    int rc;

    if (node->kind != NODE_MAP)
        return 0;
    rc = check_keys(r, node, err);
    return rc < 0 ? rc : merge(r, node, err);
}

/* Documents without anything in them are none. */
static int on_document_end(struct reader *r, struct err *err)
{
    struct documents *documents = r->documents;

    forget_anchors(r);
    if (documents->n && documents->roots[documents->n - 1]->kind == NODE_NULL)
        documents->n--;
    if (documents->n > READER_DOCUMENTS_MAX)
        return err_set(err, E2BIG, "%s: more than %d documents", r->name,
                       READER_DOCUMENTS_MAX);
    return 0;
}

static int on_event(struct reader *r, const yaml_event_t *event, struct err *err)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event, err);
    case YAML_ALIAS_EVENT:
        return on_alias(r, event, err);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, NODE_LIST, event->data.sequence_start.anchor,
                       event->data.sequence_start.tag, event, err);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, NODE_MAP, event->data.mapping_start.anchor,
                       event->data.mapping_start.tag, event, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(r, err);
    case YAML_DOCUMENT_END_EVENT:
        return on_document_end(r, err);
    case YAML_DOCUMENT_START_EVENT:
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
        return 0;
    }
    return 0;
}

/* Bytes that are no characters have an offset, and no mark. */
static size_t line_of_problem(const struct reader *r)
{
    const char *at = r->text, *end = r->text + r->len;
    size_t line = 1;

    if (r->parser.error != YAML_READER_ERROR)
        return r->parser.problem_mark.line + 1;
    if (r->parser.problem_offset < r->len)
        end = r->text + r->parser.problem_offset;
    for (; (at = memchr(at, '\n', (size_t)(end - at))); at++)
        line++;
    return line;
}

/* libyaml's words, and the hint that most people need at this point. */
static int not_yaml(struct reader *r, struct err *err)
{
    const char *problem = r->parser.problem ? r->parser.problem : "out of memory";
    const yaml_mark_t *begin = &r->parser.context_mark, *end = &r->parser.problem_mark;
    const char *hint = "";
    char where[64] = "";

    if (r->parser.context && begin->line + 1 < end->line)
        (void)snprintf(where, sizeof(where), " (of what begins in line %zu)",
                       begin->line + 1);
    if (strstr(problem, "start any token"))
        hint = " (indent with blanks, not tabs; quote values that begin with % or @)";
    else if (strstr(problem, "mapping values are not allowed"))
        hint = " (is the line above indented as this one? quote values that hold ': ')";
    else if (strstr(problem, "unknown escape"))
        hint = " (in double quotes \\ begins an escape, and ' needs none)";
    else if (strstr(problem, "UTF-8"))
        hint = " (the file has to be UTF-8: iconv makes it)";
    return err_set(err, EINVAL, "%s:%zu: not valid YAML: %s%s", r->name,
                   line_of_problem(r), problem, *hint ? hint : where);
}

static int build(struct reader *r, struct err *err)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        int rc;

        if (!yaml_parser_parse(&r->parser, &event))
            return not_yaml(r, err);
        rc = on_event(r, &event, err);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (rc < 0)
            return rc;
    }
    return 0;
}

void documents_fini(struct documents *documents)
{
    node_tree_free(documents->tree);
    free(documents->roots);
    *documents = (struct documents){.n = 0};
}

int documents_read(const char *name, const char *text, size_t len,
                   struct documents *ret, struct err *err)
{
    cleanup(freep) struct reader *r = xcalloc(1, sizeof(*r));
    cleanup(freep) char *yaml = NULL;
    struct documents documents = {.tree = xcalloc(1, sizeof(*documents.tree))};
    int rc;

    if (json_text_is_meant(text, len))
        text = yaml = json_text_as_yaml(text, len, &len);
    r->name = name;
    r->text = text;
    r->len = len;
    r->documents = &documents;
    if (!yaml_parser_initialize(&r->parser)) {
        documents_fini(&documents);
        return err_set(err, ENOMEM, "%s: out of memory", name);
    }
    yaml_parser_set_input_string(&r->parser, (const yaml_char_t *)text, len);
    rc = build(r, err);
    yaml_parser_delete(&r->parser);
    forget_anchors(r);
    if (rc < 0)
        documents_fini(&documents);
    else
        *ret = documents;
    return rc;
}
