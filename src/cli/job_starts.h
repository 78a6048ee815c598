/* SPDX-License-Identifier: Apache-2.0
 *
 * job_starts.h - when waiting jobs will start, as a table and a document
 */
#ifndef BERTH_CLI_JOB_STARTS_H
#define BERTH_CLI_JOB_STARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

void job_starts_print(const Berth__StartList *list, bool has_header, size_t width,
                      FILE *out);

/* The keys of berth-jobs(1) with estimated_start and promised. A new reference. */
json_t *job_starts_document(const Berth__StartList *list);

#endif
