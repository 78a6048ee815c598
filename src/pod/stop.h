/* SPDX-License-Identifier: Apache-2.0
 *
 * stop.h - how a container ends, and how all do
 *
 *     preStop ----> its turn ----> stop signal ----> it ends
 *        |____________________________|
 *             at 'kill_at', wherever it is: KILL
 */
#ifndef BERTH_POD_STOP_H
#define BERTH_POD_STOP_H

#include "pod/internal.h"

/* Container 'i', which runs or is about to, has to end by 'kill_at'. For one that is
 * being stopped already, only an earlier time changes anything. */
void stop_container(struct pod *pod, size_t i, enum stop_cause cause, int64_t kill_at,
                    int64_t now);

/* All have to end, none starts any more. */
void stop_pod(struct pod *pod, enum pod_why why, int64_t grace, const char *words,
              int64_t now);

/* The signal that tells container 'c' to end. */
int stop_signal_of(const struct container *c);

/* Whether container 'i' is to get a signal now: its hook is over and its turn is
 * come. */
bool stop_signal_is_due(const struct pod *pod, size_t i);

#endif
