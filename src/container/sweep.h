/* SPDX-License-Identifier: Apache-2.0
 *
 * sweep.h - end all that a process has started, and what was left of it
 */
#ifndef BERTH_CONTAINER_SWEEP_H
#define BERTH_CONTAINER_SWEEP_H

/* Kill all descendants of the calling process, which reaps orphans, again and again
 * until none is left that is not a zombie; or, against who forks faster, for a while.
 * Nothing is reaped. -ETIMEDOUT when some are left. */
int sweep_descendants(void);

#endif
