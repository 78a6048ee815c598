/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_depend_spec.c - dependencies print and parse to the same text, and are judged
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "spec/depend_spec.h"

#include <string.h>

static struct depend_facts facts_of(void *ctx, uint32_t job, uint32_t element)
{
    (void)ctx;
    return (struct depend_facts){(enum depend_state)((job + element) % 5), job};
}

static uint32_t nobody(void *ctx)
{
    (void)ctx;
    return 0;
}

/* Whatever does not hold says why. */
static void check_verdict(const struct depend_spec *spec)
{
    const struct depend_world world = {facts_of, nobody, NULL, 1000};
    struct err words = {.code = 0};

    if (depend_spec_judge(spec, 3, &world, NULL, &words) != DEPEND_HOLDS)
        BUG_ON(words.text[0] == '\0');
}

static void check_text(const char *text)
{
    cleanup(depend_spec_fini) struct depend_spec spec = {0};
    cleanup(depend_spec_fini) struct depend_spec again = {0};
    cleanup(freep) char *once = NULL;
    cleanup(freep) char *twice = NULL;
    struct err err;

    if (depend_spec_parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    once = depend_spec_format(&spec);
    BUG_ON(depend_spec_parse(once, &again, NULL) < 0);
    twice = depend_spec_format(&again);
    BUG_ON(strcmp(once, twice) != 0);
    check_verdict(&spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    if (size > 4096)
        return 0;
    check_text(text);
    return 0;
}
