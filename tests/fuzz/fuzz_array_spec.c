/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_array_spec.c - a set prints, parses and shrinks as the same set
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "spec/array_spec.h"

#include <string.h>

static void check_elements(struct array_spec *spec)
{
    uint32_t count = array_spec_count(spec), at = array_spec_next(spec, 0);

    for (int i = 0; i < 100 && at != ARRAY_NONE; i++) {
        BUG_ON(!array_spec_contains(spec, at) || !array_spec_remove(spec, at));
        BUG_ON(array_spec_count(spec) != count - 1 || array_spec_contains(spec, at));
        if (i % 2) {
            BUG_ON(!array_spec_add(spec, at));
        } else {
            count--;
        }
        at = array_spec_next(spec, at + 1);
    }
    BUG_ON(array_spec_count(spec) != count);
}

static void check_text(const char *text)
{
    cleanup(array_spec_fini) struct array_spec spec = {0};
    cleanup(array_spec_fini) struct array_spec again = {0};
    cleanup(freep) char *once = NULL;
    cleanup(freep) char *twice = NULL;
    struct err err;

    if (array_spec_parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    once = array_spec_format(&spec);
    BUG_ON(array_spec_parse(once, &again, NULL) < 0);
    twice = array_spec_format(&again);
    BUG_ON(strcmp(once, twice) != 0);
    BUG_ON(array_spec_count(&spec) != array_spec_count(&again));
    check_elements(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    if (size > 4096)
        return 0;
    check_text(text);
    return 0;
}
