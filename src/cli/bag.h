/* SPDX-License-Identifier: Apache-2.0
 *
 * bag.h - berth run --bag: many small commands as one step (doc/design/21-bags.md)
 *
 *     bag_source  the commands, as they are needed (bag_lines, bag_words)
 *     bag_log     which have ended, kept on disk
 *     bag_session between these and the lead (bag_results, bag)
 *     bag_output  what they wrote (bag_spill)
 *     bag_report  progress, failures, summary
 *     bag_inside  the other end: the dispatcher in each container (bag_slot,
 * bag_outbox)
 */
#ifndef BERTH_CLI_BAG_H
#define BERTH_CLI_BAG_H

#include "client/berth.h"
#include "options/job_args.h"

struct bag;

bool bag_is_wanted(const struct job_args *args);
/* The name of its job and step. */
char *bag_name(const struct job_args *args);

/* Look at input and log of the bag that 'args' and the template 'words' are. -1 and
 * args->bag.opened to go on; else the exit status to leave with: what is wrong was
 * said, or nothing is left to do. */
int bag_open(struct job_args *args, char *const *words);
/* Of args->bag.opened. */
void bag_close(struct job_args *args);

/* Run it as the step 'spec' on 'steps', and return the exit status of berth run: 0 when
 * every command has succeeded, 130 when it was interrupted, else 1. */
int bag_run(struct bag *bag, struct berth_steps *steps, Berth__StepSpec *spec,
            uint32_t job, int signal_fd);

#endif
