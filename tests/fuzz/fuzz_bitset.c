/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_bitset.c - what parses prints as a text that parses to the same set
 */
#include "fuzz.h"

#include "base/bitset.h"
#include "base/mem.h"

#define BITS 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    cleanup(bitset_destroyp) struct bitset *again = NULL;
    cleanup(freep) char *printed = NULL;
    struct err err;

    if (bitset_parse(text, BITS, &set, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return 0;
    }
    printed = bitset_format(set);
    BUG_ON(bitset_parse(printed, BITS, &again, NULL) < 0);
    BUG_ON(!bitset_equals(set, again));
    return 0;
}
