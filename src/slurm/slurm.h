/* SPDX-License-Identifier: Apache-2.0
 *
 * slurm.h - what the commands with Slurm's names have in common
 *
 * A command is one file with one function, and one line in slurm_commands.def.
 * It describes itself with a 'struct slurm_usage' and a table of 'struct opt',
 * lets slurm_parse read its arguments, and does its work through libberth and
 * what src/cli has:
 *
 *     static const struct opt opts[] = {
 *         {"noheader", 'h', .set = opt_flag, .offset = offsetof(struct args, bare)},
 *         SLURM_OPTS(struct args, common, 0),
 *         OPTS_END,
 *     };
 *
 * Words on stderr begin "NAME: error: ", "NAME: warning: " or "NAME: "; what
 * other programs read (stdout, exit statuses, well-known sentences) is as Slurm's.
 */
#ifndef BERTH_SLURM_SLURM_H
#define BERTH_SLURM_SLURM_H

#include <stddef.h>

#include "base/opts.h"
#include "client/berth.h"
#include "options/release.h"

/* Slurm's exit status for whatever is refused or wrong. */
enum { SLURM_OK = 0, SLURM_FAILED = 1 };

struct slurm_command {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
    const char *help;
};

/* All of them; a NULL name ends the table. */
extern const struct slurm_command slurm_commands[];

/* The command that 'path' (argv[0]) names, or NULL. */
const struct slurm_command *slurm_command_of(const char *path);

/* Run it, flush what it printed, return its exit status. */
int slurm_run(const struct slurm_command *command, int argc, char **argv);

struct slurm_usage {
    const char *synopsis; /* "squeue [options]" */
    const char *about;    /* what it does, a sentence or two */
};

/* Options that every command has. Strings are borrowed from argv. */
struct slurm_common {
    const char *show; /* "help", "usage", "version", or NULL */
    const char *clusters;
    bool verbose, quiet;
};

/* Rows for a table; 'letter' is that of --help, or 0 where -h means another thing. */
#define SLURM_OPTS(type, member, letter_)                                            \
    {.name = "help",                                                                 \
     .letter = letter_,                                                              \
     .set = opt_show,                                                                \
     .offset = offsetof(type, member) + offsetof(struct slurm_common, show),         \
     .help = "this text"},                                                           \
        {.name = "usage",                                                            \
         .set = opt_show,                                                            \
         .offset = offsetof(type, member) + offsetof(struct slurm_common, show),     \
         .help = "a short reminder"},                                                \
        {.name = "version",                                                          \
         .letter = 'V',                                                              \
         .set = opt_show,                                                            \
         .offset = offsetof(type, member) + offsetof(struct slurm_common, show),     \
         .help = "whose surface this is"},                                           \
        {.name = "clusters",                                                         \
         .letter = 'M',                                                              \
         .arg = OPT_NEEDED,                                                          \
         .meta = "NAME",                                                             \
         .set = opt_string,                                                          \
         .offset = offsetof(type, member) + offsetof(struct slurm_common, clusters), \
         .help = "this cluster's name, or all"},                                     \
        {.name = "verbose",                                                          \
         .letter = 'v',                                                              \
         .set = opt_flag,                                                            \
         .offset = offsetof(type, member) + offsetof(struct slurm_common, verbose),  \
         .help = "say more"},                                                        \
    {                                                                                \
        .name = "quiet", .letter = 'Q', .set = opt_flag,                             \
        .offset = offsetof(type, member) + offsetof(struct slurm_common, quiet),     \
        .help = "say nothing but errors"                                             \
    }

/* Read the options of argv[1..] into 'ctx', whose struct slurm_common is 'common'.
 *
 * Returns -1 to go on, with *ret_next the index of the first operand; otherwise
 * the exit status to return at once: help or version has been printed, or the
 * mistake named.
 */
int slurm_parse(const struct slurm_usage *usage, const struct opt *table,
                enum opts_order order, int argc, char **argv, void *ctx,
                struct slurm_common *common, int *ret_next);

/* Print what --help, --usage or --version asks for, with the options known in
 * 'where'; or name a mistake of the command line, and return slurm_failure(). */
int slurm_show(const char *what, const struct slurm_usage *usage,
               const struct opt *table, unsigned int where);
int slurm_bad_usage(const char *text);

/* The exit status that the user wants for a failure that is not a program's own:
 * $SLURM_EXIT_ERROR, usually SLURM_FAILED. That of another variable; 0: none. */
int slurm_failure(void);
int slurm_status_of(const char *variable);

/* Setter of what changes what is asked for and cannot be had: opt->note says why. */
int slurm_refused(const struct opt *opt, const char *value, void *ctx, struct err *err);
/* Setter of what changes nothing here. */
int slurm_ignored(const struct opt *opt, const char *value, void *ctx, struct err *err);

/* Open the cluster; -Exxx when the failure has been said in Slurm's words. */
int slurm_open(struct berth **ret_berth);

/* Whether --clusters 'names' (NULL: not given) means this cluster, whose name is
 * then *ret_name (heap), NULL when no name was given; 'ret_name' may be NULL. -Exxx
 * when it does not, which has been said. */
int slurm_cluster(struct berth *berth, const char *names, char **ret_name);

#define SLURM_COMMAND(name, fn, help) int fn(int argc, char **argv);
#include "slurm/slurm_commands.def"
#undef SLURM_COMMAND

#endif
