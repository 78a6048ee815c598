/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_foreign.c - any words behind #PBS and #BSUB, translated and then read
 */
#include "fuzz.h"

#include "base/mem.h"
#include "base/strv.h"
#include "options/directives.h"
#include "options/foreign.h"

#include <string.h>

static void translate(enum foreign kind, char *const *words)
{
    struct foreign_options options;
    struct err err = {0};

    if (foreign_translate(kind, words, &options, &err) < 0)
        BUG_ON(!err.text[0]);
    /* What comes out are words of ours. */
    strv_foreach (word, options.words) {
        BUG_ON(!*word);
    }
    foreign_fini(&options);
}

/* As a script that has it, too. */
static void read_script(const char *marker, const uint8_t *data, size_t size)
{
    cleanup(freep) char *script =
        xasprintf("#!/bin/sh\n%s %.*s\n", marker, (int)size, (const char *)data);
    struct job_args args;
    struct err err = {0};

    job_args_init(&args, 1700000000);
    if (directives_read(script, strlen(script), &args, &err) < 0)
        BUG_ON(!err.text[0]);
    job_args_fini(&args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(strv_freep) char **words = NULL;

    size = size < 4096 ? size : 4096;
    if (directive_split((const char *)data, size, &words, NULL) == 0) {
        translate(FOREIGN_PBS, words);
        translate(FOREIGN_BSUB, words);
    }
    read_script("#PBS", data, size);
    read_script("#BSUB", data, size);
    return 0;
}
