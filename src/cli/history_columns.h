/* SPDX-License-Identifier: Apache-2.0
 *
 * history_columns.h - what the history can show of a run, or of one of its steps
 */
#ifndef BERTH_CLI_HISTORY_COLUMNS_H
#define BERTH_CLI_HISTORY_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/table.h"
#include "client/berth.h"

struct history_column;

#define HISTORY_DEFAULT "jobid,name,user,partition,state,exit,start,elapsed,cpus,nodes"
#define HISTORY_LONG                                                                  \
    "jobid,name,user,account,partition,qos,state,exit,submit,start,end,elapsed,wait," \
    "nnodes,cpus,memory,gpus,cputime,maxrss,cpueff,memeff,nodes,words"

/* The columns that 'text' names ("jobid,state"); the caller frees *ret. -EINVAL with
 * the nearest name. */
int history_columns_parse(const char *text, const struct history_column ***ret,
                          size_t *ret_n, struct err *err);
/* "jobid,name,...": all of them. The caller frees it. */
char *history_columns_all(void);

const struct column *history_column_head(const struct history_column *column);
/* The name that --format takes. */
const char *history_column_name(const struct history_column *column);
/* The cell of a run, or of its step; the caller frees it. */
char *history_column_of_job(const struct history_column *column,
                            const Berth__HistoryJob *job, int64_t now);
char *history_column_of_step(const struct history_column *column,
                             const Berth__HistoryJob *job,
                             const Berth__StepSummary *step);

/* "17", "17_3" of an element, "17+1" of a component, "17_[4-9]" of an array. */
char *history_job_name(const Berth__HistoryJob *job);

#endif
