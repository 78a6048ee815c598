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
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

/* Honest messages stay below this many bytes of memory for each of the wire. */
#define EXPANSION_MAX 32
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
    size_t len = protobuf_c_message_get_packed_size(msg);
    uint8_t *bytes = xmalloc(len ? len : 1);

    *ret_len = protobuf_c_message_pack(msg, bytes);
    return bytes;
}

void *unpack_message(const ProtobufCMessageDescriptor *type, const void *bytes,
                     size_t len)
{
    size_t left = EXPANSION_FREE + EXPANSION_MAX * len;
    ProtobufCAllocator budget = {
        .alloc = budget_alloc, .free = budget_free, .allocator_data = &left};

    return protobuf_c_message_unpack(type, &budget, len, bytes);
}

void *copy_message(const ProtobufCMessage *msg)
{
    cleanup(freep) uint8_t *bytes = NULL;
    size_t len;
    void *copy;

    bytes = pack_message(msg, &len);
    copy = protobuf_c_message_unpack(msg->descriptor, NULL, len, bytes);
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
    cleanup(freep) uint8_t *bytes = NULL;
    size_t len;

    bytes = pack_message(msg, &len);
    (void)crypto_generichash(digest, 32, bytes, len, NULL, 0);
}
