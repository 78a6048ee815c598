/* SPDX-License-Identifier: Apache-2.0
 *
 * states.h - the states of jobs and nodes that clients of Slurm know
 *
 * Clients stop at a word they do not know: no other is ever printed.
 */
#ifndef BERTH_SLURM_STATES_H
#define BERTH_SLURM_STATES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A state of a job by its long name, its short one, or ours; NULL: there is none. */
const char *state_long(const char *word);
const char *state_short(const char *word);
/* Slurm's number of it, which lists are sorted by; beyond all others when unknown. */
unsigned int state_number(const char *word);

/* Judge a list of states, "PD,running,all", in any case. Berth's names of those that
 * jobs can have go to *ret_states (a strv); NULL with *ret_all set: any of them. Others
 * are well-formed, but no job has them. -EINVAL names the one that is no state. */
int states_parse(const char *text, char ***ret_states, bool *ret_all, struct err *err);
/* All of them, "PENDING,RUNNING,..."; the caller frees it. */
char *states_words(void);

#endif
