/* SPDX-License-Identifier: Apache-2.0
 *
 * mpi_kind.h - what --mpi may name
 */
#ifndef BERTH_OPTIONS_MPI_KIND_H
#define BERTH_OPTIONS_MPI_KIND_H

#include "base/err.h"

/* The plugin that 'word' means (heap): its name, "none" or "list", or a name by which
 * others call the same: pmix_v3, pmi1. Plugins of this machine count, and those that
 * Berth comes with, as nodes may have what this machine has not. -EINVAL names the
 * nearest. */
int mpi_kind_parse(const char *word, char **ret_kind, struct err *err);

#endif
