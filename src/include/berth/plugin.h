/* SPDX-License-Identifier: Apache-2.0
 *
 * berth/plugin.h - how every plugin begins, whatever its kind
 *
 * A plugin is a shared object KIND_NAME.so with one symbol, berth_KIND_plugin: a
 * constant structure that begins with these members, in this order. The headers of
 * the kinds give 'ops' its type.
 */
#ifndef BERTH_PLUGIN_H
#define BERTH_PLUGIN_H

#include <stdint.h>

struct berth_plugin {
    uint32_t abi;      /* of the kind */
    uint32_t ops_size; /* of the table */
    const char *name;
    const char *summary;
    const void *ops;
};

#endif
