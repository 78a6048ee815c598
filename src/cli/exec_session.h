/* SPDX-License-Identifier: Apache-2.0
 *
 * exec_session.h - a program inside a job, from its request to its end, as its client
 * sees it
 */
#ifndef BERTH_CLI_EXEC_SESSION_H
#define BERTH_CLI_EXEC_SESSION_H

#include <stdbool.h>

#include "client/berth.h"

/* What is connected to the program. Borrowed. */
struct exec_streams {
    int in; /* -1: nothing */
    int out, err;
    int signal_fd;     /* of step_signals_open; -1: none is forwarded */
    bool has_terminal; /* 'in' is made raw meanwhile, 'out' gives the size */
    bool may_repeat;   /* a connection lost before any answer is -EAGAIN, not said */
};

/* Request the program on 'steps' and stream until its end. Returns its exit status:
 * its own, 128 + the signal that ended it, 127 or 126 when it could not be executed;
 * or 1 when something else failed. All that goes wrong is said. -EAGAIN: the container
 * is still being built, and the connection is used up. */
int exec_session_run(struct berth_steps *steps, Berth__ExecRequest *request,
                     const struct exec_streams *streams);

/* The same for another request that is answered as one for a program is. */
int exec_session_request(struct berth_steps *steps, Berth__Envelope *request,
                         const struct exec_streams *streams);

#endif
