/* SPDX-License-Identifier: Apache-2.0
 *
 * depend_judge.c - does a dependency hold, can it still, and what is missing
 *
 * Verdicts of a term's jobs, and of terms joined by ',', are combined by the
 * worst; those of terms joined by '?' by the best. The words are those of the
 * first that decides.
 */
#include "spec/depend_spec.h"

#include "base/mem.h"
#include "spec/depend_kinds.h"

#include <errno.h>
#include <stdio.h>

/* One verdict with its time and words. */
struct finding {
    enum depend_verdict verdict;
    int64_t when; /* 0: not known */
    struct err words;
};

static const struct finding holds = {.verdict = DEPEND_HOLDS};

/* "job 12" or "job 12_3" */
static const char *name_of(const struct depend_job *job, char *buf, size_t size)
{
    if (job->element == ARRAY_NONE)
        snprintf(buf, size, "job %u", job->job);
    else
        snprintf(buf, size, "job %u_%u", job->job, job->element);
    return buf;
}

static struct finding finding(enum depend_verdict verdict, const struct depend_job *job,
                              const char *what)
{
    struct finding f = {.verdict = verdict};
    char name[40];

    (void)err_set(&f.words, verdict == DEPEND_NEVER ? EINVAL : EAGAIN, "%s %s",
                  name_of(job, name, sizeof(name)), what);
    return f;
}

static struct finding judge_after(const struct depend_job *job,
                                  const struct depend_facts *facts, int64_t now)
{
    int64_t when = facts->start_time + (int64_t)job->minutes * 60;
    struct finding f;

    if (facts->state == DEPEND_UNKNOWN)
        return holds;
    if (facts->state == DEPEND_PENDING)
        return finding(DEPEND_WAITS, job, "has not begun");
    if (facts->start_time == 0 || when <= now) /* one cancelled first never began */
        return holds;
    f = finding(DEPEND_WAITS, job, "has not run long enough");
    f.when = when;
    return f;
}

static struct finding judge_end(const struct depend_job *job, enum depend_kind kind,
                                enum depend_state state)
{
    switch (state) {
    case DEPEND_UNKNOWN:
        if (kind == DEPEND_AFTER_ANY)
            return holds;
        return finding(DEPEND_NEVER, job, "is not known (any more)");
    case DEPEND_PENDING:
        return finding(DEPEND_WAITS, job, "has not begun");
    case DEPEND_RUNNING:
        return finding(DEPEND_WAITS, job, "has not ended");
    case DEPEND_ENDED_OK:
        if (kind != DEPEND_AFTER_NOT_OK)
            return holds;
        return finding(DEPEND_NEVER, job, "ended well, but had to fail");
    case DEPEND_ENDED_BADLY:
        if (kind == DEPEND_AFTER_ANY || kind == DEPEND_AFTER_NOT_OK)
            return holds;
        return finding(DEPEND_NEVER, job, "failed, but had to end well");
    }
    return holds;
}

static struct finding judge_job(const struct depend_term *term, struct depend_job job,
                                uint32_t element, const struct depend_world *world)
{
    struct depend_facts facts;

    if (term->kind == DEPEND_AFTER_CORR && job.element == ARRAY_NONE)
        job.element = element;
    facts = world->job(world->ctx, job.job, job.element);
    if (term->kind == DEPEND_AFTER)
        return judge_after(&job, &facts, world->now);
    return judge_end(&job, term->kind, facts.state);
}

static struct finding judge_singleton(const struct depend_world *world)
{
    struct depend_job earlier = {.job = world->namesake(world->ctx),
                                 .element = ARRAY_NONE};

    if (earlier.job == 0)
        return holds;
    return finding(DEPEND_WAITS, &earlier, "of the same name and user has not ended");
}

/* Both must hold: keep the worse; of two that wait, the later known time. */
static void keep_worse(struct finding *kept, const struct finding *f)
{
    int64_t when =
        kept->when && f->when ? (kept->when > f->when ? kept->when : f->when) : 0;

    if (kept->verdict == DEPEND_WAITS && f->verdict == DEPEND_WAITS)
        kept->when = when;
    else if (f->verdict > kept->verdict)
        *kept = *f;
}

/* One is enough: keep the better; of two that wait, the earlier known time. */
static void keep_better(struct finding *kept, const struct finding *f)
{
    if (f->verdict < kept->verdict) {
        *kept = *f;
        return;
    }
    if (kept->verdict == DEPEND_WAITS && f->verdict == DEPEND_WAITS && f->when &&
        (!kept->when || f->when < kept->when))
        *kept = *f;
}

static struct finding judge_term(const struct depend_term *term, uint32_t element,
                                 const struct depend_world *world)
{
    struct finding kept = holds;

    if (term->kind == DEPEND_SINGLETON)
        return judge_singleton(world);
    for (size_t i = 0; i < term->n && kept.verdict != DEPEND_NEVER; i++) {
        struct finding f = judge_job(term, term->jobs[i], element, world);

        keep_worse(&kept, &f);
    }
    if (kept.verdict == DEPEND_NEVER)
        (void)err_wrap(&kept.words, "%s", depend_kind_names[term->kind]);
    return kept;
}

enum depend_verdict depend_spec_judge(const struct depend_spec *spec, uint32_t element,
                                      const struct depend_world *world,
                                      int64_t *ret_when, struct err *words)
{
    struct finding kept = holds;

    for (size_t i = 0; i < spec->n; i++) {
        struct finding f = judge_term(&spec->terms[i], element, world);

        if (i == 0)
            kept = f;
        else if (spec->any)
            keep_better(&kept, &f);
        else
            keep_worse(&kept, &f);
    }
    if (kept.verdict == DEPEND_HOLDS)
        return DEPEND_HOLDS;
    if (ret_when)
        *ret_when = kept.when;
    if (words)
        *words = kept.words;
    return kept.verdict;
}
