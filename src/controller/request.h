/* SPDX-License-Identifier: Apache-2.0
 *
 * request.h - between what jobs say and what the scheduler is asked
 */
#ifndef BERTH_CONTROLLER_REQUEST_H
#define BERTH_CONTROLLER_REQUEST_H

#include "controller/controller.h"

struct request {
    struct sched_request sched; /* points into the job and to the sets */
    struct bitset *required, *excluded;
    struct place_gres *gres;
    struct array_spec array;
    /* Of a pod: what the scheduler's numbers and levels are kept by (pod_nodes.h). */
    struct pod_nodes *pods;
    struct selection *selection;
};

/* What 'job' asks the scheduler for. -EINVAL with words for unknown nodes. */
int request_init(const struct controller *ctl, const struct job *job,
                 struct request *ret, struct err *err);
void request_fini(struct request *request);

/* Fill in what the person left to the site: partition, time limit, counts.
 * Refuses unknown and closed choices with the option at fault. '*warning' is
 * set (heap) when something was taken otherwise than written. */
int request_defaults(const struct controller *ctl, Berth__JobSpec *spec, char **warning,
                     struct err *err);

/* A decision as the record and the grant hold it, and back. The second needs
 * the hardware of all nodes to be known: -ENOENT with words otherwise. */
Berth__Placement *request_placement(const struct controller *ctl,
                                    const struct place_result *where);
int request_result(const struct controller *ctl, const Berth__Placement *placement,
                   struct place_result **ret, struct err *err);

#endif
