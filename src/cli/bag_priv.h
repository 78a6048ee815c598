/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_priv.h - a bag of commands, shared by the files that are its client
 *
 *     bag.c          before and after: input, log, summary
 *     bag_session.c  meanwhile: what goes to the lead, signals, the poll
 *     bag_results.c  what comes from it
 */
#ifndef BERTH_CLI_BAG_PRIV_H
#define BERTH_CLI_BAG_PRIV_H

#include "base/strbuf.h"
#include "cli/bag.h"
#include "cli/bag_ledger.h"
#include "cli/bag_log.h"
#include "cli/bag_output.h"
#include "cli/bag_report.h"
#include "cli/bag_source.h"

struct bag {
    const struct job_args *args;
    struct bag_source *source;
    struct bag_log *log; /* NULL: none is kept */
    struct bag_done *done;
    char *log_path;
    struct bag_ledger *ledger;
    struct bag_output *output; /* NULL before the step has started */
    struct bag_report report;

    /* The next command, when it was looked at already. */
    bool has_next, source_ended, source_failed;
    uint64_t next_index;
    struct strbuf next_argv;

    struct berth_steps *steps;
    int signal_fd;
    uint32_t job;
    uint64_t in_window;
    bool is_last_sent, is_stopped, is_over;
    int n_interrupts;
    int status; /* of the step; and what went wrong with it */
    bool has_told_failure;
    struct berth_err err;
};

/* ------------------------------------------------------------------- bag.c */
/* Have the next command ready that was not done before: true when there is one. */
bool bag_look_ahead(struct bag *bag);
/* What is due by the clock: log, progress. Returns ms until more is; -1: never. */
int bag_tick(struct bag *bag);
/* It is over: complete the log, tell, and return the exit status. */
int bag_outcome(struct bag *bag);

/* ----------------------------------------------------------- bag_results.c */
void bag_take_report(struct bag *bag, const Berth__BagReport *report);

#endif
