/* SPDX-License-Identifier: Apache-2.0
 *
 * task.h - start one program inside the container
 */
#ifndef BERTH_CONTAINER_TASK_H
#define BERTH_CONTAINER_TASK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "container/order.h"

struct task_context {
    bool has_image; /* words say "inside the image", else "on this node" */
    bool keep_caps;
    const char *workdir; /* for a task whose own does not exist; NULL: "/" */
};

/* Start what 'order' describes. 0 and *ret_pid when the program was executed;
 * else -ENOENT (to be told as status 127) or another error (126), with words. */
int task_start(const struct order *order, const struct task_context *context,
               pid_t *ret_pid, struct err *err);

#endif
