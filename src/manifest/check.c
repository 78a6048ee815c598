/* SPDX-License-Identifier: Apache-2.0
 *
 * check.c - compare a tree with the table of fields
 */
#include "manifest/fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "manifest/base64.h"
#include "spec/object_name.h"
#include "spec/quantity_spec.h"

struct check {
    struct report *report;
    struct strbuf path;
};

#define fail(c, node, ...) report_error((c)->report, node, path_of(c), __VA_ARGS__)

static const char *path_of(const struct check *c)
{
    return c->path.s ? c->path.s : "";
}

/* Go down to a field, a key of a map, an item; the old length is what to cut to. */
static size_t enter(struct check *c, const char *name)
{
    size_t old = c->path.len;

    strbuf_printf(&c->path, old ? ".%s" : "%s", name);
    return old;
}

static size_t enter_key(struct check *c, const char *key)
{
    size_t old = c->path.len;

    if (!strpbrk(key, "./[]") && key[0])
        return enter(c, key);
    strbuf_printf(&c->path, "[%.300s]", key);
    return old;
}

static size_t enter_item(struct check *c, size_t i)
{
    size_t old = c->path.len;

    strbuf_printf(&c->path, "[%zu]", i);
    return old;
}

static void leave(struct check *c, size_t old)
{
    strbuf_cut(&c->path, old);
}

/* Wrong kind of value, with the usual remedy. */
static void expected(struct check *c, const struct node *node, enum mf_value value)
{
    const char *want = schema_value_name(value);
    bool is_number = node->kind == NODE_INT || node->kind == NODE_FLOAT;

    if (value == MF_STRING && (is_number || node->kind == NODE_BOOL))
        fail(c, node, "%s is expected, not %s: put it in quotes, \"%.64s\"", want,
             node_kind_name(node->kind), node->text);
    else if (node->kind == NODE_STRING)
        fail(c, node, "%s is expected, not the text '%.64s'", want, node->text);
    else
        fail(c, node, "%s is expected, not %s", want, node_kind_name(node->kind));
}

static void judge(struct check *c, const struct node *node, const char *text,
                  int (*check)(const char *text, struct err *err))
{
    struct err err;

    if (check && check(text, &err) < 0)
        fail(c, node, "%s", err.text);
}

static void check_string(struct check *c, const struct mf_field *field,
                         const struct node *node)
{
    if (node->kind != NODE_STRING)
        expected(c, node, MF_STRING);
    else if (node->text[0] || field->is_required)
        judge(c, node, node->text, field->check);
}

static void check_bounds(struct check *c, const struct mf_field *field,
                         const struct node *node)
{
    if ((field->min || field->max) &&
        (node->number < field->min || node->number > field->max))
        fail(c, node, "%s is not from %" PRId64 " to %" PRId64, node->text, field->min,
             field->max);
}

static void check_int(struct check *c, const struct mf_field *field,
                      const struct node *node)
{
    if (node->kind != NODE_INT)
        expected(c, node, MF_INT);
    else
        check_bounds(c, field, node);
}

static void check_word(struct check *c, const struct mf_field *field,
                       const struct node *node)
{
    struct strbuf words = STRBUF_INIT;

    if (node->kind != NODE_STRING) {
        expected(c, node, MF_STRING);
        return;
    }
    if (schema_word(field->words, node->text) ||
        (!node->text[0] && !field->is_required))
        return;
    for (size_t i = 0; field->words[i]; i++)
        strbuf_printf(&words, i ? ", %s" : "%s", field->words[i]);
    fail(c, node, "'%.64s' is not one of %s", node->text, words.s);
    strbuf_fini(&words);
}

const char *quantity_text(const struct node *node, char *buf, size_t size)
{
    if (node->kind == NODE_INT) {
        snprintf(buf, size, "%" PRId64, node->number);
        return buf;
    }
    return node->kind == NODE_FLOAT || node->kind == NODE_STRING ? node->text : NULL;
}

static void check_quantity(struct check *c, const struct node *node)
{
    char buf[32];
    const char *text = quantity_text(node, buf, sizeof(buf));
    struct quantity quantity;
    struct err err;

    if (!text)
        expected(c, node, MF_QUANTITY);
    else if (quantity_parse(text, &quantity, &err) < 0)
        fail(c, node, "%s", err.text);
    else if (quantity.whole < 0 || quantity.nano < 0)
        fail(c, node, "%s is less than nothing", text);
}

static void check_port(struct check *c, const struct mf_field *field,
                       const struct node *node)
{
    if (node->kind == NODE_STRING)
        judge(c, node, node->text, port_name_check);
    else if (node->kind == NODE_INT)
        check_bounds(c, field, node);
    else
        expected(c, node, MF_PORT);
}

static void check_base64(struct check *c, const struct node *node)
{
    if (base64_decode(node->text, NULL, NULL) < 0)
        fail(c, node,
             "this is not base64: 'base64 -w0 FILE' makes it, and stringData "
             "takes plain text");
}

/* A value of a map. */
static void check_entry(struct check *c, const struct mf_field *field,
                        const struct node *key, const struct node *value)
{
    size_t old = enter_key(c, key->text);

    judge(c, key, key->text, field->check);
    if (field->value == MF_QUANTITY_MAP)
        check_quantity(c, value);
    else if (value->kind == NODE_NULL)
        ;
    else if (value->kind != NODE_STRING)
        expected(c, value, MF_STRING);
    else if (field->value == MF_BYTES_MAP)
        check_base64(c, value);
    else
        judge(c, value, value->text, field->check_value);
    leave(c, old);
}

static void check_map(struct check *c, const struct mf_field *field,
                      const struct node *node)
{
    if (node->kind != NODE_MAP) {
        expected(c, node, field->value);
        return;
    }
    if (node->n_items / 2 > FIELD_KEYS_MAX) {
        fail(c, node, "more than %d keys", FIELD_KEYS_MAX);
        return;
    }
    for (size_t i = 0; i < node->n_items; i += 2)
        check_entry(c, field, node->items[i], node->items[i + 1]);
}

static void check_object(struct check *c, const struct mf_type *type,
                         const struct node *node);

static const struct mf_field name_value_rows[] = {
    {.name = "name", .value = MF_STRING, .is_required = true},
    {.name = "value", .value = MF_STRING},
};
static const struct mf_type name_value = {
    .name = "NameValue", .fields = name_value_rows, .n_fields = 2};

static void check_item(struct check *c, const struct mf_field *field,
                       const struct node *item)
{
    enum mf_value value = field->value;

    if (value == MF_OBJECTS || value == MF_NAME_VALUES)
        check_object(c, field->of ? field->of : &name_value, item);
    else if (value == MF_STRINGS)
        check_string(c, field, item);
    else if (value == MF_INTS)
        check_int(c, field, item);
    else
        check_word(c, field, item);
}

static void check_list(struct check *c, const struct mf_field *field,
                       const struct node *node)
{
    if (node->kind != NODE_LIST) {
        expected(c, node, field->value);
        return;
    }
    if (node->n_items > FIELD_ITEMS_MAX && field->value != MF_STRINGS) {
        fail(c, node, "more than %d of them", FIELD_ITEMS_MAX);
        return;
    }
    for (size_t i = 0; i < node->n_items; i++) {
        size_t old = enter_item(c, i);

        check_item(c, field, node->items[i]);
        leave(c, old);
    }
}

static void check_scalars(struct check *c, const struct node *node)
{
    size_t n = node->kind == NODE_LIST ? node->n_items : 0;

    if (node->kind == NODE_MAP)
        expected(c, node, MF_SCALARS);
    for (size_t i = 0; i < n; i++)
        if (node->items[i]->kind == NODE_MAP || node->items[i]->kind == NODE_LIST)
            expected(c, node->items[i], MF_STRING);
}

static void check_value(struct check *c, const struct mf_field *field,
                        const struct node *node)
{
    switch (field->value) {
    case MF_STRING:
    case MF_TIME:
        check_string(c, field, node);
        break;
    case MF_INT:
        check_int(c, field, node);
        break;
    case MF_BOOL:
        if (node->kind != NODE_BOOL)
            expected(c, node, MF_BOOL);
        break;
    case MF_WORD:
        check_word(c, field, node);
        break;
    case MF_QUANTITY:
        check_quantity(c, node);
        break;
    case MF_PORT:
        check_port(c, field, node);
        break;
    case MF_INT_OR_STRING:
        if (node->kind != NODE_INT && node->kind != NODE_STRING)
            expected(c, node, MF_INT_OR_STRING);
        break;
    case MF_OBJECT:
        check_object(c, field->of, node);
        break;
    case MF_OBJECTS:
    case MF_STRINGS:
    case MF_INTS:
    case MF_WORDS:
    case MF_NAME_VALUES:
        check_list(c, field, node);
        break;
    case MF_STRING_MAP:
    case MF_BYTES_MAP:
    case MF_QUANTITY_MAP:
        check_map(c, field, node);
        break;
    case MF_SCALARS:
        check_scalars(c, node);
        break;
    case MF_ANY:
        break;
    }
}

/* Does a field that is warned of or refused ask for nothing here? */
static bool is_harmless(const struct mf_field *field, const struct node *node)
{
    const char *harmless = field->harmless;

    if (!harmless && field->value == MF_BOOL)
        harmless = "false";
    if (node_is_nothing(node) || (node->text && !node->text[0]))
        return true;
    if (!harmless || !node->text)
        return false;
    if (node->kind == NODE_BOOL)
        return strcmp(node->truth ? "true" : "false", harmless) == 0;
    return strcmp(node->text, harmless) == 0;
}

static void check_field(struct check *c, const struct mf_field *field,
                        const struct node *key, const struct node *node)
{
    size_t n_errors = c->report->n_errors;

    if (node->kind == NODE_NULL)
        return;
    check_value(c, field, node);
    if (c->report->n_errors != n_errors || is_harmless(field, node))
        return;
    if (field->treatment == MF_WARNED)
        report_warning(c->report, key, path_of(c), "without effect: %s", field->note);
    else if (field->treatment == MF_REFUSED)
        fail(c, key, "refused: %s", field->note);
}

static void unknown(struct check *c, const struct mf_type *type, const struct node *key)
{
    const char *near = schema_nearest(type, key->text);

    if (near)
        fail(c, key, "unknown field; nearest: %s", near);
    else
        fail(c, key, "unknown field of %s", type->name);
}

static void check_required(struct check *c, const struct mf_type *type,
                           const struct node *node)
{
    for (size_t i = 0; i < type->n_fields; i++) {
        const struct mf_field *field = &type->fields[i];
        const struct node *value = node_get(node, field->name);
        bool is_there = value && value->kind != NODE_NULL &&
                        (field->value == MF_OBJECT || !node_is_nothing(value)) &&
                        !(value->kind == NODE_STRING && !value->text[0]);
        size_t old;

        if (!field->is_required || is_there)
            continue;
        old = enter(c, field->name);
        fail(c, value ? value : node, "this field is required");
        leave(c, old);
    }
}

static void check_object(struct check *c, const struct mf_type *type,
                         const struct node *node)
{
    if (node->kind != NODE_MAP) {
        expected(c, node, MF_OBJECT);
        return;
    }
    for (size_t i = 0; i < node->n_items; i += 2) {
        const struct node *key = node->items[i];
        const struct mf_field *field = schema_field(type, key->text);
        size_t old = enter_key(c, key->text);

        if (field)
            check_field(c, field, key, node->items[i + 1]);
        else
            unknown(c, type, key);
        leave(c, old);
    }
    check_required(c, type, node);
}

void fields_check(const struct mf_type *type, const struct node *node,
                  struct report *report)
{
    struct check check = {.report = report, .path = STRBUF_INIT};

    check_object(&check, type, node);
    strbuf_fini(&check.path);
}
