/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.h - which stages have to be built, and on what
 *
 * Pure: names of stages and images are put together with the global ARGs.
 */
#ifndef BERTH_BUILD_PLAN_H
#define BERTH_BUILD_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "build/containerfile.h"
#include "build/scope.h"

#define PLAN_NONE (-1)

struct planned {
    char *image;    /* FROM's, variables replaced */
    char *platform; /* or NULL */
    int base;       /* stage it is built on; PLAN_NONE: the image, or scratch */
    bool is_scratch;
    bool is_needed;
};

struct plan {
    struct planned *stages; /* one for each of the file's */
    size_t n_stages;
    size_t target;
    size_t n_steps; /* FROM included, of the stages that are needed */
};

/* 'globals' has the global ARGs declared. 'target' is a stage's name or number, NULL:
 * the last. -EINVAL with the line and the nearest name. */
int plan_make(const struct containerfile *file, const struct scope *globals,
              const char *target, struct plan *ret, struct err *err);
void plan_fini(struct plan *plan);

/* The stage that 'ref' of COPY --from in stage 'current' means; PLAN_NONE: it is an
 * image. -EINVAL in the return for a stage that is not built by then. */
int plan_resolve(const struct containerfile *file, size_t current, const char *ref,
                 int *ret_stage, struct err *err);

#endif
