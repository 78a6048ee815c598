/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_command.h - what a container of a pod executes (pure)
 *
 * The manifest's 'command' stands for the image's ENTRYPOINT and CMD, its 'args' for
 * CMD alone. In both $(NAME) is a variable of the container's.
 */
#ifndef BERTH_SHEPHERD_POD_COMMAND_H
#define BERTH_SHEPHERD_POD_COMMAND_H

#include "base/err.h"
#include "objects/pod.h"

/* An strv of the caller's. -EINVAL with words when nobody says what to run. */
int pod_command(const struct mf_container *spec, char *const *entrypoint,
                char *const *cmd, char *const *env, char ***ret, struct err *err);

#endif
