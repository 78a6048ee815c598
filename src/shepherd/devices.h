/* SPDX-License-Identifier: Apache-2.0
 *
 * devices.h - what devices that a job has bring into its containers
 */
#ifndef BERTH_SHEPHERD_DEVICES_H
#define BERTH_SHEPHERD_DEVICES_H

#include <stdbool.h>

#include "cdi/cdi.h"
#include "container/container.h"
#include "shepherd/mounts.h"
#include "wire/messages.pb-c.h"

struct devices {
    struct cdi_registry *registry;
    struct cdi_plan *plan; /* NULL: nothing by CDI */
    char **origins;        /* that mounts borrow */
    struct link_wish *links;
    size_t n_links;
};

/* Find out what the job was given and what 'asked' names beside that. Reads
 * specifications only when one is needed. Words name --device, or what is wrong with
 * the node. 'policy' may be NULL: then there are none. */
int devices_find(const Berth__DevicePolicy *policy, char *const *asked, size_t n_asked,
                 struct devices *ret, struct err *err);
void devices_fini(struct devices *devices);

/* Add their mounts, which borrow from 'devices'. Without an image what would be
 * mounted upon itself is left out: it is there. */
int devices_mount(struct devices *devices, const Berth__DevicePolicy *policy,
                  bool has_image, struct mounts *mounts, struct err *err);

/* What specifications say in variables, directories of libraries among them; the
 * caller frees the vector. */
char **devices_variables(const struct devices *devices);

/* Lay what specifications say ('cdi_env', may be NULL) over 'env', and name the job's
 * GPUs: their numbers on the node in BERTH_JOB_GPUS and SLURM_JOB_GPUS, and for
 * libraries (CUDA_VISIBLE_DEVICES and the like) those among the ones that can be seen:
 * all of the node's, or with 'only_given' the job's. 'of_task' ("0,2", indexes as
 * NodeShare.task_devices has them) narrows the latter; NULL: all. */
void devices_env(char ***env, const Berth__DevicePolicy *policy, char *const *cdi_env,
                 bool only_given, const char *of_task);

#endif
