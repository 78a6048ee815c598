/* SPDX-License-Identifier: Apache-2.0
 *
 * run_queue.c - which of the steps that wait may start
 */
#include "shepherd/runs.h"

#include <errno.h>

/* First come, first served; a step that has to wait holds up those behind. While
 * the node's daemon is away all of them wait. */
void runs_start_waiting(struct lead *lead)
{
    struct run *run, *next;
    struct err err;

    if (lead->is_ending || !lead->sh->node)
        return;
    for (run = lead->runs; run; run = next) {
        int rc;

        next = run->next;
        if (run->is_placed)
            continue;
        rc = layout_take(lead->layout, run->spec, &run->launch, &err);
        if (rc == -EAGAIN)
            return;
        if (rc)
            run_refuse(run, &err);
        else
            run_prepare(run);
    }
}
