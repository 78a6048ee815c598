/* SPDX-License-Identifier: Apache-2.0
 *
 * programs.c - what each rank of a step runs
 */
#include "shepherd/programs.h"

#include "base/mem.h"
#include "base/strv.h"

#include <errno.h>

int programs_read(const Berth__StepSpec *spec, struct program_spec *ret,
                  struct err *err)
{
    cleanup(program_spec_fini) struct program_spec programs = {0};

    for (size_t i = 0; i < spec->n_programs; i++) {
        const Berth__StepProgram *program = spec->programs[i];

        if (program_spec_add(&programs, program->ranks, program->argv, program->n_argv,
                             err))
            return err_wrap(err, "--multi-prog");
    }
    *ret = programs;
    programs = (struct program_spec){0};
    return 0;
}

int programs_check(const Berth__StepSpec *spec, uint32_t tasks, struct err *err)
{
    cleanup(program_spec_fini) struct program_spec programs = {0};
    uint32_t missing;
    int rc;

    if (spec->n_programs == 0)
        return 0;
    rc = programs_read(spec, &programs, err);
    if (rc)
        return rc;
    missing = program_spec_missing(&programs, tasks);
    return missing < tasks
               ? err_set(err, EINVAL,
                         "--multi-prog: task %u of %u has no program ('*' is for all "
                         "that have none)",
                         missing, tasks)
               : 0;
}

char **programs_argv(const Berth__StepSpec *spec, const struct program_spec *programs,
                     uint32_t rank)
{
    char **argv = NULL;

    if (programs->n)
        return program_spec_argv(programs, rank);
    for (size_t i = 0; i < spec->n_argv; i++)
        strv_add(&argv, spec->argv[i]);
    return argv;
}
