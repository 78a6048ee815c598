/* SPDX-License-Identifier: Apache-2.0
 *
 * job_target.h - a place inside a job that runs: "17", "17.0", "17_3.batch"
 *
 * The controller knows on which nodes a job is, its lead knows which steps run and
 * where; then the shepherd that has the container is called.
 */
#ifndef BERTH_CLI_JOB_TARGET_H
#define BERTH_CLI_JOB_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "client/berth.h"

#define STEP_ANY (-1)   /* the script, or else the oldest step */
#define STEP_BATCH (-2) /* the script and nothing else */

struct job_target {
    uint32_t id;
    char *element; /* of an array, "3"; "": none */
    int64_t step;  /* or STEP_ANY, STEP_BATCH */
};

/* Read 'word'. -Exxx when the mistake has been said. */
int job_target_parse(const char *word, struct job_target *ret);
void job_target_fini(struct job_target *target);

/* Where a target was found. */
struct job_place {
    struct berth_steps *steps; /* to the shepherd there */
    uint32_t job;
    int64_t step; /* STEP_BATCH: the script */
    char *node;
};

/* The job as the controller knows it, with its specification; freed with berth_free.
 * -Exxx when the failure has been said. */
int job_target_find(struct berth *berth, const struct job_target *target,
                    Berth__JobList **ret);
/* Why a job that does not run does not: one sentence. */
void job_target_say_state(const Berth__JobInfo *job);

/* Whether it has nodes and has not ended. */
bool job_target_has_nodes(const Berth__JobInfo *job);

/* Call the lead of a job that has nodes. Nothing is said: -Exxx with words. */
int job_target_reach_lead(struct berth *berth, const Berth__JobInfo *job,
                          struct berth_steps **ret, struct berth_err *err);

/* Call the lead of a running job. -Exxx when the failure has been said. */
int job_target_call_lead(struct berth *berth, const Berth__JobInfo *job,
                         struct berth_steps **ret);

/* A connection that closes itself: cleanup(steps_closep). */
void steps_closep(struct berth_steps **steps);

/* Find and call the shepherd of the target on 'node' (NULL: its first). -Exxx when
 * the failure has been said. */
int job_target_open(struct berth *berth, const struct job_target *target,
                    const char *node, struct job_place *ret);
void job_place_fini(struct job_place *place);

#endif
