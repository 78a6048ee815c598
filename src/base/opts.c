/* SPDX-License-Identifier: Apache-2.0
 *
 * opts.c - walk argv along a table of options
 *
 * Answers for the spelling of options only. What a value means is the affair of
 * the option's setter.
 */
#include "base/opts.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"

#define OPTS_MAX 256

int opt_flag(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)value;
    (void)err;
    *(bool *)((char *)ctx + opt->offset) = true;
    return 0;
}

int opt_string(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)err;
    *(const char **)((char *)ctx + opt->offset) = value;
    return 0;
}

int opt_help(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    (void)value;
    (void)ctx;
    (void)err;
    return -ECANCELED;
}

int opt_show(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt_string(opt, opt->name, ctx, err);
    return opt_help(opt, value, ctx, err);
}

static bool is_known(const struct opt *opt, unsigned int where)
{
    return where == 0 || opt->where == 0 || (opt->where & where) != 0;
}

static int unknown_long(const struct opt *table, unsigned int where, const char *name,
                        size_t len, struct err *err)
{
    cleanup(freep) char *word = xstrndup(name, len);
    const char *names[OPTS_MAX];
    const char *near;
    size_t n = 0;

    for (; table->name && n < OPTS_MAX; table++)
        if (is_known(table, where) && (table->help || table->note))
            names[n++] = table->name;
    near = nearest_name(word, names, n);
    if (near)
        return err_set(err, EINVAL, "unknown option --%s: did you mean --%s?", word,
                       near);
    return err_set(err, EINVAL, "unknown option --%s", word);
}

int opts_find(const struct opt *table, unsigned int where, const char *name, size_t len,
              const struct opt **ret_opt, struct err *err)
{
    const struct opt *found = NULL, *other = NULL;

    for (const struct opt *opt = table; opt->name; opt++) {
        if (!is_known(opt, where) || strncmp(opt->name, name, len) != 0)
            continue;
        if (opt->name[len] == '\0') {
            *ret_opt = opt;
            return 0;
        }
        if (found && (found->set != opt->set || found->offset != opt->offset))
            other = opt;
        else
            found = opt;
    }
    if (!found || len == 0)
        return unknown_long(table, where, name, len, err);
    if (other)
        return err_set(err, EINVAL, "option --%.*s could be --%s or --%s", (int)len,
                       name, found->name, other->name);
    *ret_opt = found;
    return 0;
}

static const struct opt *find_letter(const struct opt *table, unsigned int where,
                                     char letter)
{
    for (; table->name; table++)
        if (table->letter == letter && is_known(table, where))
            return table;
    return NULL;
}

/* Run the setter; words start with the option as it was written. */
static int apply(const struct opt *opt, const char *as, const char *value, void *ctx,
                 struct err *err)
{
    int rc = opt->set(opt, value, ctx, err);

    if (rc < 0 && rc != -ECANCELED)
        err_wrap(err, "%s", as);
    return rc;
}

static int parse_long(const struct opt *table, unsigned int where, char *const *argv,
                      int *i, void *ctx, struct err *err)
{
    const char *word = argv[*i] + 2, *value = strchr(word, '=');
    size_t len = value ? (size_t)(value - word) : strlen(word);
    const struct opt *opt;
    char as[64];
    int rc;

    rc = opts_find(table, where, word, len, &opt, err);
    if (rc < 0)
        return rc;
    snprintf(as, sizeof(as), "--%s", opt->name);
    if (value)
        value++;
    if (value && opt->arg == OPT_NONE)
        return err_set(err, EINVAL, "%s takes no value", as);
    if (!value && opt->arg == OPT_NEEDED) {
        value = argv[*i + 1];
        if (!value)
            return err_set(err, EINVAL, "%s needs a value", as);
        ++*i;
    }
    return apply(opt, as, value, ctx, err);
}

static int parse_cluster(const struct opt *table, unsigned int where, char *const *argv,
                         int *i, void *ctx, struct err *err)
{
    for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
        const struct opt *opt = find_letter(table, where, *p);
        const char as[] = {'-', *p, '\0'};
        const char *value = NULL;
        int rc;

        if (!opt)
            return err_set(err, EINVAL, "unknown option -%c", *p);
        if (opt->arg != OPT_NONE && p[1] != '\0')
            value = p + 1;
        if (opt->arg == OPT_NEEDED && !value) {
            value = argv[*i + 1];
            if (!value)
                return err_set(err, EINVAL, "%s needs a value", as);
            ++*i;
        }
        rc = apply(opt, as, value, ctx, err);
        if (rc < 0 || opt->arg == OPT_NEEDED || value)
            return rc;
    }
    return 0;
}

/* Move argv[from..to-1] before the 'n' operands that stand just before it. */
static void move_before(char **argv, int from, int to, int n)
{
    for (int i = from; i < to; i++) {
        char *word = argv[i];

        memmove(argv + i - n + 1, argv + i - n, (size_t)n * sizeof(*argv));
        argv[i - n] = word;
    }
}

int opts_parse(const struct opt *table, unsigned int where, enum opts_order order,
               int argc, char **argv, void *ctx, int *ret_next, struct err *err)
{
    int operands = 0; /* seen so far, kept just before argv[i] */
    int i = 1;

    while (i < argc) {
        int from = i, rc;
        bool is_end = strcmp(argv[i], "--") == 0;

        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            if (order == OPTS_STOP)
                break;
            operands++;
            i++;
            continue;
        }
        if (is_end)
            rc = 0;
        else if (argv[i][1] == '-')
            rc = parse_long(table, where, argv, &i, ctx, err);
        else
            rc = parse_cluster(table, where, argv, &i, ctx, err);
        if (rc < 0)
            return rc;
        i++;
        move_before(argv, from, i, operands);
        if (is_end)
            break;
    }
    *ret_next = i - operands;
    return 0;
}

static void print_one(const struct opt *opt, FILE *out)
{
    cleanup(freep) char *left = NULL;
    cleanup(freep) char *meta = NULL;
    const char *open = opt->arg == OPT_OPTIONAL ? "[=" : opt->arg ? " " : "";
    const char *close = opt->arg == OPT_OPTIONAL ? "]" : "";

    meta = opt->arg ? xasprintf("%s%s%s", open, opt->meta, close) : xstrdup("");
    if (opt->letter)
        left = xasprintf("-%c, --%s%s", opt->letter, opt->name, meta);
    else
        left = xasprintf("    --%s%s", opt->name, meta);
    if (strlen(left) > 30)
        fprintf(out, "  %s\n  %30s  %s\n", left, "", opt->help);
    else
        fprintf(out, "  %-30s  %s\n", left, opt->help);
}

void opts_print(const struct opt *table, unsigned int where, FILE *out)
{
    for (; table->name; table++)
        if (table->help && is_known(table, where))
            print_one(table, out);
}
