/* SPDX-License-Identifier: Apache-2.0
 *
 * rows.h - rows of a table of options, in a line each
 *
 * For a command that includes it and says where its members are:
 *
 *     #define MEMBER(m) offsetof(struct sinfo_args, m)
 */
#ifndef BERTH_SLURM_ROWS_H
#define BERTH_SLURM_ROWS_H

#include "base/opts.h"

#define TEXT(name, letter, meta, member, help)                                 \
    {                                                                          \
        name, letter, OPT_NEEDED, meta, opt_string, MEMBER(member), 0, help, 0 \
    }
#define FLAG(name, letter, member, help)                                   \
    {                                                                      \
        name, letter, OPT_NONE, NULL, opt_flag, MEMBER(member), 0, help, 0 \
    }

#endif
