/* SPDX-License-Identifier: Apache-2.0
 *
 * json.c - flat messages as JSON, by reflection
 */
#include "history/json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static void add_text(struct strbuf *sb, const char *text)
{
    strbuf_putc(sb, '"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            strbuf_printf(sb, "\\%c", *c);
        else if (*c < ' ' || *c == 0x7f)
            strbuf_printf(sb, "\\u%04x", *c);
        else
            strbuf_putc(sb, (char)*c);
    }
    strbuf_putc(sb, '"');
}

/* False: it has its default, or is none of the kinds that are written. */
static bool add_value(struct strbuf *sb, const ProtobufCFieldDescriptor *field,
                      const void *at)
{
    int64_t wide = 0;
    int32_t narrow;
    const char *text;

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        memcpy(&text, at, sizeof(text));
        if (text && *text)
            add_text(sb, text);
        return text && *text;
    }
    if (field->type == PROTOBUF_C_TYPE_INT64 || field->type == PROTOBUF_C_TYPE_UINT64) {
        memcpy(&wide, at, sizeof(wide));
    } else if (field->type == PROTOBUF_C_TYPE_INT32 ||
               field->type == PROTOBUF_C_TYPE_UINT32 ||
               field->type == PROTOBUF_C_TYPE_BOOL) {
        memcpy(&narrow, at, sizeof(narrow));
        wide =
            field->type == PROTOBUF_C_TYPE_UINT32 ? (int64_t)(uint32_t)narrow : narrow;
    }
    if (wide)
        strbuf_printf(sb, "%" PRId64, wide);
    return wide != 0;
}

void json_message(struct strbuf *sb, const ProtobufCMessage *msg)
{
    const char *before = "{";

    for (unsigned int i = 0; i < msg->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &msg->descriptor->fields[i];
        size_t len = sb->len;

        strbuf_printf(sb, "%s\"%s\":", before, field->name);
        if (add_value(sb, field, (const char *)msg + field->offset))
            before = ",";
        else
            strbuf_cut(sb, len);
    }
    strbuf_puts(sb, *before == '{' ? "{}" : "}");
}
