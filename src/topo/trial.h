/* SPDX-License-Identifier: Apache-2.0
 *
 * trial.h - find out whether something crashes, in a child that may
 */
#ifndef BERTH_TOPO_TRIAL_H
#define BERTH_TOPO_TRIAL_H

#include <stdbool.h>

/* Call 'fn' in a forked child that is silent, dumps no core, and is ended after
 * TRIAL_SECONDS. true: it returned there, whatever it did. Blocks until then.
 * 'fn' must be fit to run after fork() in a program with threads: no locks but
 * malloc's. */
#define TRIAL_SECONDS 10
bool trial_survives(void (*fn)(const void *arg), const void *arg);

#endif
