/* SPDX-License-Identifier: Apache-2.0
 *
 * pack.h - small helpers over protobuf-c: bounded unpacking, deep copies,
 * lists of repeated fields
 */
#ifndef BERTH_WIRE_PACK_H
#define BERTH_WIRE_PACK_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* Pack 'msg' to heap bytes. */
uint8_t *pack_message(const ProtobufCMessage *msg, size_t *ret_len);

/* Unpack 'len' bytes as 'type', or NULL when they are not one. */
void *unpack_message(const ProtobufCMessageDescriptor *type, const void *bytes,
                     size_t len);

/* A deep copy; free it with free_message. */
void *copy_message(const ProtobufCMessage *msg);
void free_message(void *msg); /* NULL is fine */
void free_messagep(void *pp); /* cleanup(free_messagep) */

/* BLAKE2b-256 of the packed message (fields are packed in number order, so
 * equal messages give equal digests). */
void digest_message(const ProtobufCMessage *msg, uint8_t digest[32]);

#endif
