/* SPDX-License-Identifier: Apache-2.0
 *
 * runs.h - the steps of an allocation, shared by the files that carry them out
 *
 *     runs.c         their list; request, signals, end
 *     run_queue.c    which of those that wait may start
 *     run_launch.c   image, launch, root
 *     run_wait.c     what of that waits for a node's daemon that is away
 *     run_traffic.c  input, output and ends between client and root
 *     run_limits.c   how long they may run
 *     run_list.c     what is said of them to who asks
 *     run_files.c    those whose output goes to files, with nobody waiting
 */
#ifndef BERTH_SHEPHERD_RUNS_H
#define BERTH_SHEPHERD_RUNS_H

#include "shepherd/lead.h"
#include "shepherd/patience.h"

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
/* Look for what it runs in, perhaps once more; may launch or free it. */
void run_get_image(struct run *run);
/* The node with this index, and those below it, may not have heard of it. */
void run_launch_again(struct run *run, uint32_t index);

/* -------------------------------------------------------------- run_wait.c */
/* A node's daemon was not there, for the launch of 'index' and below or, with
 * PATIENCE_NO_INDEX, for what it runs in. It is asked again in a while. */
void run_missed_node(struct run *run, uint32_t index, const char *node,
                     const char *why);
/* Does it wait for one / for the step's first / for one that is to be asked again? */
bool run_waits_for_node(const struct run *run);
bool run_misses_root(const struct run *run);
bool run_waits_for_more(const struct run *run);
/* All are there / nobody cares any more. */
void run_settle_nodes(struct run *run);
/* It ends without those that are not there. May free it. */
void run_give_up_nodes(struct run *run);
/* The same in a moment, as after this signal, which its tasks would have got. */
void run_cancel_wait(struct run *run, int signo);
/* The run goes. */
void run_end_waiting(struct run *run);

/* ------------------------------------------------------------ run_limits.c */
/* It is launched / a task of it has ended / it is over. */
void run_limits_start(struct run *run);
void run_limits_task_ended(struct run *run);
void run_limits_stop(struct run *run);
/* Ask it to end, and make it so after the grace. May free it. */
void run_terminate(struct run *run, const char *why);

#endif
