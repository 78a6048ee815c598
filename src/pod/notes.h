/* SPDX-License-Identifier: Apache-2.0
 *
 * notes.h - what people are told of a pod, kept until it is taken
 */
#ifndef BERTH_POD_NOTES_H
#define BERTH_POD_NOTES_H

#include "pod/internal.h"

/* 'reason' is static. Notes that nobody takes are bounded: later ones are lost. */
void pod_say(struct pod *pod, size_t i, bool is_warning, const char *reason,
             const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A bad result; why a container is being stopped; that it has to wait. */
void note_probe(struct pod *pod, size_t i, enum pod_probe k, const char *words);
void note_stop(struct pod *pod, size_t i, enum stop_cause cause);
void note_back_off(struct pod *pod, size_t i);

void notes_fini(struct notes *notes);

#endif
