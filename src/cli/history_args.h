/* SPDX-License-Identifier: Apache-2.0
 *
 * history_args.h - which runs are meant: options that berth history and berth report
 * share
 */
#ifndef BERTH_CLI_HISTORY_ARGS_H
#define BERTH_CLI_HISTORY_ARGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opts.h"
#include "cli/job_names.h"
#include "client/berth.h"

/* Texts are borrowed from argv. */
struct history_args {
    const char *users, *accounts, *partitions, *qos, *states, *names, *wckeys, *nodes;
    const char *jobs;
    bool mine;
    int64_t since, until; /* 0: not said */
};

int history_set_since(const struct opt *opt, const char *value, void *ctx,
                      struct err *err);
int history_set_until(const struct opt *opt, const char *value, void *ctx,
                      struct err *err);

#define OPTS_HISTORY(type, member)                          \
    {"user",     'u',                                       \
     OPT_NEEDED, "LIST",                                    \
     opt_string, offsetof(type, member.users),              \
     0,          "only these users'",                       \
     0},                                                    \
        {"me",     0,                                       \
         OPT_NONE, NULL,                                    \
         opt_flag, offsetof(type, member.mine),             \
         0,        "only your own",                         \
         0},                                                \
        {"account",  'A',                                   \
         OPT_NEEDED, "LIST",                                \
         opt_string, offsetof(type, member.accounts),       \
         0,          "only of these accounts",              \
         0},                                                \
        {"partition",                                       \
         'p',                                               \
         OPT_NEEDED,                                        \
         "LIST",                                            \
         opt_string,                                        \
         offsetof(type, member.partitions),                 \
         0,                                                 \
         "only in these partitions",                        \
         0},                                                \
        {"qos",      'q',                                   \
         OPT_NEEDED, "LIST",                                \
         opt_string, offsetof(type, member.qos),            \
         0,          "only of these QOS",                   \
         0},                                                \
        {"states",   's',                                   \
         OPT_NEEDED, "LIST",                                \
         opt_string, offsetof(type, member.states),         \
         0,          "only in these states: FAILED,TO,...", \
         0},                                                \
        {"name",     'n',                                   \
         OPT_NEEDED, "LIST",                                \
         opt_string, offsetof(type, member.names),          \
         0,          "only of these names",                 \
         0},                                                \
        {"wckey",    'W',                                   \
         OPT_NEEDED, "LIST",                                \
         opt_string, offsetof(type, member.wckeys),         \
         0,          "only with these wckeys",              \
         0},                                                \
        {"starttime",                                       \
         'S',                                               \
         OPT_NEEDED,                                        \
         "TIME",                                            \
         history_set_since,                                 \
         offsetof(type, member.since),                      \
         0,                                                 \
         "from here on: now-1day, 2026-11-01, 09:30, ...",  \
         0},                                                \
        {"since",                                           \
         0,                                                 \
         OPT_NEEDED,                                        \
         "TIME",                                            \
         history_set_since,                                 \
         offsetof(type, member.since),                      \
         0,                                                 \
         NULL,                                              \
         0},                                                \
        {"endtime",                                         \
         'E',                                               \
         OPT_NEEDED,                                        \
         "TIME",                                            \
         history_set_until,                                 \
         offsetof(type, member.until),                      \
         0,                                                 \
         "up to here",                                      \
         0},                                                \
    {                                                       \
        "until", 0, OPT_NEEDED, "TIME", history_set_until,  \
            offsetof(type, member.until), 0, NULL, 0        \
    }

/* The query, borrowing from 'jobs' and owning its lists: history_query_fini. */
void history_query_init(const struct history_args *args, const struct job_names *jobs,
                        Berth__HistoryQuery *ret);
void history_query_fini(Berth__HistoryQuery *query);

#endif
