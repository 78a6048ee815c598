/* SPDX-License-Identifier: Apache-2.0
 *
 * images.h - which nodes have got which images, as far as jobs have told
 *
 * Only a preference: jobs go to nodes that have their image when that costs little,
 * and fetch it from those. What is not known, or not true any more, costs a
 * transfer. Nothing is known of images in stores that all nodes see.
 */
#ifndef BERTH_CONTROLLER_IMAGES_H
#define BERTH_CONTROLLER_IMAGES_H

#include "controller/controller.h"

void images_fini(struct controller *ctl);

/* The number by which the scheduler knows the image of a job with this
 * specification; 0: it has none, or there are too many. */
uint32_t images_number(struct controller *ctl, const Berth__JobSpec *spec);

/* What a job that has ended says of images that it was brought. */
void images_learn(struct controller *ctl, const struct ctl_job *cj,
                  const Berth__JobEnded *ended);

/* Into 'launch': nodes that have the job's image, or are getting it. Goes with
 * images_clear_sources. */
void images_fill_sources(struct controller *ctl, const struct ctl_job *cj,
                         Berth__LaunchJob *launch);
void images_clear_sources(Berth__LaunchJob *launch);

#endif
