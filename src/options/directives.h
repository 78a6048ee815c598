/* SPDX-License-Identifier: Apache-2.0
 *
 * directives.h - "#SBATCH --nodes=4" and "#BERTH --image hpcc" in a script; "#PBS" and
 * "#BSUB" lines too, unless args->ignore_pbs
 *
 * The rules are sbatch(1)'s: the marker stands at the start of a line; lines
 * are read up to the first that is neither blank nor a comment; words are split
 * at white space, quotes group, a backslash keeps the next character, and an
 * unescaped '#' outside quotes ends the line, even in the middle of a word.
 */
#ifndef BERTH_OPTIONS_DIRECTIVES_H
#define BERTH_OPTIONS_DIRECTIVES_H

#include <stddef.h>

#include "options/job_args.h"

/* Split one directive's text (after the marker) to words (a strv). -EINVAL for
 * an unmatched quote. */
int directive_split(const char *text, size_t len, char ***ret_words, struct err *err);

/* Apply the directives of 'script' to 'args'. Words name the line:
 * "line 4: unknown option --nods: did you mean --nodes?" */
int directives_read(const char *script, size_t len, struct job_args *args,
                    struct err *err);

#endif
