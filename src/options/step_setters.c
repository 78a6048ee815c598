/* SPDX-License-Identifier: Apache-2.0
 *
 * step_setters.c - what the values of options of steps mean
 */
#include "options/job_args.h"

#include <errno.h>

#include "base/units.h"

/* srun(1): nodes of the allocation count from 0. */
int set_relative(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t n;
    int rc = number_parse(value, 0, UINT32_MAX - 1, &n, err);

    (void)opt;
    if (rc == 0)
        args->relative = (uint32_t)n + 1;
    return rc;
}
