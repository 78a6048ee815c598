/* SPDX-License-Identifier: Apache-2.0
 *
 * job_columns.h - what a list of jobs can show, by squeue(1)'s letters
 */
#ifndef BERTH_CLI_JOB_COLUMNS_H
#define BERTH_CLI_JOB_COLUMNS_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "client/berth.h"

#define JOB_COLUMNS_DEFAULT "iPjutMDR"
#define JOB_COLUMNS_LONG "iPjuTMlDCQR"

/* The text of one column for one job at 'now'; NULL for an unknown letter. The
 * caller frees it. */
char *job_column(char letter, const Berth__JobInfo *job, int64_t now);

/* A table with these columns, as wide as 'width' allows. */
void job_columns_print(const char *letters, const Berth__JobList *list, int64_t now,
                       int has_header, size_t width, FILE *out);

/* Lines by a squeue(1) format: "%i %.8j %T"; -EINVAL for an unknown letter. */
int job_format_print(const char *format, const Berth__JobList *list, int64_t now,
                     int has_header, FILE *out, struct err *err);

#endif
