/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_gres_spec.c - resources, and switches, print and parse to the same text
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "spec/gres_spec.h"
#include "spec/switches_spec.h"

#include <string.h>

static void check_text(const char *text)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};
    cleanup(gres_spec_fini) struct gres_spec again = {0};
    cleanup(freep) char *once = NULL;
    cleanup(freep) char *twice = NULL;
    struct err err;

    if (gres_spec_parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    once = gres_spec_format(&spec);
    BUG_ON(gres_spec_parse(once, &again, NULL) < 0);
    twice = gres_spec_format(&again);
    BUG_ON(strcmp(once, twice) != 0);
}

static void check_switches(const char *text)
{
    struct switches_spec spec, again;
    cleanup(freep) char *printed = NULL;
    struct err err;

    if (switches_spec_parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    printed = switches_spec_format(&spec);
    BUG_ON(switches_spec_parse(printed, &again, NULL) < 0);
    BUG_ON(again.count != spec.count || (spec.count && again.wait != spec.wait));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    if (size > 4096)
        return 0;
    check_text(text);
    check_switches(text);
    return 0;
}
