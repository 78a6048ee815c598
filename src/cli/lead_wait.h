/* SPDX-License-Identifier: Apache-2.0
 *
 * lead_wait.h - reach the lead of a job while its node's daemon is started again
 */
#ifndef BERTH_CLI_LEAD_WAIT_H
#define BERTH_CLI_LEAD_WAIT_H

#include <stdbool.h>

#include "client/berth.h"

struct lead_wait {
    const char *config; /* file of the configuration, as commands are given it */
    int signal_fd;      /* of step_signals_open: a signal ends it */
    int (*reach)(void *ctx, struct berth_steps **ret, struct berth_err *err);
    /* The job has ended meanwhile, and that has been said. NULL: nobody knows. */
    bool (*is_over)(void *ctx);
    void *ctx;
};

/* Connect to the lead. Where nobody answers it is tried again, as long as the node may
 * be silent (node.lost_after), with a word to the user after some seconds. Returns 0 or
 * the exit status to leave with; '*ret_err' has words unless they have been said. */
int lead_wait(const struct lead_wait *wait, struct berth_steps **ret,
              struct berth_err *ret_err);

#endif
