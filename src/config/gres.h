/* SPDX-License-Identifier: Apache-2.0
 *
 * gres.h - devices that a site says its nodes have: "gpu:a100:4[0-15],fpga:1"
 *
 * NAME[:TYPE][:COUNT] and, in brackets, the cores that they are near to; behind an
 * '@' the name that each has by the Container Device Interface, in which "%d" is its
 * number among those of its name on the node and "%b" its place on the bus:
 * "gpu:4@nvidia.com/gpu=%d". Without a '=' it is "KIND=%d". Commas between several.
 */
#ifndef BERTH_CONFIG_GRES_H
#define BERTH_CONFIG_GRES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct config_gres {
    char *name, *type; /* type may be NULL */
    uint32_t count;
    char *cores; /* "0-15"; NULL: as found, else all */
    char *cdi;   /* "nvidia.com/gpu=%d"; NULL: none */
};

/* 0, or -EINVAL with words that do not name the key. The caller frees the list
 * with config_gres_free. */
int config_gres_parse(const char *text, struct config_gres **ret, size_t *ret_n,
                      struct err *err);
void config_gres_free(struct config_gres *list, size_t n);

/* The CDI name of device 'number' of this kind; 'bus' may be NULL unless the pattern
 * has a "%b", then the result is NULL. The caller frees it. */
char *config_gres_cdi_name(const struct config_gres *gres, unsigned int number,
                           const char *bus);

#endif
