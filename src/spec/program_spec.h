/* SPDX-License-Identifier: Apache-2.0
 *
 * program_spec.h - which ranks of a step run what: the file of --multi-prog
 *
 * As srun(1) has it. Each line names ranks, a program and its arguments; a '#' at the
 * beginning of a line makes it a comment, a '\' at its end goes on with the next.
 *
 *     0      ./master --workers=%t
 *     1-3,5  ./worker %o
 *     *      ./spare
 *
 * In arguments %t is the rank and %o its place among the ranks of its line, %% a
 * percent sign. Single quotes keep all as it is, double quotes keep blanks; a '\'
 * outside of single quotes keeps the next character.
 */
#ifndef BERTH_SPEC_PROGRAM_SPEC_H
#define BERTH_SPEC_PROGRAM_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"

#define PROGRAM_RANKS_MAX (1u << 20)

struct program {
    struct bitset *ranks; /* of PROGRAM_RANKS_MAX; NULL: all that have none yet */
    char *ranks_text;     /* as written, "*" */
    char **argv;          /* at least the program (strv); to be expanded */
};

/* All zero: none. */
struct program_spec {
    struct program *programs;
    size_t n;
};

/* Overwrites 'ret', which the caller ends with program_spec_fini. -EINVAL with the line
 * at fault; a rank may be named once. */
int program_spec_parse(const char *text, struct program_spec *ret, struct err *err);
void program_spec_fini(struct program_spec *spec);

/* Take one over from its parts, as in a file. Copies both. */
int program_spec_add(struct program_spec *spec, const char *ranks, char *const *argv,
                     size_t n_argv, struct err *err);

/* The program of a rank and its arguments, expanded (strv, the caller's); NULL: it
 * has none. */
char **program_spec_argv(const struct program_spec *spec, uint32_t rank);

/* The first of 'tasks' ranks that has no program; 'tasks': each has one. */
uint32_t program_spec_missing(const struct program_spec *spec, uint32_t tasks);

#endif
