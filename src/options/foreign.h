/* SPDX-License-Identifier: Apache-2.0
 *
 * foreign.h - "#PBS -l walltime=1:00:00" and "#BSUB -n 4", in our options
 */
#ifndef BERTH_OPTIONS_FOREIGN_H
#define BERTH_OPTIONS_FOREIGN_H

#include "base/err.h"

enum foreign { FOREIGN_PBS, FOREIGN_BSUB };

struct foreign_options {
    char **words; /* strv: "--nodes=2" ... */
    char **left;  /* strv: what has no counterpart here, as it was written */
};

/* Translate the words (a strv) of one line. 'ret' is ended with foreign_fini in any
 * case. -EINVAL with words when a value is missing. */
int foreign_translate(enum foreign kind, char *const *words,
                      struct foreign_options *ret, struct err *err);
void foreign_fini(struct foreign_options *options);

#endif
