/* SPDX-License-Identifier: Apache-2.0
 *
 * alloc_shell.h - a shell that has an allocation
 */
#ifndef BERTH_CLI_ALLOC_SHELL_H
#define BERTH_CLI_ALLOC_SHELL_H

#include "cli/allocation.h"

/* Get an allocation and run 'command' (empty: the user's shell) here, with its
 * variables; both end together. With args->no_shell the allocation stays, and nothing
 * is run. Returns the exit status of berth alloc. */
int alloc_shell(struct job_args *args, char **argv, char **command,
                const struct allocation_sayings *says);

#endif
