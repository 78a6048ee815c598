/* SPDX-License-Identifier: Apache-2.0
 *
 * step_depend.h - what a step waits for in other steps of its job
 *
 * The terms of --dependency (see depend_spec.h) with numbers of steps: "afterok:0:3",
 * "afterany:17.2" where 17 is the job itself; joined by ',' (all) or by '?' (one). A
 * bare number reads as afterany.
 *
 *     after:S       S has begun
 *     afterany:S    S has ended
 *     afterok:S     S has ended well
 *     afternotok:S  S has ended badly
 */
#ifndef BERTH_SPEC_STEP_DEPEND_H
#define BERTH_SPEC_STEP_DEPEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STEP_DEPEND_MAX 4096 /* steps in one text */

enum step_depend_kind {
    STEP_AFTER,
    STEP_AFTER_ANY,
    STEP_AFTER_OK,
    STEP_AFTER_NOT_OK,
};

/* All zero: depends on nothing. */
struct step_depend {
    struct step_depend_on {
        enum step_depend_kind kind;
        uint32_t step;
        unsigned int term; /* those of one term hold together */
    } * on;
    size_t n;
    bool any; /* one term is enough */
};

/* Overwrites 'ret', which the caller ends with step_depend_fini. 'job' is the job of
 * the steps; 0: any will do. -EINVAL with the column and the nearest word. */
int step_depend_parse(const char *text, uint32_t job, struct step_depend *ret,
                      struct err *err);
void step_depend_fini(struct step_depend *depend);

enum step_state {
    STEP_UNKNOWN, /* never was, or forgotten */
    STEP_WAITING,
    STEP_RUNNING,
    STEP_ENDED_OK,
    STEP_ENDED_BADLY,
};

enum step_depend_verdict {
    STEP_DEPEND_HOLDS,
    STEP_DEPEND_WAITS,
    STEP_DEPEND_NEVER, /* can no longer hold */
};

/* Unless it holds 'words' say why: "step 3 has not ended". */
enum step_depend_verdict step_depend_judge(const struct step_depend *depend,
                                           enum step_state (*state)(void *ctx,
                                                                    uint32_t step),
                                           void *ctx, struct err *words);

#endif
