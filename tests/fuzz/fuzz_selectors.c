/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_selectors.c - selectors of labels print and parse to the same text; those of
 * labels and of fields are judged
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "spec/field_spec.h"
#include "spec/label_spec.h"

#include <string.h>

static const char *label(const void *object, const char *key)
{
    return strlen(key) % 2 ? object : NULL;
}

static const char *field(const void *object, size_t at)
{
    return at ? object : "";
}

static void check_labels(const char *text)
{
    cleanup(label_spec_fini) struct label_spec spec = {0}, again = {0};
    cleanup(freep) char *once = NULL, *twice = NULL;
    struct err err;

    if (label_spec_parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    once = label_spec_format(&spec);
    BUG_ON(label_spec_parse(once, &again, NULL) < 0);
    twice = label_spec_format(&again);
    BUG_ON(strcmp(once, twice) != 0);
    BUG_ON(label_spec_holds(&spec, label, "5") != label_spec_holds(&again, label, "5"));
}

static void check_fields(const char *text)
{
    static const char *const names[] = {"metadata.name", "status.phase"};
    cleanup(field_spec_fini) struct field_spec spec = {0};
    struct err err;

    if (field_spec_parse(text, names, ARRAY_SIZE(names), &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0' || spec.n > 0);
        return;
    }
    for (size_t i = 0; i < spec.n; i++)
        BUG_ON(spec.terms[i].field >= ARRAY_SIZE(names) || !spec.terms[i].value);
    (void)field_spec_holds(&spec, field, "Running");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    if (size > 4096)
        return 0;
    check_labels(text);
    check_fields(text);
    return 0;
}
