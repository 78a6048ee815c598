/* SPDX-License-Identifier: Apache-2.0
 *
 * command.c - options, help and complaints of a command
 */
#include "sim/command.h"

#include "base/units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int sim_fail(const struct sim_usage *usage, enum sim_status status, const char *fmt,
             ...)
{
    va_list ap;

    (void)fprintf(stderr, "berth-sim %s: ", usage->name);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fputc('\n', stderr);
    return (int)status;
}

int sim_parse(const struct sim_usage *usage, const struct opt *table,
              unsigned int where, int argc, char **argv, void *ctx, int *ret_next)
{
    struct err err;
    const int rc =
        opts_parse(table, where, OPTS_ANYWHERE, argc, argv, ctx, ret_next, &err);

    if (rc == 0)
        return -1;
    if (rc != -ECANCELED)
        return sim_fail(usage, SIM_USAGE, "%s", err.text);
    printf("Usage: %s\n\n%s\n\nOptions:\n", usage->synopsis, usage->about);
    opts_print(table, where, stdout);
    printf("\nExamples:\n%s", usage->examples);
    return SIM_OK;
}

int sim_opt_count(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    int64_t number;
    const int rc = number_parse(value, 1, 100000000, &number, err);

    if (rc == 0)
        *(uint32_t *)(void *)((char *)ctx + opt->offset) = (uint32_t)number;
    return rc;
}

int sim_opt_number(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    int64_t number;
    const int rc = number_parse(value, 0, INT64_MAX, &number, err);

    if (rc == 0)
        *(uint64_t *)(void *)((char *)ctx + opt->offset) = (uint64_t)number;
    return rc;
}

int sim_opt_real(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    char *end;
    const double number = strtod(value, &end);

    if (end == value || *end || !(number >= 0 && number <= 1e9))
        return err_set(err, EINVAL, "'%s' is not a number from 0 to 1e9", value);
    *(double *)(void *)((char *)ctx + opt->offset) = number;
    return 0;
}
