/* SPDX-License-Identifier: Apache-2.0
 *
 * step_words.h - how tasks ended, in words
 */
#ifndef BERTH_CLI_STEP_WORDS_H
#define BERTH_CLI_STEP_WORDS_H

#include "client/berth.h"

/* "tasks 0-3,7 on n2: exited with code 5"; NULL when 'status' (of wait(2)) is a
 * success. The caller frees it. */
char *step_ended_words(const uint32_t *ranks, size_t n, int status, const char *node);

/* Say how the tasks of one message ended, one line for each distinct failure. */
void step_say_ended(const Berth__TaskEnded *ended);

#endif
