/* SPDX-License-Identifier: Apache-2.0
 *
 * submission.h - a batch script and its options, until they are a JobSpec
 *
 *     submission_spell: the command line alone --> operands, --help
 *     submission_read:  script < environment < command line --> args.spec
 */
#ifndef BERTH_CLI_SUBMISSION_H
#define BERTH_CLI_SUBMISSION_H

#include <stddef.h>

#include "options/job_args.h"

struct submission {
    struct job_args args;
    struct err err; /* of the call that failed */
    char *script;
    size_t script_len;
    const char *default_name; /* of a job from stdin; NULL: "stdin" */
    int next;                 /* first operand in argv: the script's path */
};

void submission_init(struct submission *sub);
void submission_fini(struct submission *sub);

/* Read the command line for the sake of its spelling: 'next', args.wrap, args.quiet
 * and args.show are known afterwards. -ECANCELED: --help or its kind is wanted. */
int submission_spell(struct submission *sub, int argc, char **argv);

/* Read the script and the options of all sources, and take from this process what a
 * job inherits. */
int submission_read(struct submission *sub, int argc, char **argv);

/* Print what would be submitted, as YAML or JSON. Returns an exit status. */
int submission_print(const struct job_args *args);

#endif
