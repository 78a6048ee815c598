/* SPDX-License-Identifier: Apache-2.0
 *
 * replay.h - jobs through the engine, on virtual time
 *
 * Pure but for the progress that it tells. The only file that calls the engine.
 */
#ifndef BERTH_SIM_REPLAY_H
#define BERTH_SIM_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sched/sched.h"
#include "sim/machine.h"
#include "sim/metrics.h"
#include "sim/trace.h"

struct replay_options {
    struct sched_options sched;
    /* Of events of one second come first the jobs whose request is over, all at
     * once, then those that end early, then those that are submitted. With this,
     * submissions come first and everything is an event of its own. */
    bool arrivals_first;
    /* The engine decides after all events of a second; else after each. */
    bool pass_each_second;
    bool keep_places; /* fill in 'places' */
    /* Called now and then; NULL: never. */
    void (*progress)(void *ctx, size_t ended, size_t jobs);
    void *progress_ctx;
};

struct replay_result {
    struct outcome *outcomes; /* one for each job; .procs is 0 when it was refused */
    char **places;            /* host list of each job, NULL without keep_places */
    size_t n_jobs, refused;
    uint64_t passes, decisions, tests; /* as the engine counts them */
    uint64_t starts;
};

/* Jobs in the order of their submission. -EINVAL with words for options that the
 * engine refuses; -EDEADLK with words when a job never starts. */
int replay_run(const struct machine *machine, const struct trace_job *jobs, size_t n,
               const struct replay_options *options, struct replay_result *ret,
               struct err *err);
void replay_result_fini(struct replay_result *result);

#endif
