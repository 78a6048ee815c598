/* SPDX-License-Identifier: Apache-2.0
 *
 * document_yaml.c - JSON trees written as YAML
 *
 * libyaml's emitter calls fail for want of memory or on a bad document of ours;
 * the first failure is remembered and the rest is skipped.
 */
#include "cli/document.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

struct writer {
    yaml_emitter_t emitter;
    bool has_failed;
};

static void emit(struct writer *w, yaml_event_t *event, int is_made)
{
    if (!is_made || w->has_failed || !yaml_emitter_emit(&w->emitter, event))
        w->has_failed = true;
}

static void emit_scalar(struct writer *w, const char *text, bool is_string)
{
    yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
    yaml_event_t event;
    unsigned char bytes[64], *copy = bytes;
    size_t len = strlen(text);
    int made;

    if (is_string)
        style = strchr(text, '\n')             ? YAML_LITERAL_SCALAR_STYLE
                : strspn(text, "0123456789.-") ? YAML_SINGLE_QUOTED_SCALAR_STYLE
                                               : YAML_ANY_SCALAR_STYLE;
    if (len >= sizeof(bytes))
        copy = (unsigned char *)strdup(text);
    else
        memcpy(bytes, text, len + 1);
    made = copy && yaml_scalar_event_initialize(&event, NULL, NULL, copy, (int)len, 1,
                                                1, style);
    emit(w, &event, made);
    if (copy != bytes)
        free(copy);
}

static void emit_value(struct writer *w, json_t *value);

static void emit_object(struct writer *w, json_t *object)
{
    const char *key;
    json_t *value;
    yaml_event_t event;
    int made;

    made = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                               YAML_BLOCK_MAPPING_STYLE);
    emit(w, &event, made);
    json_object_foreach(object, key, value)
    {
        emit_scalar(w, key, false);
        emit_value(w, value);
    }
    emit(w, &event, yaml_mapping_end_event_initialize(&event));
}

static void emit_array(struct writer *w, json_t *array)
{
    json_t *value;
    size_t i;
    yaml_event_t event;
    int made;

    made = yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                YAML_BLOCK_SEQUENCE_STYLE);
    emit(w, &event, made);
    json_array_foreach(array, i, value)
    {
        emit_value(w, value);
    }
    emit(w, &event, yaml_sequence_end_event_initialize(&event));
}

static void emit_value(struct writer *w, json_t *value)
{
    char text[64];

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        emit_object(w, value);
        break;
    case JSON_ARRAY:
        emit_array(w, value);
        break;
    case JSON_STRING:
        emit_scalar(w, json_string_value(value), true);
        break;
    case JSON_INTEGER:
        snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
        emit_scalar(w, text, false);
        break;
    case JSON_REAL:
        snprintf(text, sizeof(text), "%.6g", json_real_value(value));
        emit_scalar(w, text, false);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        emit_scalar(w, json_is_true(value) ? "true" : "false", false);
        break;
    case JSON_NULL:
        emit_scalar(w, "null", false);
        break;
    }
}

int document_print_yaml(json_t *doc, FILE *out)
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
    emit_value(&w, doc);
    emit(&w, &event, yaml_document_end_event_initialize(&event, 1));
    emit(&w, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&w.emitter);
    json_decref(doc);
    return w.has_failed ? -EIO : 0;
}
