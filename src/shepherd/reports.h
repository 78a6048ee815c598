/* SPDX-License-Identifier: Apache-2.0
 *
 * reports.h - what steps have come to, told to the controller in batches
 *
 *     ended step --> waiting --(256 of them, or 5 s)--> on its way --> acknowledged
 *
 * One batch is on its way at a time, and repeated until it is acknowledged, with the
 * same number; what is not by the job's end goes with that. Past a number that the site
 * sets steps are only summed up, so that a million of them take no more room.
 */
#ifndef BERTH_SHEPHERD_REPORTS_H
#define BERTH_SHEPHERD_REPORTS_H

#include "shepherd/lead.h"

struct reports;

struct reports *reports_create(struct lead *lead);

/* A step that was launched is over. */
void reports_run(struct run *run);
/* The script, or another one that is no run; texts are copied. */
void reports_add(struct reports *reports, const Berth__StepSummary *summary);
/* The node's daemon is there again. */
void reports_node_is_back(struct reports *reports);
/* All that is not acknowledged, into the job's end, which borrows it. Nothing is sent
 * any more. */
void reports_finish(struct reports *reports, Berth__JobEnded *ended);

#endif
