/* SPDX-License-Identifier: Apache-2.0
 *
 * gres.h - devices that a site says its nodes have: "gpu:a100:4[0-15],fpga:1"
 *
 * NAME[:TYPE][:COUNT] and, in brackets, the cores that they are near to; commas
 * between several.
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
};

/* 0, or -EINVAL with words that do not name the key. The caller frees the list
 * with config_gres_free. */
int config_gres_parse(const char *text, struct config_gres **ret, size_t *ret_n,
                      struct err *err);
void config_gres_free(struct config_gres *list, size_t n);

#endif
