/* SPDX-License-Identifier: Apache-2.0
 *
 * opts.h - command line options from a table, parsed as getopt_long(3) would
 *
 * "--name value", "--name=value", unambiguous "--na", "-Nvalue", "-N value",
 * clusters "-lu", "--" ends the options. The table also prints the help and
 * suggests the nearest name for one that does not exist.
 */
#ifndef BERTH_BASE_OPTS_H
#define BERTH_BASE_OPTS_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

enum opt_arg {
    OPT_NONE,     /* takes no value */
    OPT_NEEDED,   /* takes one, in the same word or the next */
    OPT_OPTIONAL, /* may have one, in the same word only */
};

struct opt {
    const char *name; /* long name without dashes */
    char letter;      /* short name, or 0 */
    enum opt_arg arg;
    const char *meta; /* the value's name in the help: "N[-M]" */
    /* Take 'value' (NULL when there is none) into 'ctx'. Words need not name
     * the option; the parser puts it before them. */
    int (*set)(const struct opt *opt, const char *value, void *ctx, struct err *err);
    size_t offset;      /* of the member of 'ctx' that 'set' writes */
    unsigned int where; /* contexts that know the option; 0: all */
    const char *help;   /* NULL: not shown */
    const char *note;   /* for 'set' to say */
};

#define OPTS_HELP                                                        \
    {                                                                    \
        .name = "help", .letter = 'h', .arg = OPT_NONE, .set = opt_help, \
        .help = "this text"                                              \
    }
#define OPTS_END     \
    {                \
        .name = NULL \
    }

enum opts_order {
    OPTS_STOP,    /* options end at the first operand */
    OPTS_ANYWHERE /* options and operands mix; operands are moved to the end */
};

/* Setters for common members at opt->offset. Strings are borrowed from argv. */
int opt_flag(const struct opt *opt, const char *value, void *ctx, struct err *err);
int opt_string(const struct opt *opt, const char *value, void *ctx, struct err *err);
/* Ends the parsing with -ECANCELED: the help is wanted. */
int opt_help(const struct opt *opt, const char *value, void *ctx, struct err *err);
/* The same, and the option's name goes to the string at opt->offset: one of several
 * texts is wanted. */
int opt_show(const struct opt *opt, const char *value, void *ctx, struct err *err);

/* Parse argv[1..argc-1] with the options of 'table' known in 'where' (a mask; 0
 * means all). *ret_next is the index of the first operand, which may be argc.
 * Returns 0, -ECANCELED (see opt_help) or -EINVAL with words. */
int opts_parse(const struct opt *table, unsigned int where, enum opts_order order,
               int argc, char **argv, void *ctx, int *ret_next, struct err *err);

/* Find a long option by exact name or unambiguous beginning; -EINVAL otherwise. */
int opts_find(const struct opt *table, unsigned int where, const char *name, size_t len,
              const struct opt **ret_opt, struct err *err);

/* The options that have a help text, two columns. */
void opts_print(const struct opt *table, unsigned int where, FILE *out);

#endif
