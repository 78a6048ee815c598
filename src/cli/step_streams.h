/* SPDX-License-Identifier: Apache-2.0
 *
 * step_streams.h - which streams of a step's tasks are its nodes' business
 */
#ifndef BERTH_CLI_STEP_STREAMS_H
#define BERTH_CLI_STEP_STREAMS_H

#include "options/job_args.h"

/* Tell the nodes in 'spec' what --input, --output, --error, --open-mode, --label and
 * --pty ask of them. -EINVAL when these do not go together. */
int step_streams_ask(const struct job_args *args, Berth__StepSpec *spec,
                     struct err *err);

#endif
