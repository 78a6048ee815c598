/* SPDX-License-Identifier: Apache-2.0
 *
 * job_document.h - jobs as JSON objects, with the keys that berth-jobs(1) promises
 *
 * Scripts rely on these keys: add to them, never rename one. Times are seconds
 * since 1970, durations seconds; what is not known yet, or unlimited, is null.
 */
#ifndef BERTH_CLI_JOB_DOCUMENT_H
#define BERTH_CLI_JOB_DOCUMENT_H

#include <jansson.h>

#include "client/berth.h"

/* What a list of jobs tells of one; a new reference. */
json_t *job_document_short(const Berth__JobInfo *job);

/* All that is known: the same, the placement, and what was asked for. */
json_t *job_document(const Berth__JobInfo *job);

#endif
