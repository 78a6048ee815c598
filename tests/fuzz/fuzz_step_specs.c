/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_step_specs.c - files of --multi-prog and dependencies of steps: what is accepted
 * can be expanded and judged, what is refused says why
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/mem.h"
#include "base/strv.h"
#include "spec/program_spec.h"
#include "spec/step_depend.h"

static enum step_state state_of(void *ctx, uint32_t step)
{
    (void)ctx;
    return (enum step_state)(step % 5);
}

static void check_depend(const char *text)
{
    cleanup(step_depend_fini) struct step_depend depend = {0};
    struct err err = {0}, words = {0};

    if (step_depend_parse(text, 17, &depend, &err))
        BUG_ON(err.text[0] == '\0');
    else if (step_depend_judge(&depend, state_of, NULL, &words) != STEP_DEPEND_HOLDS)
        BUG_ON(words.text[0] == '\0');
}

static void check_programs(const char *text)
{
    cleanup(program_spec_fini) struct program_spec spec = {0};
    struct err err = {0};
    uint32_t missing;

    if (program_spec_parse(text, &spec, &err)) {
        BUG_ON(err.text[0] == '\0');
        return;
    }
    missing = program_spec_missing(&spec, 16);
    for (uint32_t rank = 0; rank < 16; rank++) {
        cleanup(strv_freep) char **argv = program_spec_argv(&spec, rank);

        BUG_ON(rank < missing && strv_len(argv) == 0);
        BUG_ON(rank == missing && argv);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(freep) char *text = xstrndup((const char *)data, size);

    if (size > 4096)
        return 0;
    check_depend(text);
    check_programs(text);
    return 0;
}
