/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_envelope.c - envelopes of a peer; what can be read is written alike
 */
#include "fuzz.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "wire/messages.pb-c.h"
#include "wire/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(free_messagep) Berth__Envelope *env = NULL;
    cleanup(free_messagep) Berth__Envelope *again = NULL;
    cleanup(freep) uint8_t *bytes = NULL;
    cleanup(freep) uint8_t *bytes_again = NULL;
    size_t len, len_again;

    env = unpack_message(&berth__envelope__descriptor, data, size);
    if (!env)
        return 0;
    bytes = pack_message(&env->base, &len);
    again = copy_message(&env->base);
    bytes_again = pack_message(&again->base, &len_again);
    BUG_ON(len != len_again || memcmp(bytes, bytes_again, len) != 0);
    BUG_ON(protobuf_c_message_get_packed_size(&env->base) != len);
    (void)protobuf_c_message_pack(&env->base, bytes_again);
    BUG_ON(memcmp(bytes, bytes_again, len) != 0);
    return 0;
}
