/* SPDX-License-Identifier: Apache-2.0
 *
 * command.h - what the commands of berth-sim(1) have in common
 *
 * A command is one file, cmd_<name>.c, and one line of the table in main.c. It reads
 * its arguments with a table of options and returns the exit status.
 */
#ifndef BERTH_SIM_COMMAND_H
#define BERTH_SIM_COMMAND_H

#include <stdint.h>

#include "base/err.h"
#include "base/opts.h"

enum sim_status {
    SIM_OK = 0,
    SIM_FAILED = 1, /* a file that cannot be read or is wrong, nothing to simulate */
    SIM_USAGE = 2,  /* the command line is wrong; nothing was done */
};

struct sim_usage {
    const char *name;     /* "run" */
    const char *synopsis; /* "berth-sim run [options] TRACE" */
    const char *about, *examples;
};

#define SIM_OPTS_HELP                                                    \
    {                                                                    \
        .name = "help", .letter = 'h', .arg = OPT_NONE, .set = opt_help, \
        .help = "this text"                                              \
    }

/* Read argv[1..] into 'ctx', with the options known in 'where' (0: all). -1: go on,
 * with *ret_next the first operand; else the exit status to return: the help is
 * printed, or the mistake is named. */
int sim_parse(const struct sim_usage *usage, const struct opt *table,
              unsigned int where, int argc, char **argv, void *ctx, int *ret_next);

/* Say 'words' on stderr as "berth-sim COMMAND: words"; returns 'status'. */
int sim_fail(const struct sim_usage *usage, enum sim_status status, const char *fmt,
             ...) __attribute__((format(printf, 3, 4)));

/* Setters for members at opt->offset, within limits that words name. */
int sim_opt_count(const struct opt *opt, const char *value, void *ctx,
                  struct err *err); /* uint32_t, from 1 */
int sim_opt_number(const struct opt *opt, const char *value, void *ctx,
                   struct err *err); /* uint64_t, from 0 */
int sim_opt_real(const struct opt *opt, const char *value, void *ctx,
                 struct err *err); /* double, from 0 to 1e9 */

int cmd_generate(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_replay(int argc, char **argv);

#endif
