/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_place.h - what of a pod's manifest says where it may run
 */
#ifndef BERTH_CONTROLLER_POD_PLACE_H
#define BERTH_CONTROLLER_POD_PLACE_H

#include "config/config.h"
#include "controller/controller.h"
#include "objects/pod.h"
#include "wire/messages.pb-c.h"

/* The label of an Indexed Job's pods. Scheduling does not see it: all pods of a Job are
 * alike there. */
#define POD_INDEX_LABEL "batch.kubernetes.io/job-completion-index"

/* Selectors, affinity, tolerations, spread and labels of the pod, whose object is
 * 'record'. An affinity that names "default" means that of the owner, and a
 * namespaceSelector those of the owner's namespaces that it selects now. The caller
 * owns the result. -ENOTSUP with the field that is not carried out; '*warning' is added
 * to.
 */
int pod_place_make(const struct controller *ctl, const Berth__ObjectRecord *record,
                   const struct mf_pod *pod, Berth__PodPlace **ret, char **warning,
                   struct err *err);

/* A pod keeps away from, or near, pods that its owner may see, and no others, but for
 * those with its ports of the node (""), of whom it says nothing: -EACCES with the
 * namespace that is not his. */
int pod_place_check(const struct controller *ctl, const Berth__JobSpec *spec,
                    struct err *err);

/* Take the pod's labels as they are now; false: they are what they were. */
bool pod_place_relabel(Berth__PodPlace *place, const struct mf_pod *pod);

/* The QOS of a priority class, by pods.priority_classes; the name itself where that
 * does not have it. Heap. */
char *pod_place_qos(const struct config *config, const char *priority_class);

#endif
