/* SPDX-License-Identifier: Apache-2.0
 *
 * hostlist.h - "n[001-128,200],login1" and back
 *
 * The grammar is Slurm's: a comma-separated list of prefix[ranges]suffix,
 * several brackets allowed, zero padding kept. Expansion is bounded by
 * HOSTLIST_MAX names.
 */
#ifndef BERTH_BASE_HOSTLIST_H
#define BERTH_BASE_HOSTLIST_H

#include <stddef.h>

#include "base/err.h"

#define HOSTLIST_MAX 1000000
#define HOSTLIST_NAME_MAX 255

/* Expand 'text' to a strv in the order written, repeated names kept. The
 * empty text is the empty list. Returns 0, -EINVAL (words name the spot) or -E2BIG. */
int hostlist_expand(const char *text, char ***ret_names, struct err *err);

/* The shortest text for 'names': sorted by prefix and number, without
 * repeats, padding kept. The caller frees it. */
char *hostlist_compress(char *const *names);

#endif
