/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_report.h - how a pod stands, told to its node until the controller has it
 *
 *     changes --(gathered for a moment)--> PodChanged, seq --> node --> controller
 *
 * One is on its way at a time. What is not answered when the line breaks is told anew
 * when it is back; the last status goes with the job's end.
 */
#ifndef BERTH_SHEPHERD_POD_REPORT_H
#define BERTH_SHEPHERD_POD_REPORT_H

#include "shepherd/pod_lead.h"

/* Something may have changed. */
void pod_report_look(struct pod_lead *pl);
/* The node's daemon is there again. */
void pod_report_node_is_back(struct pod_lead *pl);
/* The pod is over: tell what is left to tell now, and the last status into '*ended',
 * which keeps it. */
void pod_report_finish(struct pod_lead *pl, Berth__JobEnded *ended);

#endif
