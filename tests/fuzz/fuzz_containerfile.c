/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_containerfile.c - any bytes as a Containerfile, its words expanded and planned;
 * and as rules of what to leave out
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strv.h"
#include "build/containerfile.h"
#include "build/expand.h"
#include "build/ignore.h"
#include "build/plan.h"

static void expand_all(const struct expansion *ex, const struct instruction *in)
{
    cleanup(freep) char *text = NULL;
    cleanup(strv_freep) char **words = NULL;
    struct err err;

    if (in->rest)
        (void)expand_words(ex, in->rest, &words, &err);
    for (size_t i = 0; i < in->n_pairs && i < 8; i++) {
        cleanup(freep) char *value = NULL;

        if (in->pairs[i].value)
            (void)expand_word(ex, in->pairs[i].value, &value, &err);
    }
    if (in->n_docs)
        (void)expand_text(ex, in->docs[0].text, &text, &err);
}

static void plan_all(const struct containerfile *file)
{
    char *args[] = {(char[]){"A=value of a/b.c"}, (char[]){"x="}, NULL};
    const struct scope_given given = {.args = args};
    struct expansion ex;
    struct scope scope;
    struct plan plan;
    struct err err;

    scope_init(&scope, &given, NULL);
    scope_declare(&scope, "A", NULL);
    ex = scope_expansion(&scope, file->escape);
    for (size_t i = 0; i < file->n_all; i++)
        expand_all(&ex, &file->all[i]);
    if (plan_make(file, &scope, NULL, &plan, &err) == 0) {
        BUG_ON(!plan.stages[plan.target].is_needed);
        plan_fini(&plan);
    }
    scope_fini(&scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(containerfile_freep) struct containerfile *file = NULL;
    cleanup(containerfile_freep) struct containerfile *triggers = NULL;
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    struct ignore ignore;
    struct err err;

    if (containerfile_parse("F", (const char *)data, size, &file, &err) == 0) {
        BUG_ON(!file->n_stages);
        plan_all(file);
    }
    (void)containerfile_parse_triggers("F", (const char *)data, size, &triggers, &err);
    if (ignore_parse(text, &ignore, &err) == 0) {
        (void)ignore_matches(&ignore, "src/a/b.c");
        ignore_fini(&ignore);
    }
    return 0;
}
