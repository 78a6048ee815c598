/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_logs.h - what containers of pods wrote, kept on their node for a while
 *
 *     <pods.log_dir>/JOB.EPOCH/        root's, 0711
 *         user/                          the job user's, 0700; the lead writes there
 *
 * While the pod runs its lead shows it; afterwards whoever may see it asks us, and a
 * program that runs as its owner reads it: we open nothing of a user's.
 */
#ifndef BERTH_NODE_POD_LOGS_H
#define BERTH_NODE_POD_LOGS_H

#include "node/node.h"

/* Of a pod; the caller frees it. */
char *pod_logs_dir(const struct node *node, uint32_t job, uint32_t epoch);
/* Answer a LogRequest, of the pod's owner or root. The channel is ours from now on. */
void pod_logs_request(struct node *node, struct channel *ch,
                      const Berth__Envelope *env);

/* pod_logs_sweep.c: */
/* It ended now; nothing if it has none. */
void pod_logs_ended(struct node *node, uint32_t job, uint32_t epoch);
/* Remove what is kept for too long, or is too much (log_bounds.h). Counted and removed
 * in a worker; one that runs is not begun again. */
void pod_logs_sweep(struct node *node);
/* Find the directory; and sweep it from time to time. */
void pod_logs_start(struct node *node);

#endif
