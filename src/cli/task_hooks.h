/* SPDX-License-Identifier: Apache-2.0
 *
 * task_hooks.h - programs that are run before and after a task, around it
 */
#ifndef BERTH_CLI_TASK_HOOKS_H
#define BERTH_CLI_TASK_HOOKS_H

/* argv: two programs to run before the task, two to run after it ("" is none), then the
 * task. Becomes the task when nothing has to run after it; else returns its exit
 * status, or dies by the signal that it died by.
 *
 * What a program before the task prints is read as TaskProlog of slurm.conf(5):
 * "export NAME=value" and "unset NAME" change the task's environment, "print words"
 * goes to the task's output. When it fails, the task is not run: status 1. */
int task_hooks_main(char **argv);

#endif
