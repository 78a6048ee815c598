/* SPDX-License-Identifier: Apache-2.0
 *
 * task_hooks.h - programs that the site or the user has run around each task
 *
 * The static berth runs them, in the task's container and place:
 *
 *     site's prolog, user's prolog, task, user's epilog, site's epilog
 */
#ifndef BERTH_SHEPHERD_TASK_HOOKS_H
#define BERTH_SHEPHERD_TASK_HOOKS_H

#include <stdbool.h>

#include "wire/messages.pb-c.h"

/* Where those of the site are seen in a container of an image. */
#define TASK_PROLOG_INSIDE "/run/berth/task_prolog"
#define TASK_EPILOG_INSIDE "/run/berth/task_epilog"

/* 'argv' (an strv, which is taken over), with what runs around it where something
 * does. 'program' is the static berth as the task sees it. */
char **task_hooks_wrap(const Berth__Assignment *assignment, const Berth__StepSpec *spec,
                       bool has_image, const char *program, char **argv);

#endif
