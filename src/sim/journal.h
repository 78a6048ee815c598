/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.h - what a controller's jobs did, from its own store
 *
 * The store is the controller's SQLite file (src/state/store.h): a record under
 * "job/ID" and what was asked under "spec/ID". It is opened read-only, also while the
 * controller runs.
 */
#ifndef BERTH_SIM_JOURNAL_H
#define BERTH_SIM_JOURNAL_H

#include "sim/trace.h"

/* What a job without a time limit asks for: ten years. */
#define JOURNAL_UNLIMITED INT64_C(315360000)

/* Jobs that have run and ended, by the time from which they could have started.
 * Those that did not are counted as no_run. A job is as wide as the cores that it
 * held. -EINVAL, -EIO with words that name the file, and the job where there is one. */
int journal_read(const char *path, const struct trace_rules *rules, struct trace *ret,
                 struct err *err);

#endif
