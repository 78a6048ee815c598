/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_pattern.c - any text expands; without '%' and '\' it is unchanged
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/pattern.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pattern_values values = {
        .job = 17,
        .has_array = size % 2,
        .array_job = 16,
        .array_task = 3,
        .step = (int64_t)(size % 3) - 1,
        .task = 5,
        .node_name = "n1",
        .user = NULL,
        .job_name = "%t",
    };
    cleanup(freep) char *text = xstrndup((const char *)data, size);
    cleanup(freep) char *name = pattern_expand(text, &values);

    if (!strpbrk(text, "%\\"))
        BUG_ON(strcmp(name, text) != 0);
    return 0;
}
