/* SPDX-License-Identifier: Apache-2.0
 *
 * job_answers.h - what the controller says to an order for several jobs
 */
#ifndef BERTH_CLI_JOB_ANSWERS_H
#define BERTH_CLI_JOB_ANSWERS_H

#include <stdbool.h>

#include "wire/messages.pb-c.h"

/* Say on stderr which jobs did not take it, and why; with 'json' the whole answer on
 * stdout. Returns the exit status. */
int job_answers_print(const Berth__JobControlReply *reply, bool json);

#endif
