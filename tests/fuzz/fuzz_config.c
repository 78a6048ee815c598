/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_config.c - any text as a configuration; what is accepted shows and reads
 * back
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(config_freep) struct config *config = NULL, *again = NULL;
    cleanup(freep) char *text = NULL;
    struct err err;
    size_t len;
    FILE *out;

    if (config_parse("fuzz", (const char *)data, size, &config, &err) < 0)
        return 0;
    out = open_memstream(&text, &len);
    config_show(config, out);
    (void)fclose(out);
    BUG_ON(config_parse("again", text, len, &again, &err) < 0);
    BUG_ON(again->n_nodes != config->n_nodes);
    return 0;
}
