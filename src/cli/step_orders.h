/* SPDX-License-Identifier: Apache-2.0
 *
 * step_orders.h - questions and orders to a job's lead about steps that others started
 *
 * Also for the static berth of containers: they need a connection, nothing else. All
 * that goes wrong is said.
 */
#ifndef BERTH_CLI_STEP_ORDERS_H
#define BERTH_CLI_STEP_ORDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/berth.h"

/* A step by the name that people write, "17.3", or "3" for one of 'job' (0: there is no
 * job around us). -EINVAL when the mistake has been said. */
int step_name_parse(const char *word, uint32_t job, uint32_t *ret_job,
                    uint32_t *ret_step);

/* 128 + the signal, as a shell has it; 1 where only 'words' say that it failed. */
int step_exit_status(int code, int signal, const char *words);

/* Wait until a step has ended; its exit status as berth run's, or 1. */
int step_wait(struct berth_steps *lead, uint32_t job, uint32_t step);

/* Signal the step that was started on this connection; 'abort' ends it whatever the
 * signal does. No answer comes. Nothing is said: -Exxx with words. */
int step_signal(struct berth_steps *steps, int signo, bool abort,
                struct berth_err *err);

/* Signal a step; 0 ends it. */
int step_control(struct berth_steps *lead, uint32_t job, uint32_t step, int signal);

/* The steps of a job, also those that wait and those that have ended, or the one
 * with that number (-1: all). The reply is freed with berth_free. */
int step_query(struct berth_steps *lead, int64_t step, Berth__Envelope **ret);

/* Ask for a step that nobody waits for, and print its name. */
int step_start_async(struct berth_steps *lead, uint32_t job, Berth__StepSpec *spec,
                     bool joins);

#endif
