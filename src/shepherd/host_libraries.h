/* SPDX-License-Identifier: Apache-2.0
 *
 * host_libraries.h - the node's libraries in place of an image's (--host-mpi)
 */
#ifndef BERTH_SHEPHERD_HOST_LIBRARIES_H
#define BERTH_SHEPHERD_HOST_LIBRARIES_H

#include "base/err.h"
#include "image/store.h"
#include "shepherd/mounts.h"
#include "wire/messages.pb-c.h"

/* Which of the node's sets 'wanted' names, "*" for the first. -ENOENT with words that
 * tell the nearest one, and --host-mpi. */
int host_libraries_choose(const Berth__Assignment *assignment, const char *wanted,
                          const Berth__HostLibraries **ret, struct err *err);

/* Add a mount for each library of 'set' over the file that 'image' has under the same
 * name. The first must be there; others may be missing, and are then put where
 * programs find them. Refused with words when a library of the node cannot take the
 * place of the image's: another machine or major version, older, or in need of a
 * newer glibc than the image's. Borrows from 'set'. */
int host_libraries_mount(const Berth__HostLibraries *set, const struct image *image,
                         struct mounts *mounts, struct err *err);

#endif
