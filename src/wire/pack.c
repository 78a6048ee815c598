/* SPDX-License-Identifier: Apache-2.0
 *
 * pack.c - messages to bytes and back, within bounds
 *
 * A peer's few bytes can ask for much memory: an empty submessage takes two
 * bytes on the wire and hundreds once unpacked. So what one message may take
 * is bounded by its length before it is believed.
 */
#include "wire/pack.h"

#include <malloc.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"
#include "wire/packer.h"

/* Honest messages stay below this many bytes of memory for each of the wire. */
#define EXPANSION_MAX 48
#define EXPANSION_FREE ((size_t)1 << 20)

static void *budget_alloc(void *data, size_t size)
{
    size_t *left = data;
    void *p;

    if (size > *left)
        return NULL;
    p = malloc(size);
    if (p) {
        size_t taken = malloc_usable_size(p);

        *left -= taken < *left ? taken : *left;
    }
    return p;
}

static void budget_free(void *data, void *p)
{
    size_t *left = data;

    if (p)
        *left += malloc_usable_size(p);
    free(p);
}

uint8_t *pack_message(const ProtobufCMessage *msg, size_t *ret_len)
{
    cleanup(packer_fini) struct packer packer = {0};
    const uint8_t *bytes = packer_run(&packer, msg, ret_len);

    return xmemdup(bytes, *ret_len);
}

static bool is_sound(const ProtobufCMessage *msg);

/* The submessages in one field: NULL and none when it is not set. */
static const ProtobufCMessage *const *submessages(const ProtobufCMessage *msg,
                                                  const ProtobufCFieldDescriptor *field,
                                                  size_t *ret_n)
{
    const char *base = (const char *)msg;
    const void *member = base + field->offset;
    const void *quantifier = base + field->quantifier_offset;

    *ret_n = 0;
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return NULL;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *ret_n = *(const size_t *)quantifier;
        return *(const ProtobufCMessage *const *const *)member;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
        *(const uint32_t *)quantifier != field->id)
        return NULL;
    *ret_n = *(const ProtobufCMessage *const *)member ? 1 : 0;
    return member;
}

static bool are_fields_sound(const ProtobufCMessage *msg)
{
    const ProtobufCMessageDescriptor *type = msg->descriptor;

    for (unsigned int i = 0; i < type->n_fields; i++) {
        size_t n;
        const ProtobufCMessage *const *subs = submessages(msg, &type->fields[i], &n);

        for (size_t k = 0; k < n; k++) {
            if (!is_sound(subs[k]))
                return false;
        }
    }
    return true;
}

/* Unknown fields are kept, so that digests stay what they were. One with number
 * 0, which an overlong encoding smuggles past the parser, could be packed again
 * but never read. */
static bool is_sound(const ProtobufCMessage *msg)
{
    for (unsigned int i = 0; i < msg->n_unknown_fields; i++) {
        if (msg->unknown_fields[i].tag == 0)
            return false;
    }
    return are_fields_sound(msg);
}

void *unpack_message(const ProtobufCMessageDescriptor *type, const void *bytes,
                     size_t len)
{
    size_t left = EXPANSION_FREE + EXPANSION_MAX * len;
    ProtobufCAllocator budget = {
        .alloc = budget_alloc, .free = budget_free, .allocator_data = &left};
    ProtobufCMessage *msg;

    msg = protobuf_c_message_unpack(type, &budget, len, bytes);
    if (msg && !is_sound(msg)) {
        free_message(msg);
        return NULL;
    }
    return msg;
}

void *copy_message(const ProtobufCMessage *msg)
{
    cleanup(packer_fini) struct packer packer = {0};
    size_t len;
    const uint8_t *bytes = packer_run(&packer, msg, &len);
    void *copy = protobuf_c_message_unpack(msg->descriptor, NULL, len, bytes);
    BUG_ON(!copy);
    return copy;
}

void free_message(void *msg)
{
    if (msg)
        protobuf_c_message_free_unpacked(msg, NULL);
}

void free_messagep(void *pp)
{
    free_message(*(void **)pp);
}

void digest_message(const ProtobufCMessage *msg, uint8_t digest[32])
{
    cleanup(packer_fini) struct packer packer = {0};
    size_t len;
    const uint8_t *bytes = packer_run(&packer, msg, &len);

    (void)crypto_generichash(digest, 32, bytes, len, NULL, 0);
}
