/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_directives.c - any bytes as a batch script with directives, components and all
 */
#include "fuzz.h"

#include "options/components.h"
#include "options/directives.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct job_args args;
    struct err err = {0};

    job_args_init(&args, 1700000000);
    if ((directives_read((const char *)data, size, &args, &err) < 0 ||
         components_join(&args, &err) < 0) &&
        !err.text[0])
        __builtin_trap(); /* a refusal has words */
    job_args_fini(&args);
    return 0;
}
