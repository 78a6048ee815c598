/* SPDX-License-Identifier: Apache-2.0
 *
 * packer.h - messages to bytes in one pass, from the last field to the first
 *
 * The bytes are those of protobuf_c_message_pack, which goes over each message twice
 * (how long will it be? then the bytes) and takes its time over each field that is
 * not set: most of ours are not.
 */
#ifndef BERTH_WIRE_PACKER_H
#define BERTH_WIRE_PACKER_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty one. */
struct packer {
    uint8_t *bytes;  /* what is packed stands at their end */
    size_t cap, len; /* of 'bytes'; packed so far */
};

/* The packed message, which stays where it is until the packer's next use. */
const uint8_t *packer_run(struct packer *packer, const ProtobufCMessage *msg,
                          size_t *ret_len);
/* Give memory back that only a large message needed. */
void packer_trim(struct packer *packer);
void packer_fini(struct packer *packer);

#endif
