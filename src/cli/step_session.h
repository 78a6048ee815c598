/* SPDX-License-Identifier: Apache-2.0
 *
 * step_session.h - one step from its request to its end, as its client sees it
 *
 *     request --> started --> output, task_ended ... --> ended
 *                 stdin and signals go the other way
 */
#ifndef BERTH_CLI_STEP_SESSION_H
#define BERTH_CLI_STEP_SESSION_H

#include "client/berth.h"
#include "options/job_args.h"

struct step_options {
    const struct job_args *args; /* output, error, input, label ... */
    uint32_t job;                /* for file names; 0: not known */
    int signal_fd;               /* of step_signals_open; -1: none is sent */
    bool is_attached;            /* the step is another's: look at it only */
    uint32_t attach_to;          /* its number; UINT32_MAX: the oldest */
    bool has_stdin;              /* then: it gets our input */
    bool adopts;                 /* the step waits for us to be its client */
    bool joins;                  /* the job is not the one that we are part of */
};

/* Request the step ('spec'; NULL to be attached to one) on 'steps', stream until its
 * end, and return the exit status of berth run: the largest of the tasks', 128 + the
 * signal that killed one. All that goes wrong is said. */
int step_session_run(struct berth_steps *steps, Berth__StepSpec *spec,
                     const struct step_options *options);

#endif
