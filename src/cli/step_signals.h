/* SPDX-License-Identifier: Apache-2.0
 *
 * step_signals.h - signals to berth run, and what they mean for the step
 */
#ifndef BERTH_CLI_STEP_SIGNALS_H
#define BERTH_CLI_STEP_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

#define STEP_KILL_WITHIN_MS 1000

/* Block the signals that are forwarded ('with_window': SIGWINCH too) and make a
 * descriptor that reads them; -Exxx. The mask stays for the life of the process. */
int step_signals_open(bool with_window);
/* The next signal from the descriptor, or 0 when there is none now. */
int step_signals_next(int fd);

/* What to do with a signal. */
enum signal_answer {
    SIGNAL_FORWARD, /* send it to the tasks */
    SIGNAL_KILL,    /* end the step at once */
    SIGNAL_LEAVE,   /* give up waiting */
};

/* The history of Ctrl-C. */
struct interrupts {
    int64_t last_ms; /* when the last one came; 0: never */
    bool has_killed;
};

/* Pure: a first SIGINT is forwarded, a second one within STEP_KILL_WITHIN_MS
 * kills, one after that leaves. Other signals are forwarded. */
enum signal_answer interrupts_answer(struct interrupts *history, int signo,
                                     int64_t now_ms);

#endif
