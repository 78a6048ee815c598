/* SPDX-License-Identifier: Apache-2.0
 *
 * write.c - YAML by libyaml, JSON by hand
 */
#include "manifest/write.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <yaml.h>

#include "manifest/scalar.h"

struct writer {
    yaml_emitter_t emitter;
    bool has_failed;
};

static void emit(struct writer *w, yaml_event_t *event, int is_made)
{
    if (!is_made || w->has_failed || !yaml_emitter_emit(&w->emitter, event))
        w->has_failed = true;
}

/* What others read as a time, or as a number to base 60. */
static bool is_like_a_time(const char *text)
{
    return isdigit((unsigned char)text[0]) && strpbrk(text, "-:") &&
           text[strspn(text, "0123456789-:.+TZ ")] == '\0';
}

/* Texts that would be something else without quotes get them. */
static yaml_scalar_style_t style_of(const struct node *node)
{
    if (node->kind != NODE_STRING)
        return YAML_PLAIN_SCALAR_STYLE;
    if (strchr(node->text, '\n'))
        return YAML_LITERAL_SCALAR_STYLE;
    if (scalar_resolve(node->text).kind != NODE_STRING ||
        strcmp(node->text, "<<") == 0 || strcmp(node->text, "=") == 0 ||
        is_like_a_time(node->text))
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return YAML_PLAIN_SCALAR_STYLE;
}

static void emit_scalar(struct writer *w, const struct node *node)
{
    bool is_text = node->kind == NODE_STRING;
    yaml_scalar_style_t style = style_of(node);
    bool is_plain = !is_text || style == YAML_PLAIN_SCALAR_STYLE;
    const char *text = node->kind == NODE_NULL ? "null" : node->text;
    char number[32];
    yaml_event_t event;
    yaml_char_t *bytes;

    if (node->kind == NODE_BOOL)
        text = node->truth ? "true" : "false";
    if (node->kind == NODE_INT) {
        snprintf(number, sizeof(number), "%" PRId64, node->number);
        text = number;
    }
    bytes = (yaml_char_t *)strdup(text);
    if (!bytes) {
        w->has_failed = true;
        return;
    }
    emit(w, &event,
         yaml_scalar_event_initialize(&event, NULL, NULL, bytes, (int)strlen(text),
                                      is_plain, is_text, style));
    free(bytes);
}

static void emit_node(struct writer *w, const struct node *node);

static void emit_map(struct writer *w, const struct node *node)
{
    yaml_event_t event;
    int made;

    made = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                               node->n_items ? YAML_BLOCK_MAPPING_STYLE
                                                             : YAML_FLOW_MAPPING_STYLE);
    emit(w, &event, made);
    for (size_t i = 0; i < node->n_items; i++)
        emit_node(w, node->items[i]);
    emit(w, &event, yaml_mapping_end_event_initialize(&event));
}

static void emit_list(struct writer *w, const struct node *node)
{
    yaml_event_t event;
    int made;

    made = yaml_sequence_start_event_initialize(
        &event, NULL, NULL, 1,
        node->n_items ? YAML_BLOCK_SEQUENCE_STYLE : YAML_FLOW_SEQUENCE_STYLE);
    emit(w, &event, made);
    for (size_t i = 0; i < node->n_items; i++)
        emit_node(w, node->items[i]);
    emit(w, &event, yaml_sequence_end_event_initialize(&event));
}

static void emit_node(struct writer *w, const struct node *node)
{
    if (node->kind == NODE_MAP)
        emit_map(w, node);
    else if (node->kind == NODE_LIST)
        emit_list(w, node);
    else
        emit_scalar(w, node);
}

int node_write_yaml(const struct node *node, FILE *out)
{
    struct writer w = {.has_failed = false};
    yaml_event_t event;

    if (!yaml_emitter_initialize(&w.emitter))
        return -ENOMEM;
    yaml_emitter_set_output_file(&w.emitter, out);
    yaml_emitter_set_unicode(&w.emitter, 1);
    yaml_emitter_set_width(&w.emitter, -1);
    emit(&w, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(&w, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
    emit_node(&w, node);
    emit(&w, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&w, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&w.emitter);
    return w.has_failed ? -EIO : 0;
}

static void write_text(const char *text, FILE *out)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

    fputc('"', out);
    for (; *text; text++) {
        const char *at = strchr(plain, *text);

        if (at)
            fprintf(out, "\\%c", letters[at - plain]);
        else if ((unsigned char)*text < ' ' || *text == 127)
            fprintf(out, "\\u%04x", (unsigned char)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

/* A number as JSON has it: no '+', digits on both sides of the point. */
static void write_float(const char *text, FILE *out)
{
    fprintf(out, "%.17g", strtod(text, NULL));
}

static void write_scalar(const struct node *node, FILE *out)
{
    switch (node->kind) {
    case NODE_NULL:
        fputs("null", out);
        break;
    case NODE_BOOL:
        fputs(node->truth ? "true" : "false", out);
        break;
    case NODE_INT:
        fprintf(out, "%" PRId64, node->number);
        break;
    case NODE_FLOAT:
        write_float(node->text, out);
        break;
    case NODE_STRING:
        write_text(node->text, out);
        break;
    case NODE_LIST:
    case NODE_MAP:
        break;
    }
}

static void new_line(unsigned int indent, FILE *out)
{
    fprintf(out, "\n%*s", (int)indent * 4, "");
}

void node_write_json(const struct node *node, unsigned int indent, FILE *out)
{
    bool is_map = node->kind == NODE_MAP;

    if (!is_map && node->kind != NODE_LIST) {
        write_scalar(node, out);
        return;
    }
    fputc(is_map ? '{' : '[', out);
    for (size_t i = 0; i < node->n_items; i++) {
        if (i && !(is_map && i % 2))
            fputc(',', out);
        if (is_map && i % 2)
            fputs(": ", out);
        else
            new_line(indent + 1, out);
        node_write_json(node->items[i], indent + 1, out);
    }
    if (node->n_items)
        new_line(indent, out);
    fputc(is_map ? '}' : ']', out);
}
