/* SPDX-License-Identifier: Apache-2.0
 *
 * test_packer.c - one pass writes the bytes that protobuf-c writes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/messages.pb-c.h"
#include "wire/pack.h"
#include "wire/packer.h"

#define DEPTH 3 /* of messages in messages */

static uint64_t seed;

static uint64_t next_random(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (seed >> 24) % below;
}

/* Both ways to write it are alike; says how long it is. */
static size_t assert_same_bytes(const ProtobufCMessage *msg)
{
    cleanup(packer_fini) struct packer packer = {0};
    size_t len, expected = protobuf_c_message_get_packed_size(msg);
    cleanup(freep) uint8_t *golden = xmalloc(expected + 1);
    const uint8_t *bytes = packer_run(&packer, msg, &len);

    (void)protobuf_c_message_pack(msg, golden);
    assert_int_equal(len, expected);
    assert_memory_equal(bytes, golden, len);
    return len;
}

/* ------------------------------------------------------------------ messages */

static ProtobufCMessage *make_message(const ProtobufCMessageDescriptor *type,
                                      unsigned int depth);

static uint64_t some_number(void)
{
    static const uint64_t edges[] = {0,          1,          127,        128,
                                     16383,      16384,      UINT32_MAX, INT32_MAX,
                                     INT32_MIN,  UINT64_MAX, INT64_MAX,  1ull << 63,
                                     1ull << 56, 1ull << 62, 1ull << 42, 300};

    return edges[next_random(ARRAY_SIZE(edges))];
}

static char *some_text(void)
{
    size_t len = next_random(4) ? next_random(20) : next_random(2000);
    char *text = xmalloc(len + 1);

    memset(text, 'a' + (int)next_random(26), len);
    text[len] = '\0';
    return text;
}

/* 'member' gets a value of 'type', for messages of that of 'sub'. */
static void make_value(ProtobufCType type, const void *sub, unsigned int depth,
                       void *member)
{
    uint64_t number = some_number();
    ProtobufCBinaryData *data = member;

    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = some_text();
        break;
    case PROTOBUF_C_TYPE_BYTES:
        data->data = (uint8_t *)some_text();
        data->len = strlen((char *)data->data);
        break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)member = make_message(sub, depth + 1);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = number & 1;
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        *(float *)member = (float)number / 3;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        *(double *)member = -(double)number / 3;
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        *(uint32_t *)member = (uint32_t)number;
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *(uint64_t *)member = number;
        break;
    }
}

static size_t bytes_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        break;
    }
    return 4;
}

static void make_field(const ProtobufCFieldDescriptor *field, unsigned int depth,
                       char *msg)
{
    size_t n = 1 + next_random(3), size = bytes_of(field->type);
    char *values = msg + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        values = xcalloc(n, size);
        *(void **)(msg + field->offset) = values;
        *(size_t *)(msg + field->quantifier_offset) = n;
    } else if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *choice = (uint32_t *)(msg + field->quantifier_offset);

        if (*choice)
            return;
        *choice = field->id;
        n = 1;
    } else {
        n = 1;
    }
    for (size_t i = 0; i < n; i++)
        make_value(field->type, field->descriptor, depth, values + i * size);
}

static ProtobufCMessage *make_message(const ProtobufCMessageDescriptor *type,
                                      unsigned int depth)
{
    ProtobufCMessage *msg = xmalloc(type->sizeof_message);

    type->message_init(msg);
    for (unsigned int i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];

        if (next_random(8) == 0 &&
            (depth < DEPTH || field->type != PROTOBUF_C_TYPE_MESSAGE))
            make_field(field, depth, (char *)msg);
    }
    return msg;
}

/* ------------------------------------------------------------------ tests */

static void messages_of_all_kinds_have_the_same_bytes(void **state)
{
    const ProtobufCMessageDescriptor *type = &berth__envelope__descriptor;
    size_t bytes = 0;

    (void)state;
    for (unsigned int round = 0; round < 20; round++)
        for (unsigned int i = 0; i < type->n_fields; i++) {
            cleanup(free_messagep) ProtobufCMessage *msg = NULL;

            if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
                continue;
            seed = round * 1000 + i;
            msg = make_message(type->fields[i].descriptor, 0);
            bytes += assert_same_bytes(msg);
        }
    assert_true(bytes > 100000);
}

static void envelopes_have_the_same_bytes(void **state)
{
    (void)state;
    for (unsigned int round = 0; round < 500; round++) {
        cleanup(free_messagep) ProtobufCMessage *msg = NULL;

        seed = round;
        msg = make_message(&berth__envelope__descriptor, 0);
        (void)assert_same_bytes(msg);
    }
}

static void an_empty_message_has_no_bytes(void **state)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;

    (void)state;
    assert_int_equal(assert_same_bytes(&env.base), 0);
}

/* Digests of what a later version has written stay what they were. */
static void fields_that_nobody_knows_stay(void **state)
{
    /* id 7, then field 1000 of each wire type, then a ping */
    static const uint8_t bytes[] = {
        0x08, 7, 0xc0, 0x3e, 99, 0xc2, 0x3e, 3, 'x', 'y', 'z', 0xc5, 0x3e, 1, 2,
        3,    4, 0xc1, 0x3e, 1,  2,    3,    4, 5,   6,   7,   8,    0x52, 0};
    cleanup(free_messagep) Berth__Envelope *env =
        unpack_message(&berth__envelope__descriptor, bytes, sizeof(bytes));

    (void)state;
    assert_non_null(env);
    assert_int_equal(assert_same_bytes(&env->base), sizeof(bytes));
}

/* Types that no message of ours has yet: each alone, and in a row. */
struct every {
    ProtobufCMessage base;
    union {
        uint64_t number;
        ProtobufCBinaryData data;
    } one[17];
    void *many[17];
    size_t n_many[17];
};

static void init_every(ProtobufCMessage *msg)
{
    memset(msg, 0, sizeof(struct every));
}

static void describe(ProtobufCFieldDescriptor *field, size_t type, bool is_many)
{
    bool is_number = type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_BYTES &&
                     type != PROTOBUF_C_TYPE_MESSAGE;

    *field = (ProtobufCFieldDescriptor){
        .id = (uint32_t)(type * 10 + is_many + 1),
        .label = is_many ? PROTOBUF_C_LABEL_REPEATED : PROTOBUF_C_LABEL_NONE,
        .type = (ProtobufCType)type,
        .descriptor = &berth__status__descriptor,
        .flags = is_many && is_number ? PROTOBUF_C_FIELD_FLAG_PACKED : 0,
        .offset = (unsigned int)(is_many ? offsetof(struct every, many[type])
                                         : offsetof(struct every, one[type])),
        .quantifier_offset =
            (unsigned int)(is_many ? offsetof(struct every, n_many[type]) : 0)};
}

static void every_type_has_the_same_bytes(void **state)
{
    ProtobufCFieldDescriptor fields[34];
    ProtobufCMessageDescriptor type = {.magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
                                       .sizeof_message = sizeof(struct every),
                                       .n_fields = 34,
                                       .fields = fields,
                                       .message_init = init_every};

    (void)state;
    for (size_t i = 0; i < 34; i++)
        describe(&fields[i], i / 2, i % 2);
    for (seed = 0; seed < 200; seed++) {
        struct every *every = xcalloc(1, sizeof(*every));
        uint64_t before = seed;

        every->base.descriptor = &type;
        for (size_t i = 0; i < 34; i++)
            if (next_random(3))
                make_field(&fields[i], DEPTH, (char *)every);
        (void)assert_same_bytes(&every->base);
        free_message(every);
        seed = before;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_of_all_kinds_have_the_same_bytes),
        cmocka_unit_test(envelopes_have_the_same_bytes),
        cmocka_unit_test(an_empty_message_has_no_bytes),
        cmocka_unit_test(fields_that_nobody_knows_stay),
        cmocka_unit_test(every_type_has_the_same_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
