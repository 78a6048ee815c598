/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_hostlist.c - what expands compresses to a text that expands to the same
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"

#include <string.h>

#define NAMES_MAX 20000

static void check_round_trip(char **names)
{
    cleanup(freep) char *once = hostlist_compress(names);
    cleanup(freep) char *twice = NULL;
    cleanup(strv_freep) char **again = NULL;

    BUG_ON(hostlist_expand(once, &again, NULL) < 0);
    BUG_ON(strv_len(again) > strv_len(names));
    twice = hostlist_compress(again);
    BUG_ON(strcmp(once, twice) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    cleanup(strv_freep) char **names = NULL;
    struct err err;

    if (size > 4096)
        return 0;
    if (hostlist_expand(text, &names, &err) < 0)
        BUG_ON(err.text[0] == '\0');
    else if (strv_len(names) <= NAMES_MAX)
        check_round_trip(names);
    return 0;
}
