/* SPDX-License-Identifier: Apache-2.0
 *
 * command.h - what every command of berth(1) has in common
 *
 * A command is one file, cmd_<name>.c, with one function and one line in
 * commands.def. It describes itself with a 'struct usage' and a table of
 * 'struct opt', lets command_parse read its arguments, does its work through
 * libberth, and returns its exit status:
 *
 *     static const struct opt opts[] = {
 *         {"all", 'a', .set = opt_flag, .offset = offsetof(struct args, all),
 *          .help = "ended jobs too"},
 *         OPTS_COMMON(struct args, common),
 *         OPTS_END,
 *     };
 *
 * Results go to stdout; what went wrong goes to stderr as one sentence,
 * through say_error. With --json, stdout holds one JSON document.
 */
#ifndef BERTH_CLI_COMMAND_H
#define BERTH_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opts.h"
#include "cli/say.h"

/* Exit statuses. A command that runs something gives that thing's own. */
enum {
    STATUS_OK = 0,
    STATUS_FAILED = 1, /* refused, unreachable, not found */
    STATUS_USAGE = 2,  /* the command line is wrong; nothing was done */
};

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
    const char *help;                  /* one line of 'berth help' */
};

/* The commands in the order 'berth help' shows them; a NULL name ends it. */
extern const struct command commands[];

/* Run argv[1] as a command. */
int command_main(const struct command *table, int argc, char **argv);

struct usage {
    const char *synopsis; /* "berth jobs [options] [id...]" */
    const char *about;    /* what it does, a sentence or two */
    const char *examples; /* whole lines, indented by two */
};

/* Options that every command takes. */
struct common {
    const char *config; /* --config, borrowed from argv; NULL: found */
    bool json;
};

/* --limit N: at most so many rows; 0: all. */
struct row_limit {
    uint32_t n;
    bool is_given;
};
/* Setter of a struct row_limit. */
int opt_limit(const struct opt *opt, const char *value, void *ctx, struct err *err);

#define OPTS_CONFIG(type, member)                                               \
    {                                                                           \
        .name = "config", .arg = OPT_NEEDED, .meta = "FILE", .set = opt_string, \
        .offset = offsetof(type, member) + offsetof(struct common, config),     \
        .help = "the cluster's configuration"                                   \
    }
#define OPTS_JSON(type, member)                                           \
    {                                                                     \
        .name = "json", .arg = OPT_NONE, .set = opt_flag,                 \
        .offset = offsetof(type, member) + offsetof(struct common, json), \
        .help = "print JSON"                                              \
    }
#define OPTS_COMMON(type, member) \
    OPTS_JSON(type, member), OPTS_CONFIG(type, member), OPTS_HELP

/* Read the options of argv[1..] into 'ctx'.
 *
 * Returns -1 to go on, with *ret_next the index of the first operand;
 * otherwise the exit status to return at once: --help has been printed, or the
 * mistake named.
 */
int command_parse(const struct usage *usage, const struct opt *table,
                  enum opts_order order, int argc, char **argv, void *ctx,
                  int *ret_next);

#define COMMAND(name, fn, help) int fn(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

#endif
