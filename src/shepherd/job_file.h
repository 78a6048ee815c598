/* SPDX-License-Identifier: Apache-2.0
 *
 * job_file.h - small files in a job's directory that are the same for all its steps
 */
#ifndef BERTH_SHEPHERD_JOB_FILE_H
#define BERTH_SHEPHERD_JOB_FILE_H

#include <stdbool.h>

#include "base/err.h"

/* Is it there? Then it is whole, and stays as it is. */
bool job_file_is_there(const char *path);

/* Write it unless it is there: whoever else does so at the same time writes the same.
 * It goes with the job, and need not outlive the machine. */
int job_file_write_once(const char *path, const char *text, struct err *err);

#endif
