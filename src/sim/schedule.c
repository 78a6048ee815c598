/* SPDX-License-Identifier: Apache-2.0
 *
 * schedule.c - a schedule is a log again
 */
#include "sim/schedule.h"

#include <inttypes.h>

void schedule_write_header(const char *policy, uint64_t procs, FILE *out)
{
    (void)fprintf(out,
                  "; Version: 2.2\n"
                  "; Computer: simulated by berth-sim\n"
                  "; MaxProcs: %" PRIu64 "\n"
                  "; Note: policy %s; field 3 is the wait under it\n",
                  procs, policy);
}

static void write_job(const struct trace_job *job, const struct outcome *outcome,
                      const char *place, FILE *out)
{
    const bool ran = outcome->procs > 0;

    if (job->label)
        (void)fputs(job->label, out);
    else
        (void)fprintf(out, "%" PRId64, job->number);
    (void)fprintf(out,
                  " %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu32 " -1 -1 %" PRIu32
                  " %" PRId64 " -1 %d %" PRId32 " %" PRId32 " -1 %" PRId32 " -1 -1 -1",
                  job->submit, ran ? outcome->start - job->submit : -1,
                  ran ? outcome->end - outcome->start : -1, job->procs, job->procs,
                  job->request, ran ? 1 : 5, job->user, job->group, job->queue);
    if (place)
        (void)fprintf(out, " %s", place);
    (void)fputc('\n', out);
}

void schedule_write(const struct trace_job *jobs, const struct outcome *outcomes,
                    char *const *places, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++)
        write_job(&jobs[i], &outcomes[i], places ? places[i] : NULL, out);
}
