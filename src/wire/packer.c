/* SPDX-License-Identifier: Apache-2.0
 *
 * packer.c - messages to bytes in one pass, from the last field to the first
 *
 *     bytes [ room            | tag | length | what is inside | later fields ]
 *                        <--- written in this direction, so that the length
 *                             of what is inside is known when its turn comes
 */
#include "wire/packer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define FIRST_ROOM ((size_t)512)
#define KEEP_MAX ((size_t)256 << 10)

enum wire_type { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_PREFIXED = 2, WIRE_32BIT = 5 };

/* ------------------------------------------------------------------ bytes */

static void make_room(struct packer *p, size_t n)
{
    size_t cap = p->cap ? p->cap : FIRST_ROOM;
    uint8_t *bytes;

    while (cap - p->len < n)
        cap *= 2;
    bytes = xmalloc(cap);
    if (p->len)
        memcpy(bytes + cap - p->len, p->bytes + p->cap - p->len, p->len);
    free(p->bytes);
    p->bytes = bytes;
    p->cap = cap;
}

static void put(struct packer *p, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    if (p->cap - p->len < n)
        make_room(p, n);
    p->len += n;
    memcpy(p->bytes + p->cap - p->len, bytes, n);
}

static void put_byte(struct packer *p, uint8_t byte)
{
    if (p->cap == p->len)
        make_room(p, 1);
    p->len++;
    p->bytes[p->cap - p->len] = byte;
}

/* Seven bits a byte, the lowest first: the last one is the one without a mark. */
static void put_long_varint(struct packer *p, uint64_t value)
{
    unsigned int shift = 7;

    while (shift < 63 && value >> shift > 0x7f)
        shift += 7;
    put_byte(p, (uint8_t)(value >> shift));
    while (shift) {
        shift -= 7;
        put_byte(p, (uint8_t)(value >> shift | 0x80));
    }
}

static inline void put_varint(struct packer *p, uint64_t value)
{
    if (value > 0x7f)
        put_long_varint(p, value);
    else
        put_byte(p, (uint8_t)value);
}

static void put_fixed(struct packer *p, uint64_t value, unsigned int bits)
{
    while (bits) {
        bits -= 8;
        put_byte(p, (uint8_t)(value >> bits));
    }
}

static void put_prefixed(struct packer *p, const void *bytes, size_t n)
{
    put(p, bytes, n);
    put_varint(p, n);
}

static void put_tag(struct packer *p, uint32_t id, enum wire_type type)
{
    put_varint(p, (uint64_t)id << 3 | type);
}

/* ------------------------------------------------------------------ values */

static void put_message(struct packer *p, const ProtobufCMessage *msg);

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static void put_nested(struct packer *p, const ProtobufCMessage *msg)
{
    size_t before = p->len;

    put_message(p, msg);
    put_varint(p, p->len - before);
}

static void put_text(struct packer *p, const char *text)
{
    put_prefixed(p, text, text ? strlen(text) : 0);
}

static enum wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return WIRE_32BIT;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return WIRE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_PREFIXED;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return WIRE_VARINT;
}

/* Bytes of one value in memory, where they are repeated. */
static size_t size_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return sizeof(void *);
}

static void put_value(struct packer *p, ProtobufCType type, const void *member)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        put_varint(p, (uint64_t) * (const int32_t *)member);
        break;
    case PROTOBUF_C_TYPE_SINT32:
        put_varint(p, zigzag(*(const int32_t *)member));
        break;
    case PROTOBUF_C_TYPE_SINT64:
        put_varint(p, zigzag(*(const int64_t *)member));
        break;
    case PROTOBUF_C_TYPE_UINT32:
        put_varint(p, *(const uint32_t *)member);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        put_varint(p, *(const uint64_t *)member);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        put_varint(p, *(const protobuf_c_boolean *)member != 0);
        break;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        put_fixed(p, *(const uint32_t *)member, 32);
        break;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        put_fixed(p, *(const uint64_t *)member, 64);
        break;
    case PROTOBUF_C_TYPE_STRING:
        put_text(p, *(const char *const *)member);
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *data = member;

        put_prefixed(p, data->data, data->len);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        put_nested(p, *(const ProtobufCMessage *const *)member);
        break;
    }
}

/* ------------------------------------------------------------------ fields */

static void put_repeated(struct packer *p, const ProtobufCFieldDescriptor *field,
                         const char *values, size_t n)
{
    size_t size = size_of(field->type), before = p->len;
    bool is_packed = field->flags & PROTOBUF_C_FIELD_FLAG_PACKED;

    for (size_t i = n; i-- > 0;) {
        put_value(p, field->type, values + i * size);
        if (!is_packed)
            put_tag(p, field->id, wire_type_of(field->type));
    }
    if (is_packed) {
        put_varint(p, p->len - before);
        put_tag(p, field->id, WIRE_PREFIXED);
    }
}

/* A value that is left out. */
static inline bool is_nothing(ProtobufCType type, const void *member)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        return *(const uint32_t *)member == 0;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return *(const uint64_t *)member == 0;
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)member == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        return *(const float *)member == 0;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)member == 0;
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len == 0;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(const char *const *)member;

        return !text || !*text;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return *(const void *const *)member == NULL;
}

/* Of a choice, the one that was made. */
static inline bool is_chosen(const ProtobufCFieldDescriptor *field, const void *member,
                             const void *choice)
{
    if (*(const uint32_t *)choice != field->id)
        return false;
    if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
        return true;
    return *(const void *const *)member &&
           *(const void *const *)member != field->default_value;
}

static inline bool is_set(const ProtobufCFieldDescriptor *field, const char *msg)
{
    const void *member = msg + field->offset;
    const void *quantifier = msg + field->quantifier_offset;

    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
        return is_chosen(field, member, quantifier);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)quantifier != 0;
    return !is_nothing(field->type, member);
}

static void put_field(struct packer *p, const ProtobufCFieldDescriptor *field,
                      const char *msg)
{
    const void *member = msg + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        put_repeated(p, field, *(const char *const *)member,
                     *(const size_t *)(msg + field->quantifier_offset));
        return;
    }
    /* The third edition of the language has no others. */
    BUG_ON(field->label != PROTOBUF_C_LABEL_NONE);
    put_value(p, field->type, member);
    put_tag(p, field->id, wire_type_of(field->type));
}

static void put_message(struct packer *p, const ProtobufCMessage *msg)
{
    const ProtobufCMessageDescriptor *type = msg->descriptor;

    for (unsigned int i = msg->n_unknown_fields; i-- > 0;) {
        const ProtobufCMessageUnknownField *field = &msg->unknown_fields[i];

        put(p, field->data, field->len);
        put_tag(p, field->tag, (enum wire_type)field->wire_type);
    }
    for (unsigned int i = type->n_fields; i-- > 0;)
        if (is_set(&type->fields[i], (const char *)msg))
            put_field(p, &type->fields[i], (const char *)msg);
}

/* ------------------------------------------------------------------ interface */

const uint8_t *packer_run(struct packer *packer, const ProtobufCMessage *msg,
                          size_t *ret_len)
{
    packer->len = 0;
    if (packer->cap == 0)
        make_room(packer, FIRST_ROOM);
    put_message(packer, msg);
    *ret_len = packer->len;
    return packer->bytes + packer->cap - packer->len;
}

void packer_trim(struct packer *packer)
{
    if (packer->cap > KEEP_MAX)
        packer_fini(packer);
}

void packer_fini(struct packer *packer)
{
    free(packer->bytes);
    *packer = (struct packer){0};
}
