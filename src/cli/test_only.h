/* SPDX-License-Identifier: Apache-2.0
 *
 * test_only.h - when a job would start, were it submitted
 */
#ifndef BERTH_CLI_TEST_ONLY_H
#define BERTH_CLI_TEST_ONLY_H

#include "options/job_args.h"

/* Ask, and say it on stderr, or let 'refused' say why it could not be submitted.
 * args->spec is complete. Returns an exit status, that of 'refused' then. */
int test_only(const struct job_args *args, int (*refused)(int code, const char *text));

#endif
