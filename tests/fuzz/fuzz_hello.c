/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_hello.c - the first frame of a stranger, and what one answers to us
 */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "wire/opening.h"
#include "wire/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(free_messagep) Berth__Hello *hello = NULL;
    cleanup(free_messagep) Berth__HelloSecret *secret = NULL;
    struct err err = {0};

    if (opening_read_hello(data, size, &hello, &err) == 0)
        BUG_ON(hello->magic != WIRE_MAGIC ||
               strlen(hello->target) > OPENING_TARGET_MAX);
    else
        BUG_ON(err.code == 0 || err.text[0] == '\0');
    secret = unpack_message(&berth__hello_secret__descriptor, data, size);
    return 0;
}
