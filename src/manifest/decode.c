/* SPDX-License-Identifier: Apache-2.0
 *
 * decode.c - from a tree to the structs of pod.h and objects.h, and the end of these
 */
#include "manifest/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "manifest/base64.h"
#include "manifest/values.h"

/* Every MF_LIST, whatever it holds. */
struct list {
    void *items;
    size_t n;
};

static void *member(void *object, const struct mf_field *field)
{
    return (char *)object + field->offset;
}

static struct list make_list(size_t n, size_t size)
{
    return (struct list){.items = n ? xcalloc(n, size) : NULL, .n = n};
}

static void decode_into(const struct mf_type *type, const struct node *node,
                        void *object);

static struct list decode_objects(const struct mf_type *type, const struct node *node)
{
    struct list list = make_list(node->n_items, type->size);

    for (size_t i = 0; i < list.n; i++)
        decode_into(type, node->items[i], (char *)list.items + i * type->size);
    return list;
}

static struct list decode_pairs(const struct node *node)
{
    struct list list = make_list(node->n_items / 2, sizeof(struct mf_pair));
    struct mf_pair *pairs = list.items;

    for (size_t i = 0; i < list.n; i++) {
        pairs[i].key = xstrdup(node->items[2 * i]->text);
        pairs[i].value = xstrdup(node->items[2 * i + 1]->text);
    }
    return list;
}

static struct list decode_name_values(const struct node *node)
{
    struct list list = make_list(node->n_items, sizeof(struct mf_pair));
    struct mf_pair *pairs = list.items;

    for (size_t i = 0; i < list.n; i++) {
        const char *value = node_string(node->items[i], "value");

        pairs[i].key = xstrdup(node_string(node->items[i], "name"));
        pairs[i].value = xstrdup(value ? value : "");
    }
    return list;
}

static struct list decode_blobs(const struct node *node)
{
    struct list list = make_list(node->n_items / 2, sizeof(struct mf_blob));
    struct mf_blob *blobs = list.items;

    for (size_t i = 0; i < list.n; i++) {
        blobs[i].key = xstrdup(node->items[2 * i]->text);
        BUG_ON(base64_decode(node->items[2 * i + 1]->text, &blobs[i].bytes,
                             &blobs[i].len) < 0);
    }
    return list;
}

static struct quantity decode_quantity(const struct node *node)
{
    struct quantity quantity;

    BUG_ON(quantity_parse(node->text, &quantity, NULL) < 0);
    return quantity;
}

static struct list decode_amounts(const struct node *node)
{
    struct list list = make_list(node->n_items / 2, sizeof(struct mf_amount));
    struct mf_amount *amounts = list.items;

    for (size_t i = 0; i < list.n; i++) {
        amounts[i].resource = xstrdup(node->items[2 * i]->text);
        amounts[i].quantity = decode_quantity(node->items[2 * i + 1]);
    }
    return list;
}

static struct list decode_ints(const struct node *node)
{
    struct list list = make_list(node->n_items, sizeof(int64_t));

    for (size_t i = 0; i < list.n; i++)
        ((int64_t *)list.items)[i] = node->items[i]->number;
    return list;
}

static struct list decode_words(const struct mf_field *field, const struct node *node)
{
    struct list list = make_list(node->n_items, sizeof(int));

    for (size_t i = 0; i < list.n; i++)
        ((int *)list.items)[i] = (int)schema_word(field->words, node->items[i]->text);
    return list;
}

static char **decode_strings(const struct node *node)
{
    char **strings = NULL;

    for (size_t i = 0; i < node->n_items; i++)
        strv_add(&strings, node->items[i]->text);
    return strings;
}

static struct mf_port_ref decode_port(const struct node *node)
{
    struct mf_port_ref port = {.number = node->number};

    if (node->kind == NODE_STRING) {
        port.number = 0;
        port.name = xstrdup(node->text);
    }
    return port;
}

static void decode_value(const struct mf_field *field, const struct node *node,
                         void *at)
{
    switch (field->value) {
    case MF_STRING:
    case MF_TIME:
        *(char **)at = node->text[0] ? xstrdup(node->text) : NULL;
        break;
    case MF_INT:
        *(int64_t *)at = node->number;
        break;
    case MF_BOOL:
        *(bool *)at = node->truth;
        break;
    case MF_WORD:
        *(int *)at = (int)schema_word(field->words, node->text);
        break;
    case MF_QUANTITY:
        *(struct quantity *)at = decode_quantity(node);
        break;
    case MF_PORT:
        *(struct mf_port_ref *)at = decode_port(node);
        break;
    case MF_OBJECT:
        *(void **)at = fields_decode(field->of, node);
        break;
    case MF_OBJECTS:
        *(struct list *)at = decode_objects(field->of, node);
        break;
    case MF_STRINGS:
        *(char ***)at = decode_strings(node);
        break;
    case MF_INTS:
        *(struct list *)at = decode_ints(node);
        break;
    case MF_WORDS:
        *(struct list *)at = decode_words(field, node);
        break;
    case MF_STRING_MAP:
        *(struct list *)at = decode_pairs(node);
        break;
    case MF_NAME_VALUES:
        *(struct list *)at = decode_name_values(node);
        break;
    case MF_BYTES_MAP:
        *(struct list *)at = decode_blobs(node);
        break;
    case MF_QUANTITY_MAP:
        *(struct list *)at = decode_amounts(node);
        break;
    case MF_INT_OR_STRING:
    case MF_SCALARS:
    case MF_ANY:
        break;
    }
}

static void decode_into(const struct mf_type *type, const struct node *node,
                        void *object)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct mf_field *field = &type->fields[i];
        const struct node *value = node_get(node, field->name);

        if (field->offset == MF_NO_MEMBER)
            continue;
        if (value)
            decode_value(field, value, member(object, field));
        else if (field->value == MF_INT)
            *(int64_t *)member(object, field) = MF_UNSET;
    }
}

void *fields_decode(const struct mf_type *type, const struct node *node)
{
    void *object = type->size ? xcalloc(1, type->size) : NULL;

    if (object)
        decode_into(type, node, object);
    return object;
}

static void free_pairs(const struct list *list)
{
    struct mf_pair *pairs = list->items;

    for (size_t i = 0; i < list->n; i++) {
        free(pairs[i].key);
        free(pairs[i].value);
    }
    free(pairs);
}

static void free_blobs(const struct list *list)
{
    struct mf_blob *blobs = list->items;

    for (size_t i = 0; i < list->n; i++) {
        free(blobs[i].key);
        free(blobs[i].bytes);
    }
    free(blobs);
}

static void free_amounts(const struct list *list)
{
    struct mf_amount *amounts = list->items;

    for (size_t i = 0; i < list->n; i++)
        free(amounts[i].resource);
    free(amounts);
}

static void free_members(const struct mf_type *type, void *object);

static void free_objects(const struct mf_type *type, const struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free_members(type, (char *)list->items + i * type->size);
    free(list->items);
}

static void free_value(const struct mf_field *field, void *at)
{
    switch (field->value) {
    case MF_STRING:
    case MF_TIME:
        free(*(char **)at);
        break;
    case MF_PORT:
        free(((struct mf_port_ref *)at)->name);
        break;
    case MF_OBJECT:
        fields_free(field->of, *(void **)at);
        break;
    case MF_OBJECTS:
        free_objects(field->of, at);
        break;
    case MF_STRINGS:
        strv_free(*(char ***)at);
        break;
    case MF_INTS:
    case MF_WORDS:
        free(((struct list *)at)->items);
        break;
    case MF_STRING_MAP:
    case MF_NAME_VALUES:
        free_pairs(at);
        break;
    case MF_BYTES_MAP:
        free_blobs(at);
        break;
    case MF_QUANTITY_MAP:
        free_amounts(at);
        break;
    case MF_INT:
    case MF_BOOL:
    case MF_WORD:
    case MF_QUANTITY:
    case MF_INT_OR_STRING:
    case MF_SCALARS:
    case MF_ANY:
        break;
    }
}

static void free_members(const struct mf_type *type, void *object)
{
    for (size_t i = 0; i < type->n_fields; i++)
        if (type->fields[i].offset != MF_NO_MEMBER)
            free_value(&type->fields[i], member(object, &type->fields[i]));
}

void fields_free(const struct mf_type *type, void *object)
{
    if (!object)
        return;
    free_members(type, object);
    free(object);
}
