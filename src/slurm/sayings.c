/* SPDX-License-Identifier: Apache-2.0
 *
 * sayings.c - what srun and salloc say on the way to an allocation
 */
#include "slurm/sayings.h"

#include <errno.h>

#include "base/mem.h"
#include "cli/say.h"
#include "slurm/errors.h"
#include "slurm/slurm.h"

/* So that scripts can tell our failure from their program's. */
static int refused_status(int code)
{
    int status = code == -EBUSY ? slurm_status_of("SLURM_EXIT_IMMEDIATE") : 0;

    return status ? status : slurm_failure();
}

static int srun_refused(int code, const char *text)
{
    cleanup(freep) char *words = slurm_error_words(code, text);

    say_error("Unable to allocate resources: %s", words);
    return refused_status(code);
}

static int salloc_refused(int code, const char *text)
{
    cleanup(freep) char *words = slurm_error_words(code, text);

    say_error("Job submit/allocate failed: %s", words);
    return refused_status(code);
}

static void srun_waits(uint32_t job, const char *reason)
{
    (void)reason;
    say_info("job %u queued and waiting for resources", job);
}

static void salloc_waits(uint32_t job, const char *reason)
{
    say_info("Pending job allocation %u", job);
    srun_waits(job, reason);
}

static void granted(uint32_t job)
{
    say_info("job %u has been allocated resources", job);
}

const struct allocation_sayings srun_says = {srun_refused, srun_waits, granted};
const struct allocation_sayings salloc_says = {salloc_refused, salloc_waits, granted};
