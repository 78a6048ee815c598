/* SPDX-License-Identifier: Apache-2.0
 *
 * device_specs.h - this machine's specifications of devices, as commands read them
 */
#ifndef BERTH_CLI_DEVICE_SPECS_H
#define BERTH_CLI_DEVICE_SPECS_H

#include <stddef.h>

#include "cdi/cdi.h"
#include "config/config.h"

/* Those in the directories that 'config' names. */
struct cdi_registry *device_specs_load(const struct config *config);

/* Say each file that was passed over, and each gres whose CDI name cannot be one;
 * returns how many. */
size_t device_specs_complain(const struct config *config,
                             const struct cdi_registry *registry);

#endif
