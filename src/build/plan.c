/* SPDX-License-Identifier: Apache-2.0
 *
 * plan.c - follow FROM and --from back from the target
 */
#include "build/plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strv.h"

/* The stage of that name before 'limit', or PLAN_NONE. */
static int find_stage(const struct containerfile *file, size_t limit, const char *name)
{
    for (size_t i = 0; i < limit; i++) {
        if (file->stages[i].name && strcasecmp(file->stages[i].name, name) == 0)
            return (int)i;
    }
    return PLAN_NONE;
}

/* "7", and not more than four digits; PLAN_NONE otherwise. */
static int number_of(const char *ref)
{
    size_t len = strlen(ref);

    if (!len || len > 4 || strspn(ref, "0123456789") != len)
        return PLAN_NONE;
    return atoi(ref);
}

int plan_resolve(const struct containerfile *file, size_t current, const char *ref,
                 int *ret_stage, struct err *err)
{
    int found = find_stage(file, current, ref);

    if (found == PLAN_NONE)
        found = number_of(ref);
    if (found == PLAN_NONE && find_stage(file, file->n_stages, ref) != PLAN_NONE)
        return err_set(
            err, EINVAL, "the stage '%.60s' is not built by then: it comes %s", ref,
            find_stage(file, file->n_stages, ref) == (int)current ? "here" : "later");
    if (found >= (int)current)
        return err_set(err, EINVAL, "there is no stage %d before this one", found);
    *ret_stage = found;
    return 0;
}

/* The "from" of a RUN --mount option's text, in memory the caller frees; NULL when
 * it has none. */
static char *mount_from(const char *option)
{
    cleanup(strv_freep) char **parts = strv_split(option, ",");

    strv_foreach (part, parts) {
        if (strncmp(*part, "from=", 5) == 0)
            return xstrdup(*part + 5);
    }
    return NULL;
}

static int expand_to(const struct scope *globals, char escape, const char *text,
                     char **ret, struct err *err)
{
    struct expansion ex = scope_expansion(globals, escape);

    return expand_word(&ex, text, ret, err);
}

static int plan_stage(const struct containerfile *file, const struct scope *globals,
                      size_t i, struct planned *ret, struct err *err)
{
    const struct stage *stage = &file->stages[i];
    int rc = expand_to(globals, file->escape, stage->image, &ret->image, err);

    if (!rc && stage->platform)
        rc = expand_to(globals, file->escape, stage->platform, &ret->platform, err);
    if (!rc && !*ret->image)
        rc = err_set(err, EINVAL, "'%.60s' is nothing: its ARG has no value",
                     stage->image);
    if (rc)
        return instruction_wrap(file, stage->from, err);
    ret->base = find_stage(file, i, ret->image);
    ret->is_scratch = ret->base == PLAN_NONE && strcmp(ret->image, "scratch") == 0;
    return 0;
}

static int need(const struct containerfile *file, struct plan *plan, size_t i,
                struct err *err);

static int need_ref(const struct containerfile *file, struct plan *plan, size_t current,
                    const char *ref, struct err *err)
{
    int stage;
    int rc = plan_resolve(file, current, ref, &stage, err);

    return rc || stage == PLAN_NONE ? rc : need(file, plan, (size_t)stage, err);
}

/* What one instruction takes from other stages. */
static int need_of(const struct containerfile *file, struct plan *plan, size_t current,
                   const struct instruction *in, struct err *err)
{
    const char *from = instruction_flag(in, "from");
    int rc = from ? need_ref(file, plan, current, from, err) : 0;

    if (in->kind != INSTRUCTION_RUN)
        return rc;
    strv_foreach (flag, in->flags) {
        cleanup(freep) char *ref =
            strncmp(*flag, "mount=", 6) == 0 ? mount_from(*flag + 6) : NULL;

        if (!rc && ref)
            rc = need_ref(file, plan, current, ref, err);
    }
    return rc;
}

/* Stages refer to earlier ones only, so this ends. */
static int need(const struct containerfile *file, struct plan *plan, size_t i,
                struct err *err)
{
    const struct stage *stage = &file->stages[i];
    int rc = 0;

    if (plan->stages[i].is_needed)
        return 0;
    plan->stages[i].is_needed = true;
    plan->n_steps += 1 + stage->n_steps;
    if (plan->stages[i].base != PLAN_NONE)
        rc = need(file, plan, (size_t)plan->stages[i].base, err);
    for (size_t s = 0; !rc && s < stage->n_steps; s++) {
        rc = need_of(file, plan, i, &stage->steps[s], err);
        if (rc)
            (void)instruction_wrap(file, &stage->steps[s], err);
    }
    return rc;
}

static int find_target(const struct containerfile *file, const char *target,
                       size_t *ret, struct err *err)
{
    const char *names[CONTAINERFILE_STAGES_MAX], *near;
    int found;

    *ret = file->n_stages - 1;
    if (!target)
        return 0;
    found = find_stage(file, file->n_stages, target);
    if (found == PLAN_NONE)
        found = number_of(target);
    if (found != PLAN_NONE && (size_t)found < file->n_stages) {
        *ret = (size_t)found;
        return 0;
    }
    for (size_t i = 0; i < file->n_stages; i++)
        names[i] = file->stages[i].name;
    near = nearest_name(target, names, file->n_stages);
    return err_set(err, EINVAL, "--target: %s has no stage '%.60s'%s%s%s", file->file,
                   target, near ? ": did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

int plan_make(const struct containerfile *file, const struct scope *globals,
              const char *target, struct plan *ret, struct err *err)
{
    struct plan plan = {.stages = xcalloc(file->n_stages, sizeof(*plan.stages)),
                        .n_stages = file->n_stages};
    int rc = find_target(file, target, &plan.target, err);

    for (size_t i = 0; !rc && i <= plan.target; i++)
        rc = plan_stage(file, globals, i, &plan.stages[i], err);
    if (!rc)
        rc = need(file, &plan, plan.target, err);
    if (rc) {
        plan_fini(&plan);
        return rc;
    }
    *ret = plan;
    return 0;
}

void plan_fini(struct plan *plan)
{
    for (size_t i = 0; i < plan->n_stages; i++) {
        free(plan->stages[i].image);
        free(plan->stages[i].platform);
    }
    free(plan->stages);
    *plan = (struct plan){0};
}
