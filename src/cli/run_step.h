/* SPDX-License-Identifier: Apache-2.0
 *
 * run_step.h - berth run inside a job: all that the static twin of berth has
 */
#ifndef BERTH_CLI_RUN_STEP_H
#define BERTH_CLI_RUN_STEP_H

#include "options/job_args.h"
#include "client/berth.h"

/* Read environment and options of 'berth run' into 'args', and say their warnings.
 * -ECANCELED: args->show is wanted; NULL: nothing more, it has been printed. */
int run_args_read(int argc, char **argv, bool in_job, struct job_args *args,
                  int *ret_next, struct err *err);
/* The same, and say what is wrong or print the help. Returns -1 to go on,
 * with *ret_next the program's index in argv; otherwise the exit status to
 * return at once. */
int run_args_parse(int argc, char **argv, bool in_job, struct job_args *args,
                   int *ret_next);

/* Run 'argv' as a step of the job whose lead is at 'lead' ($BERTH_LEAD), and
 * return its exit status. */
int run_step_in_job(const struct job_args *args, const char *lead, char *const *argv);

/* The job we are in, by its variables; 0: none. */
uint32_t run_job_here(void);

/* Build the step of 'argv' and run it on the connection 'steps'. */
int run_step_on(struct berth_steps *steps, const struct job_args *args, bool in_job,
                uint32_t job, int signal_fd, char *const *argv);

#endif
