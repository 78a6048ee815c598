/* SPDX-License-Identifier: Apache-2.0
 *
 * trial.h - find out whether a topology crashes hwloc, in a process that may
 */
#ifndef BERTH_TOPO_TRIAL_H
#define BERTH_TOPO_TRIAL_H

#include "base/err.h"

/* What the program may spend before it is ended; it never waits. */
#define TRIAL_CPU_SECONDS 10
/* How its report begins: what follows TRIAL_REFUSED are words. */
#define TRIAL_FINE '+'
#define TRIAL_REFUSED '-'

/* Have berth-topology-trial do with 'xml' all that is done with a topology. The
 * program is silent, dumps no core, and ends. Blocks until then. 0 when all went
 * well; -EINVAL with words when it is refused; -ECHILD with words when the program
 * crashed or ran too long; another -Exxx when it cannot be started.
 *
 * BERTH_TOPOLOGY_TRIAL names a program that is not installed. */
int trial_run(const char *xml, struct err *err);

#endif
