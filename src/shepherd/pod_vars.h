/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_vars.h - the environment of a container of a pod
 */
#ifndef BERTH_SHEPHERD_POD_VARS_H
#define BERTH_SHEPHERD_POD_VARS_H

#include "shepherd/pod_lead.h"

/* All of it, over the image's ('image_env') and the devices' ('device_env'): an strv of
 * the caller's. What the manifest names and is not there (yet) is an error with words,
 * a CreateContainerConfigError. */
int pod_vars_of(const struct pod_member *member, char *const *image_env,
                char *const *device_env, char ***ret, struct err *err);

#endif
