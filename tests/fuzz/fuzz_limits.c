/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_limits.c - "name=text" of limits: what is read is printed and read again
 */
#include "fuzz.h"

#include <string.h>

#include "assoc/limits.h"
#include "base/mem.h"

static void try_limit(enum limit limit, const char *text)
{
    struct limits once = {0}, again = {0};

    if (limits_parse(&once, limit, text, NULL) < 0) {
        BUG_ON(once.set);
        return;
    }
    cleanup(freep) char *printed = limits_format(&once, limit);
    BUG_ON(limits_parse(&again, limit, printed, NULL) < 0);
    BUG_ON(memcmp(&once, &again, sizeof once) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    char *equals = strchr(text, '=');
    enum limit limit;

    if (!equals) {
        for (int i = 0; i < LIMIT_N; i++)
            try_limit((enum limit)i, text);
        return 0;
    }
    *equals = '\0';
    if (limit_find(text, &limit, NULL) == 0)
        try_limit(limit, equals + 1);
    return 0;
}
