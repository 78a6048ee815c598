/* SPDX-License-Identifier: Apache-2.0
 *
 * runs.h - the steps of an allocation, shared by the files that carry them out
 *
 *     runs.c         their list; request, signals, end
 *     run_queue.c    which of those that wait may start
 *     run_launch.c   image, launch, root
 *     run_traffic.c  input, output and ends between client and root
 *     run_limits.c   how long they may run
 *     run_list.c     what is said of them to who asks
 *     run_files.c    those whose output goes to files, with nobody waiting
 */
#ifndef BERTH_SHEPHERD_RUNS_H
#define BERTH_SHEPHERD_RUNS_H

#include "shepherd/lead.h"

/* ------------------------------------------------------------------ runs.c */
/* The step of that number that has its place; NULL. */
struct run *run_by_id(struct lead *lead, uint32_t id);
/* Also one that waits. */
struct run *run_find(struct lead *lead, uint32_t id);
void run_free(struct run *run);
/* Borrowed from it. */
const char *run_name(const struct run *run);
/* Why it is ended; the first to say so counts. */
void run_explain(struct run *run, const char *words);
/* The same of one that did not go well, whatever its tasks say. */
void run_fail(struct run *run, const char *words);
/* It is over: tell its client, give back what it had, free it. */
void run_end(struct run *run);
/* Signal a step's tasks; 'kill' ends them at once, and may free 'run'. */
void run_signal(struct run *run, int signo, bool kill);
/* By somebody who is not its client; signal 0 ends it as a job is ended. May free it.
 */
void run_order(struct run *run, int signo);
/* Signal, to a root that is there, and nothing else. */
void run_send_signal(struct run *run, int signo, bool kill);
/* Give up after so long, unless somebody stops the timer. */
void run_start_overdue(struct run *run, unsigned int ms);

/* ------------------------------------------------------------- run_queue.c */
/* It waits no longer. */
void run_unclaim(struct run *run);

/* -------------------------------------------------------------- run_list.c */
/* It is over: tell those who wait for it. */
void run_tell_waiters(struct lead *lead, const struct past_step *past);

/* ------------------------------------------------------------- run_files.c */
/* Start who writes its output, and is its client. It waits for him. */
int run_start_writer(struct run *run, struct err *err);
/* He has come with this request. */
void run_adopt(struct conn *writer, const Berth__Envelope *env);

/* ------------------------------------------------------------ run_launch.c */
/* It has its place. What it runs in must be there before it is. */
void run_prepare(struct run *run);
/* What it runs in is there. Again for a bag whose root was lost. */
void run_launch(struct run *run);
/* It cannot be: tell its client, and free it. */
void run_refuse(struct run *run, const struct err *err);

/* ------------------------------------------------------------ run_limits.c */
/* It is launched / a task of it has ended / it is over. */
void run_limits_start(struct run *run);
void run_limits_task_ended(struct run *run);
void run_limits_stop(struct run *run);
/* Ask it to end, and make it so after the grace. May free it. */
void run_terminate(struct run *run, const char *why);

#endif
