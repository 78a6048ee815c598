/* SPDX-License-Identifier: Apache-2.0
 *
 * probes.h - when a container is probed, and what comes of it
 */
#ifndef BERTH_POD_PROBES_H
#define BERTH_POD_PROBES_H

#include "pod/internal.h"

/* "liveness" */
const char *probe_word(enum pod_probe probe);

/* The program of 'c' is up at 'now': its probes begin anew. */
void probes_begin(struct pod *pod, struct container *c, int64_t now);

/* The pod runs on after it stood still: nothing is expected of it at once. */
void probes_put_off(struct pod *pod, int64_t now);

/* The probe is one that is made at this point of the container's life. */
bool probe_is_wanted(const struct pod *pod, size_t i, enum pod_probe k);

/* A result of probe 'k' of container 'i'; it may be one too many. */
void probe_count(struct pod *pod, size_t i, enum pod_probe k, bool is_good,
                 const char *words, int64_t now);

/* Its hook has returned and its startup probe, if any, was good; what it has been
 * since it was so, until it ends. */
bool is_started_now(const struct pod *pod, size_t i);
bool is_ready_now(const struct pod *pod, size_t i);

#endif
