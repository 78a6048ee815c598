/* SPDX-License-Identifier: Apache-2.0
 *
 * mpi.h - find and load the plugin that wires MPI tasks together
 */
#ifndef BERTH_MPI_MPI_H
#define BERTH_MPI_MPI_H

#include <berth/mpi.h>
#include <stdio.h>

#include "base/err.h"

/* Load plugin 'name' ("pmix") from 'dir' (NULL: $BERTH_PLUGIN_DIR, else where
 * Berth is installed). The plugin stays loaded. -ENOENT names what is there;
 * -ELIBBAD a plugin of another ABI. */
int mpi_load(const char *name, const char *dir, const struct berth_mpi_ops **ret_ops,
             struct err *err);

/* Print a line for each plugin in the same place: its name and what it says of itself,
 * or why it cannot be used; and one for "none". */
void mpi_list(FILE *to);

#endif
