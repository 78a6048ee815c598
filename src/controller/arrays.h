/* SPDX-License-Identifier: Apache-2.0
 *
 * arrays.h - job arrays: one job stands for all elements until they begin
 *
 *     submit 0-99 --> job 12, "12_[0-99]" ---- index 0 begins ---> job 13, "12_0"
 *                     PENDING, ... SPREAD  --- index 1 begins ---> job 14, "12_1"
 *
 * An element gets a record of its own in the batch in which its index leaves the
 * record of job 12, so that after a crash each is in one of the two. Its spec is
 * that of job 12, which stays as long as any of its elements.
 */
#ifndef BERTH_CONTROLLER_ARRAYS_H
#define BERTH_CONTROLLER_ARRAYS_H

#include "controller/jobs.h"
#include "spec/array_spec.h"
#include "spec/depend_spec.h"

struct ctl_array {
    struct array_spec left, cancelled;
    struct ctl_job *elements; /* known ones, by index */
    uint32_t n_live;          /* of them have not ended */
};

/* Does the job stand for an array? */
bool arrays_is_whole(const struct job *job);
/* What an element asks for: its array's spec; 'with_text': and the script and the
 * environment. NULL when there is no such array. */
Berth__JobSpec *arrays_spec(const struct controller *ctl,
                            const Berth__JobRecord *record, bool with_text);

/* jobs_insert and its opposite: the job gets to know its array. */
void arrays_attach(struct controller *ctl, struct ctl_job *cj);
void arrays_detach(struct ctl_job *cj);

/* NULL: it has not begun, or is forgotten. */
struct ctl_job *arrays_element(const struct ctl_job *whole, uint32_t index);

/* Make the record of the element that is about to start; the caller applies
 * EV_START to it. */
struct ctl_job *arrays_begin(struct controller *ctl, struct ctl_job *whole,
                             uint32_t index, int64_t now);
/* An element has ended: counted before the scheduler hears of it, and after that
 * the array ends if it was the last. */
void arrays_count_end(struct ctl_job *element);
void arrays_settle(struct controller *ctl, struct ctl_job *whole, int64_t now);

/* Of those that have not begun, these ('which' NULL: all) never will. Returns how
 * many that were; the state follows. */
uint32_t arrays_cancel_left(struct controller *ctl, struct ctl_job *whole,
                            const struct array_spec *which,
                            const struct job_change *change, int64_t now);

/* How element 'index' (ARRAY_NONE: the array) stands for those that depend on it. */
struct depend_facts arrays_fate(const struct ctl_job *whole, uint32_t index);

/* What an element finds of its array in its environment and its output's name. */
void arrays_describe(const struct ctl_job *element, Berth__JobSpec *spec);

#endif
