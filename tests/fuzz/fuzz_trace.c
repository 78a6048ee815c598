/* SPDX-License-Identifier: Apache-2.0
 *
 * fuzz_trace.c - any bytes are a trace, or are refused with a file and a line
 *
 * The first byte chooses the rules. What is read holds what trace.h promises.
 */
#include "fuzz.h"

#include "base/err.h"
#include "base/io.h"
#include "sim/trace.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct trace_rules rules_of(uint8_t choice)
{
    return (struct trace_rules){
        .exact = choice & 1,
        .keep_overrun = choice & 2,
        .drop_zero = choice & 4,
        .unknown_run = choice & 8 ? 10 : -1,
        .by_number = choice & 16,
        .procs = choice & 32 ? TRACE_PROCS_REQUESTED : TRACE_PROCS_LARGER,
        .max_jobs = choice & 64 ? 3 : 0,
    };
}

static void check(const struct trace *trace, const struct trace_rules *rules)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_job *job = &trace->jobs[i];

        BUG_ON(job->submit < 0 || job->run < 0 || job->request < 1 || job->procs < 1);
        BUG_ON(job->run > SWF_NUMBER_MAX || job->request > SWF_NUMBER_MAX);
        BUG_ON(!rules->keep_overrun && job->run > job->request);
        BUG_ON(rules->drop_zero && job->run == 0);
        BUG_ON(i > 0 && !rules->by_number && job->submit < job[-1].submit);
    }
    BUG_ON(rules->max_jobs && trace->n > rules->max_jobs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct trace_rules rules = rules_of(size ? *data : 0);
    struct lines *lines = NULL;
    struct trace trace = {0};
    struct err err = {0};
    const int fd = memfd_create("trace", MFD_CLOEXEC);

    if (size == 0 || fd < 0 || io_write_full(fd, data + 1, size - 1) ||
        lseek(fd, 0, SEEK_SET)) {
        if (fd >= 0)
            (void)close(fd);
        return 0;
    }
    BUG_ON(lines_open_fd(fd, "trace", &lines, &err));
    if (trace_read(lines, &rules, &trace, &err) == 0)
        check(&trace, &rules);
    else
        BUG_ON(strncmp(err.text, "trace:", 6) != 0);
    trace_fini(&trace);
    lines_close(lines);
    return 0;
}
