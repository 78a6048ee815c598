/* SPDX-License-Identifier: Apache-2.0
 *
 * programs.h - what each rank of a step runs (pure)
 */
#ifndef BERTH_SHEPHERD_PROGRAMS_H
#define BERTH_SHEPHERD_PROGRAMS_H

#include "spec/program_spec.h"
#include "wire/messages.pb-c.h"

/* The programs of a step with --multi-prog, of another one none. -EINVAL with words. */
int programs_read(const Berth__StepSpec *spec, struct program_spec *ret,
                  struct err *err);

/* -EINVAL, naming the first rank of 'tasks' for which there is none. */
int programs_check(const Berth__StepSpec *spec, uint32_t tasks, struct err *err);

/* The program and arguments of a rank (strv, the caller's). */
char **programs_argv(const Berth__StepSpec *spec, const struct program_spec *programs,
                     uint32_t rank);

#endif
