/* SPDX-License-Identifier: Apache-2.0
 *
 * plugin.h - find, open and judge a plugin of any kind
 */
#ifndef BERTH_BASE_PLUGIN_H
#define BERTH_BASE_PLUGIN_H

#include <berth/plugin.h>
#include <stddef.h>

#include "base/err.h"

/* A function that a plugin must have: its name, and where it is in the table. */
struct plugin_slot {
    const char *name;
    size_t offset;
};

/* What a kind of plugins is, constant. */
struct plugin_kind {
    const char *prefix;  /* of files: "mpi_" */
    const char *title;   /* in messages: "MPI", as in "an MPI plugin" */
    const char *article; /* "an" */
    const char *symbol;  /* "berth_mpi_plugin" */
    uint32_t abi;
    uint32_t ops_size;
    const struct plugin_slot *mandatory;
    size_t n_mandatory;
};

/* Load plugin 'name' from 'dir' (NULL: $BERTH_PLUGIN_DIR, else where Berth is
 * installed). Its table is valid for ever: the plugin stays loaded. -EINVAL: this
 * cannot be a name; -ENOENT names those that are there; -ELIBBAD: one of another
 * ABI, without a mandatory function, or no plugin at all, which is unloaded again. */
int plugin_load(const struct plugin_kind *kind, const char *name, const char *dir,
                const void **ret_ops, struct err *err);
/* The same, for all that the plugin says of itself. */
int plugin_open(const struct plugin_kind *kind, const char *name, const char *dir,
                const struct berth_plugin **ret, struct err *err);

/* The names of the plugins whose files in 'dir' (NULL: as above) begin with 'prefix',
 * sorted; a heap vector, NULL when there is none. They are not loaded. */
char **plugin_names(const char *prefix, const char *dir);
/* Where plugins are: 'dir', or as above. */
const char *plugin_dir(const char *dir);

#endif
