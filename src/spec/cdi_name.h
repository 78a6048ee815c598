/* SPDX-License-Identifier: Apache-2.0
 *
 * cdi_name.h - names of devices of the Container Device Interface
 *
 * "nvidia.com/gpu=0": vendor, class, device. Vendor and class are its kind.
 */
#ifndef BERTH_SPEC_CDI_NAME_H
#define BERTH_SPEC_CDI_NAME_H

#include "base/err.h"

#define CDI_NAME_MAX 255

/* "vendor.com/class" and "vendor.com/class=name": 0 or -EINVAL with words. */
int cdi_check_kind(const char *kind, struct err *err);
int cdi_check_name(const char *name, struct err *err);
/* Words on why 'name' cannot be the name of one device behind the '='. */
int cdi_check_device(const char *name, struct err *err);

#endif
