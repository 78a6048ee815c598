/* SPDX-License-Identifier: Apache-2.0
 *
 * document.c - messages to JSON trees, by reflection
 */
#include "cli/document.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

static json_t *bytes_value(const ProtobufCBinaryData *bytes)
{
    cleanup(freep) char *hex = NULL;
    json_t *text = json_stringn(bytes->data ? (const char *)bytes->data : "",
                                bytes->len); /* NULL when it is not UTF-8 */

    if (text)
        return text;
    hex = xcalloc(bytes->len * 2 + 1, 1);
    for (size_t i = 0; i < bytes->len; i++)
        sprintf(hex + 2 * i, "%02x", bytes->data[i]);
    return json_string(hex);
}

json_t *document_text(const char *s)
{
    json_t *text = json_string(s ? s : "");

    return text ? text : json_string("(not UTF-8)");
}

static json_t *enum_value(const ProtobufCFieldDescriptor *field, int value)
{
    const ProtobufCEnumValue *found =
        protobuf_c_enum_descriptor_get_value(field->descriptor, value);

    return found ? json_string(found->name) : json_integer(value);
}

/* One value of the field's type at 'at'. */
static json_t *value_of(const ProtobufCFieldDescriptor *field, const void *at,
                        bool brief)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return json_integer(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real((double)*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)at);
    case PROTOBUF_C_TYPE_STRING:
        return document_text(*(char *const *)at);
    case PROTOBUF_C_TYPE_BYTES:
        return bytes_value(at);
    case PROTOBUF_C_TYPE_ENUM:
        return enum_value(field, *(const int *)at);
    case PROTOBUF_C_TYPE_MESSAGE:
        return document_of(*(ProtobufCMessage *const *)at, brief);
    }
    return json_null();
}

static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    }
    return 0;
}

static json_t *list_of(const ProtobufCFieldDescriptor *field,
                       const ProtobufCMessage *msg, bool brief)
{
    size_t n = *(const size_t *)((const char *)msg + field->quantifier_offset);
    const char *items = *(char *const *)((const char *)msg + field->offset);
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list,
                              value_of(field, items + i * size_of(field->type), brief));
    return list;
}

/* Zero, false, "", absent or no items. */
static bool is_default(json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_object_size(value) == 0;
    case JSON_ARRAY:
        return json_array_size(value) == 0;
    case JSON_STRING:
        return json_string_length(value) == 0;
    case JSON_INTEGER:
        return json_integer_value(value) == 0;
    case JSON_REAL:
        return !(json_real_value(value) > 0 || json_real_value(value) < 0);
    case JSON_TRUE:
        return false;
    case JSON_FALSE:
    case JSON_NULL:
        return true;
    }
    return false;
}

/* A member of a oneof counts only when it is the one that is set. */
static bool is_absent(const ProtobufCFieldDescriptor *field,
                      const ProtobufCMessage *msg)
{
    const char *at = (const char *)msg;

    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
        *(const uint32_t *)(at + field->quantifier_offset) != field->id)
        return true;
    return field->label != PROTOBUF_C_LABEL_REPEATED &&
           field->type == PROTOBUF_C_TYPE_MESSAGE &&
           *(void *const *)(at + field->offset) == NULL;
}

json_t *document_of(const ProtobufCMessage *msg, bool brief)
{
    json_t *doc = json_object();

    for (unsigned int i = 0; i < msg->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &msg->descriptor->fields[i];
        json_t *value;

        if (is_absent(field, msg))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            value = list_of(field, msg, brief);
        else
            value = value_of(field, (const char *)msg + field->offset, brief);
        if (brief && is_default(value))
            json_decref(value);
        else
            json_object_set_new(doc, field->name, value);
    }
    return doc;
}

void document_print_json(json_t *doc, FILE *out)
{
    json_dumpf(doc, out, JSON_INDENT(2));
    fputc('\n', out);
    json_decref(doc);
}
