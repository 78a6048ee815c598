/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_bind_spec.c - what tasks are bound to: any text is read, or refused with words
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "spec/bind_spec.h"
#include "spec/distribution_spec.h"

static void check(int (*parse)(const char *, struct bind_spec *, struct err *),
                  const char *text)
{
    cleanup(bind_spec_fini) struct bind_spec spec = {.kind = BIND_TO_OWN};
    struct err err;

    if (parse(text, &spec, &err) < 0) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    BUG_ON(spec.n_items > BIND_ITEMS_MAX);
    BUG_ON((spec.kind == BIND_TO_MAP || spec.kind == BIND_TO_MASK) && !spec.n_items);
    for (size_t i = 0; i < spec.n_items; i++)
        BUG_ON(bitset_count(spec.items[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    struct distribution_spec dist;
    struct err err;

    if (size > 4096)
        return 0;
    check(cpu_bind_parse, text);
    check(mem_bind_parse, text);
    check(gpu_bind_parse, text);
    if (distribution_parse(text, &dist, &err) == 0)
        BUG_ON(dist.nodes == DEAL_PLANE && dist.plane == 0);
    return 0;
}
