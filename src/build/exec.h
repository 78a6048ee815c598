/* SPDX-License-Identifier: Apache-2.0
 *
 * exec.h - one RUN in a container
 */
#ifndef BERTH_BUILD_EXEC_H
#define BERTH_BUILD_EXEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "container/container.h"

/* All borrowed. */
struct exec_job {
    char *const *layers;  /* directories, topmost first; at least one */
    const char *overlay;  /* directory whose "upper" is written */
    const char *work_dir; /* an empty directory */
    char *const *argv, *const *env;
    const char *cwd;
    bool no_network; /* a loopback device only */
    const struct bind_mount *mounts;
    size_t n_mounts;
    int out, err;
    int stop_fd; /* -1: none */
};

/* Run it to its end: 0 and '*ret_status', as a shell has it (128 and the signal), or
 * words why it could not be. -ECANCELED when stopped; then nothing of it is left. */
int exec_run(const struct exec_job *job, int *ret_status, struct err *err);

#endif
