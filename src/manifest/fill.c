/* SPDX-License-Identifier: Apache-2.0
 *
 * fill.c - put the defaults of the table into a tree
 */
#include "manifest/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "spec/quantity_spec.h"

void fields_drop_nulls(const struct mf_type *type, struct node *node)
{
    size_t n = 0;

    for (size_t i = 0; i < node->n_items; i += 2) {
        const struct mf_field *field = schema_field(type, node->items[i]->text);
        struct node *value = node->items[i + 1];

        if (value->kind == NODE_NULL)
            continue;
        if (field && field->value == MF_OBJECT)
            fields_drop_nulls(field->of, value);
        if (field && field->value == MF_OBJECTS)
            for (size_t j = 0; j < value->n_items; j++)
                fields_drop_nulls(field->of, value->items[j]);
        node->items[n++] = node->items[i];
        node->items[n++] = value;
    }
    node->n_items = n;
}

static struct node *preset_node(struct node_tree *tree, const struct mf_field *field)
{
    const char *text = field->preset;

    switch (field->value) {
    case MF_INT:
    case MF_PORT:
    case MF_INT_OR_STRING:
        return node_new_int(tree, strtoll(text, NULL, 10));
    case MF_BOOL:
        return node_new_bool(tree, strcmp(text, "true") == 0);
    case MF_STRING:
    case MF_TIME:
    case MF_WORD:
    case MF_QUANTITY:
    case MF_OBJECT:
    case MF_OBJECTS:
    case MF_STRINGS:
    case MF_INTS:
    case MF_WORDS:
    case MF_STRING_MAP:
    case MF_NAME_VALUES:
    case MF_BYTES_MAP:
    case MF_QUANTITY_MAP:
    case MF_SCALARS:
    case MF_ANY:
        break;
    }
    return node_new_text(tree, NODE_STRING, text, strlen(text));
}

static void make_canonical(struct node *node)
{
    cleanup(freep) char *canonical = NULL;
    struct quantity quantity;
    char buf[32];

    if (quantity_parse(quantity_text(node, buf, sizeof(buf)), &quantity, NULL) < 0)
        return;
    canonical = quantity_format(&quantity);
    str_replace(&node->text, canonical);
    node->kind = NODE_STRING;
}

/* Values of a map that are null are empty texts. */
static void fill_map(const struct mf_field *field, struct node *map)
{
    for (size_t i = 1; i < map->n_items; i += 2) {
        struct node *value = map->items[i];

        if (field->value == MF_QUANTITY_MAP)
            make_canonical(value);
        else if (value->kind == NODE_NULL) {
            value->kind = NODE_STRING;
            str_replace(&value->text, "");
        }
    }
}

static void fill_value(const struct mf_field *field, struct node_tree *tree,
                       struct node *value)
{
    if (field->value == MF_QUANTITY)
        make_canonical(value);
    if (field->value == MF_QUANTITY_MAP || field->value == MF_STRING_MAP ||
        field->value == MF_BYTES_MAP)
        fill_map(field, value);
    if (field->value == MF_OBJECT)
        fields_fill(field->of, tree, value);
    if (field->value == MF_OBJECTS)
        for (size_t i = 0; i < value->n_items; i++)
            fields_fill(field->of, tree, value->items[i]);
}

void fields_fill(const struct mf_type *type, struct node_tree *tree, struct node *node)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct mf_field *field = &type->fields[i];
        struct node *value = node_get(node, field->name);

        /* An empty text is not said, where a default could be. */
        if (value && !(field->preset && value->kind == NODE_STRING && !value->text[0]))
            fill_value(field, tree, value);
        else if (field->preset)
            node_set(tree, node, field->name, preset_node(tree, field));
    }
}
