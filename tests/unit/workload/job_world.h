/* SPDX-License-Identifier: Apache-2.0
 *
 * job_world.h - a Job in a test, and pods that do what they are told
 */
#ifndef BERTH_TESTS_JOB_WORLD_H
#define BERTH_TESTS_JOB_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "objects/manifest.h"
#include "workload/job_plan.h"

#define WORLD_PODS 4096

struct job_world {
    struct manifest manifest;
    struct mf_job_spec *spec;
    struct job_progress progress;
    struct job_pod pods[WORLD_PODS];
    struct job_exit exits[WORLD_PODS];
    size_t n;
    int64_t now, again;
    int64_t started; /* pods so far */
    bool is_expired;
};

/* 'fields' are lines of the spec in JSON: "parallelism: 2, completions: 5". */
static inline struct job_world *job_world_create(const char *restart,
                                                 const char *fields)
{
    struct job_world *w = xcalloc(1, sizeof(*w));
    const struct manifest_rules rules = {.extra = NULL};
    cleanup(freep) char *text =
        xasprintf("{apiVersion: batch/v1, kind: Job, metadata: {name: sweep}, "
                  "spec: {%s%stemplate: {spec: {restartPolicy: %s, containers: "
                  "[{name: main, image: i}, {name: log, image: i}]}}}}",
                  fields, *fields ? ", " : "", restart);
    struct err err;

    if (manifest_read("t", text, strlen(text), &rules, &w->manifest, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < w->manifest.objects[0].report.n; i++)
        if (w->manifest.objects[0].report.problems[i].is_error)
            fail_msg("%s", w->manifest.objects[0].report.problems[i].text);
    w->spec = ((struct mf_job *)w->manifest.objects[0].object)->spec;
    w->now = 1000;
    return w;
}

static inline void job_world_destroy(struct job_world *w)
{
    job_progress_fini(&w->progress);
    manifest_fini(&w->manifest);
    free(w);
}

static inline void carry_out(struct job_world *w, const struct job_plan *plan)
{
    for (size_t i = plan->forgotten.n; i-- > 0;)
        w->pods[plan->forgotten.items[i]].name = NULL;
    for (size_t i = 0; i < plan->starts.n; i++) {
        assert_true(w->n < WORLD_PODS);
        w->started++;
        w->pods[w->n++] = (struct job_pod){
            .name = "sweep-x",
            .index = plan->starts.items[i].index,
            .made_at = w->now,
        };
    }
    w->again = plan->again;
    w->is_expired = plan->is_expired;
}

static inline void drop_forgotten(struct job_world *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++) {
        if (!w->pods[i].name)
            continue;
        w->exits[n] = w->exits[i];
        w->pods[n] = w->pods[i];
        w->pods[n].exits = w->pods[n].n_exits ? &w->exits[n] : NULL;
        n++;
    }
    w->n = n;
}

/* Plan until there is nothing to do now. */
static inline void step(struct job_world *w)
{
    for (int i = 0;; i++) {
        struct job_plan plan;
        bool has_work;

        assert_true(i < 100);
        job_plan_make(w->spec, &w->progress, w->pods, w->n, w->now, &plan);
        has_work = plan.starts.n || plan.ends.n || plan.counted.n || plan.forgotten.n;
        carry_out(w, &plan);
        drop_forgotten(w);
        job_plan_fini(&plan);
        if (!has_work)
            return;
    }
}

static inline void finish(struct job_world *w, size_t i, int code)
{
    w->exits[i] = (struct job_exit){"main", code};
    w->pods[i].exits = &w->exits[i];
    w->pods[i].n_exits = 1;
    w->pods[i].phase = code ? JOB_POD_FAILED : JOB_POD_SUCCEEDED;
    w->pods[i].ended_at = w->now;
}

static inline size_t count_active(const struct job_world *w)
{
    size_t sum = 0;

    for (size_t i = 0; i < w->n; i++)
        sum += job_pod_is_active(&w->pods[i]);
    return sum;
}

static inline size_t first_active(const struct job_world *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (job_pod_is_active(&w->pods[i]))
            return i;
    fail_msg("no pod is active");
    return 0;
}

static inline size_t pod_of(const struct job_world *w, int64_t index)
{
    for (size_t i = 0; i < w->n; i++)
        if (job_pod_is_active(&w->pods[i]) && w->pods[i].index == index)
            return i;
    fail_msg("index %d has no pod", (int)index);
    return 0;
}

/* Pods that were asked to go do so. */
static inline void let_go(struct job_world *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->pods[i].is_ending && !job_pod_has_ended(&w->pods[i]))
            finish(w, i, 143);
    step(w);
}

static inline void expect(const struct job_world *w, enum job_outcome outcome,
                          const char *reason)
{
    if (w->progress.outcome != outcome ||
        (reason && strcmp(w->progress.reason, reason) != 0))
        fail_msg("%s, %s: %s", job_outcome_name(w->progress.outcome),
                 w->progress.reason ? w->progress.reason : "",
                 w->progress.words ? w->progress.words : "");
}

#endif
