/* SPDX-License-Identifier: Apache-2.0
 *
 * run_options.h - what 'berth-sim run' is asked to do
 */
#ifndef BERTH_SIM_RUN_OPTIONS_H
#define BERTH_SIM_RUN_OPTIONS_H

#include "base/opts.h"
#include "sim/replay.h"
#include "sim/trace.h"

#define RUN_WINDOWS_MAX 4096

struct run_window { /* jobs of the trace, from 0 */
    size_t first, n;
};

struct run_options {
    const char *policy, *order, *backfill, *promises; /* as given; NULL: not */
    struct sched_weights weights;
    bool has_weights;
    const char *cluster; /* path; NULL: flat */
    uint32_t procs;      /* 0: what the trace's header says */
    struct trace_rules rules;
    double load; /* 0: as recorded */
    bool is_rlscheduler;
    bool arrivals_first, pass_each_second;
    struct run_window windows[RUN_WINDOWS_MAX];
    size_t n_windows; /* 0: all jobs */
    const char *json, *schedule_out, *plot;
    bool quiet;
    bool is_journal; /* a controller's store, no trace */
};
/* With the defaults; the caller frees it. */
struct run_options *run_options_create(void);

/* Which commands know an option. */
enum { RUN_OF_TRACE = 1, RUN_OF_JOURNAL = 2 };
/* Writes into a struct run_options. */
extern const struct opt run_options_table[];

/* What the options together mean for the engine. -EINVAL with words that name the
 * option at fault. */
int run_options_replay(const struct run_options *options, struct replay_options *ret,
                       struct err *err);
/* "easy, order sjf"; the caller frees it. */
char *run_options_words(const struct run_options *options);

#endif
