/* SPDX-License-Identifier: Apache-2.0
 *
 * config.h - a container as config.json of the OCI's runtime specification
 */
#ifndef BERTH_OCI_CONFIG_H
#define BERTH_OCI_CONFIG_H

#include <berth/runtime.h>
#include <jansson.h>

/* Pure; the caller releases it. NULL: some text is not UTF-8. */
json_t *oci_config(const struct berth_runtime_container *container);

#endif
