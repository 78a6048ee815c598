/* SPDX-License-Identifier: Apache-2.0
 *
 * helper.h - run a docker-credential-* program
 */
#ifndef BERTH_REGISTRY_HELPER_H
#define BERTH_REGISTRY_HELPER_H

#include <stddef.h>

#include "base/err.h"

/* Run docker-credential-<name> 'verb' with 'input' on its stdin. Its output, at most
 * 64 KiB, in memory the caller frees. -ENOENT: it has nothing on this; -ETIMEDOUT
 * when it takes longer than half a minute. */
int helper_run(const char *name, const char *verb, const char *input, char **ret_output,
               size_t *ret_len, struct err *err);

#endif
