/* SPDX-License-Identifier: Apache-2.0
 *
 * join.h - enter the namespaces of a personal cluster
 *
 * A cluster that an ordinary user started lives in a user namespace with a
 * network of its own. Its configuration names a file with the pid and the
 * start time of a process in there.
 */
#ifndef BERTH_CLIENT_JOIN_H
#define BERTH_CLIENT_JOIN_H

#include "base/err.h"
#include "base/process.h"
#include "config/config.h"

/* Enter the cluster that 'config' describes, if it is a personal one and this
 * process is not in there yet; then give up the capabilities that come with it.
 *
 * Must come before the first thread. Open files and the uid stay as they are.
 * In another user namespace where the cluster's process cannot be seen, which
 * is how a job's container looks, nothing is entered.
 */
int join_cluster(const struct config *config, struct err *err);

/* The same for a known process, keeping the capabilities. */
int join_process(const struct process *process, struct err *err);

#endif
