/* SPDX-License-Identifier: Apache-2.0
 *
 * trial.h - find out whether something crashes, in a child that may
 */
#ifndef BERTH_TOPO_TRIAL_H
#define BERTH_TOPO_TRIAL_H

#include "base/err.h"

#define TRIAL_SECONDS 10

/* Call 'fn' in a forked child that is silent, dumps no core, and is ended after
 * TRIAL_SECONDS. Returns what it returned, with its words; -ECHILD with words when
 * it did not return. Blocks until then. 'fn' must be fit to run after fork() in a
 * program with threads: no locks but malloc's. */
int trial_run(int (*fn)(const void *arg, struct err *err), const void *arg,
              struct err *err);

#endif
