/* SPDX-License-Identifier: Apache-2.0
 *
 * object_wait.h - berth wait: until objects are as somebody wants them
 */
#ifndef BERTH_CLI_OBJECT_WAIT_H
#define BERTH_CLI_OBJECT_WAIT_H

#include "cli/object_names.h"
#include "cli/object_wish.h"

/* Wait for all of them, 'seconds' at most (< 0: for ever). An exit status. */
int object_wait(struct berth *berth, const struct object_names *names,
                const struct object_scope *scope, const struct object_wish *wish,
                int64_t seconds);

#endif
