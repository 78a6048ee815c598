/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_feature_spec.c - constraints print and parse to the same text and alternatives
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "spec/feature_spec.h"

#include <string.h>

static void check_choices(const struct feature_spec *spec)
{
    cleanup(bitset_destroyp) struct bitset *some = bitset_create(70);
    const struct bitset *const sets[] = {some, some};
    const char *const names[] = {"a", "b"};
    const struct feature_table table = {names, sets, 2, 70};
    struct feature_choices choices;
    struct err err;

    bitset_set_range(some, 3, 62);
    if (feature_spec_choices(spec, &table, &choices, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    BUG_ON(choices.n == 0 || choices.n > FEATURE_CHOICES_MAX);
    feature_choices_fini(&choices);
}

static void check_text(const char *text)
{
    cleanup(feature_spec_destroyp) struct feature_spec *spec = NULL;
    cleanup(feature_spec_destroyp) struct feature_spec *again = NULL;
    cleanup(freep) char *once = NULL;
    cleanup(freep) char *twice = NULL;
    struct err err;

    if (feature_spec_parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    once = feature_spec_format(spec);
    BUG_ON(feature_spec_parse(once, &again, NULL) < 0);
    twice = feature_spec_format(again);
    BUG_ON(strcmp(once, twice) != 0);
    check_choices(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    if (size > 4096)
        return 0;
    check_text(text);
    return 0;
}
