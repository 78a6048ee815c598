/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_report.h - how a bag goes and went, for people and as JSON
 */
#ifndef BERTH_CLI_BAG_REPORT_H
#define BERTH_CLI_BAG_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

#define BAG_FAILURES_KEPT 1000 /* with words; all are in the log */
#define BAG_TAIL_MAX 512       /* bytes of stderr that are remembered */

/* A command that failed for good. Strings are owned by the report. */
struct bag_failure {
    uint64_t index, usec;
    uint32_t attempts;
    int code, signo;
    bool timed_out, is_lost;
    char *node, *command, *words, *tail;
};

struct bag_report {
    uint64_t total; /* 0: not known (yet) */
    uint64_t skipped, succeeded, failed;
    uint64_t retried;   /* attempts that were followed by another */
    uint64_t lost;      /* attempts whose node ended */
    uint64_t running;   /* sent, and not ended for good */
    uint64_t busy_usec; /* sum over all attempts */
    int64_t began_ms, now_ms;
    struct bag_failure *failures; /* the first ones */
    uint64_t n_failures;
    bool interrupted, out_of_failures, is_complete; /* complete: all have ended */
    const char *log;                                /* "": none */
    /* The line on a terminal. */
    bool has_terminal, is_drawn;
    int64_t drawn_ms;
};

void bag_report_fini(struct bag_report *report);
/* Takes over the strings of 'failure'. */
void bag_report_fail(struct bag_report *report, const struct bag_failure *failure);

/* "[=====     ] 5000 of 10000, 3 failed, 812/s, 6s left" for 'width' columns. */
void bag_report_line(const struct bag_report *report, unsigned int width,
                     struct strbuf *sb);
/* Table of failures and a last sentence. */
void bag_report_table(const struct bag_report *report, struct strbuf *sb);
void bag_report_sentence(const struct bag_report *report, struct strbuf *sb);
void bag_report_json(const struct bag_report *report, struct strbuf *sb);

/* Draw the line if it is time; ms until the next; -1: there is no terminal. */
int64_t bag_report_draw(struct bag_report *report);
/* Away with it, before something else is written. */
void bag_report_hide(struct bag_report *report);

#endif
