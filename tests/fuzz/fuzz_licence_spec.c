/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_licence_spec.c - licences print and parse to the same text
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "spec/licence_spec.h"

#include <string.h>

static void check_text(const char *text)
{
    cleanup(licence_spec_fini) struct licence_spec spec = {0};
    cleanup(licence_spec_fini) struct licence_spec again = {0};
    cleanup(freep) char *once = NULL;
    cleanup(freep) char *twice = NULL;
    struct err err;

    if (licence_spec_parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    once = licence_spec_format(&spec);
    BUG_ON(licence_spec_parse(once, &again, NULL) < 0);
    twice = licence_spec_format(&again);
    BUG_ON(strcmp(once, twice) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    if (size > 4096)
        return 0;
    check_text(text);
    return 0;
}
