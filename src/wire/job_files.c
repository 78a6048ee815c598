/* SPDX-License-Identifier: Apache-2.0
 *
 * job_files.c - where a batch job reads and writes
 */
#include "wire/job_files.h"

#include "base/mem.h"
#include "base/pattern.h"

char *job_file_path(const struct job_files *files, const char *pattern)
{
    const Berth__JobSpec *spec = files->spec;
    struct pattern_values values = {
        .job = files->job,
        .has_array = spec->array_job != 0,
        .array_job = spec->array_job,
        .array_task = spec->array_task,
        .step = -1,
        .restarts = files->epoch - 1,
        .node_name = files->lead,
        .user = files->user,
        .job_name = spec->name,
    };
    cleanup(freep) char *name = pattern_expand(pattern, &values);

    return name[0] == '/' ? take(name) : xasprintf("%s/%s", spec->cwd, name);
}

char *job_output_path(const struct job_files *files)
{
    const char *pattern = files->spec->output;

    return job_file_path(files, pattern[0] ? pattern : JOB_OUTPUT_DEFAULT);
}

char *job_error_path(const struct job_files *files)
{
    const char *pattern = files->spec->error;

    return pattern[0] ? job_file_path(files, pattern) : job_output_path(files);
}
