/* SPDX-License-Identifier: Apache-2.0
 *
 * alone.h - MPI programs whose tasks do not find each other
 *
 * A program whose MPI does not speak with the step's server takes each of its tasks for
 * a job of one, and most do so without a word. That is seen at the end of the step's
 * first task: it never connected, though its program is linked with an MPI library.
 */
#ifndef BERTH_SHEPHERD_ALONE_H
#define BERTH_SHEPHERD_ALONE_H

struct task;

/* 'task' is started with 'program', looked for in PATH of 'env' and, when its name is
 * relative, from 'cwd'. */
void alone_remember(struct task *task, const char *program, char *const *env,
                    const char *cwd);

/* It has ended with 'status' (as of waitpid): if it was alone, its stderr says so. */
void alone_check(struct task *task, int status);

#endif
