/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_setters.c - options of a bag of commands
 */
#include "options/job_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#define RETRY_MAX 1000000

int set_bag_retry(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t n;
    int rc = number_parse(value, 0, RETRY_MAX, &n, err);

    (void)opt;
    if (rc == 0)
        args->bag.retry = (uint32_t)n;
    return rc;
}

int set_bag_max_failures(const struct opt *opt, const char *value, void *ctx,
                         struct err *err)
{
    struct job_args *args = ctx;
    int64_t n;
    int rc = number_parse(value, 1, INT64_MAX, &n, err);

    (void)opt;
    if (rc == 0)
        args->bag.max_failures = (uint64_t)n;
    return rc;
}

/* A bare number counts seconds, as parallel(1) and timeout(1) have it. */
int set_bag_timeout(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct job_args *args = ctx;
    int64_t seconds = 0;
    char *end;
    double number = strtod(value, &end);
    int rc = 0;

    (void)opt;
    if (*value >= '0' && *value <= '9' && *end == '\0' && number <= 1e9)
        args->bag.timeout_ms = (uint64_t)(number * 1000 + 0.5);
    else if ((rc = duration_parse(value, &seconds, err)) == 0)
        args->bag.timeout_ms = seconds == TIME_UNLIMITED ? 0 : (uint64_t)seconds * 1000;
    if (rc == 0 && seconds != TIME_UNLIMITED && args->bag.timeout_ms == 0)
        return err_set(err, EINVAL, "'%s': less than a millisecond", value);
    return rc;
}
