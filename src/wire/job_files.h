/* SPDX-License-Identifier: Apache-2.0
 *
 * job_files.h - where a batch job reads and writes
 *
 * One place for the lead, which opens these files, and for commands that show them.
 */
#ifndef BERTH_WIRE_JOB_FILES_H
#define BERTH_WIRE_JOB_FILES_H

#include <stdint.h>

#include "wire/messages.pb-c.h"

#define JOB_OUTPUT_DEFAULT "slurm-%j.out"

/* Whom the patterns of a job speak of, beside its specification. */
struct job_files {
    const Berth__JobSpec *spec;
    uint32_t job, epoch;
    const char *lead; /* its first node */
    const char *user;
};

/* The absolute path that 'pattern' means; the caller frees it. */
char *job_file_path(const struct job_files *files, const char *pattern);

/* That of the output, or of the errors, which may be the same. */
char *job_output_path(const struct job_files *files);
char *job_error_path(const struct job_files *files);

#endif
