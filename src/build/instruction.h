/* SPDX-License-Identifier: Apache-2.0
 *
 * instruction.h - one logical line as an instruction
 */
#ifndef BERTH_BUILD_INSTRUCTION_H
#define BERTH_BUILD_INSTRUCTION_H

#include "build/lines.h"

/* Read 'line', whose here-documents move to '*ret'. Warnings, without the place, are
 * added to '*warnings'. '*ret' is to be given to instruction_fini, on failure too. */
int instruction_parse(struct logical_line *line, char escape, struct instruction *ret,
                      char ***warnings, struct err *err);
void instruction_fini(struct instruction *in);

/* What FROM says; the strings are words of 'in'. */
int instruction_from(const struct instruction *in, const char **ret_image,
                     const char **ret_name, struct err *err);

#endif
