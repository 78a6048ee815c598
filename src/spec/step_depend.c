/* SPDX-License-Identifier: Apache-2.0
 *
 * step_depend.c - what a step waits for in other steps of its job
 */
#include "spec/step_depend.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "spec/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    [STEP_AFTER] = "after",
    [STEP_AFTER_ANY] = "afterany",
    [STEP_AFTER_OK] = "afterok",
    [STEP_AFTER_NOT_OK] = "afternotok",
};

void step_depend_fini(struct step_depend *depend)
{
    free(depend->on);
    *depend = (struct step_depend){0};
}

/* ------------------------------------------------------------------- parse */

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static int read_kind(struct scan *s, enum step_depend_kind *ret, struct err *err)
{
    cleanup(freep) char *word = NULL;
    struct scan at = *s;
    int rc =
        scan_word(s, is_letter, "a number, or 'afterok' and the like,", &word, err);
    const char *near;

    for (size_t i = 0; !rc && i < ARRAY_SIZE(kinds); i++) {
        if (strcmp(kinds[i], word) == 0) {
            *ret = (enum step_depend_kind)i;
            return 0;
        }
    }
    if (rc)
        return rc;
    near = nearest_name(word, kinds, ARRAY_SIZE(kinds));
    return near ? scan_fail(&at, err, "'%s' is not known: did you mean '%s'?", word,
                            near)
                : scan_fail(&at, err,
                            "'%s' is none of after, afterany, afterok and "
                            "afternotok",
                            word);
}

/* "3", or "17.3" with the job's number before. */
static int read_step(struct scan *s, uint32_t job, uint32_t *ret, struct err *err)
{
    struct scan at = *s;
    uint64_t number, of_job = 0;
    int rc = scan_number(s, UINT32_MAX - 1, &number, err);

    if (!rc && scan_char(s, '.')) {
        of_job = number;
        rc = scan_number(s, UINT32_MAX - 1, &number, err);
    }
    if (rc)
        return rc;
    if (of_job && job && of_job != job)
        return scan_fail(&at, err,
                         "job %u is another one: steps wait for steps of their "
                         "own job",
                         (unsigned int)of_job);
    *ret = (uint32_t)number;
    return 0;
}

static int add(struct step_depend *depend, struct scan *s, uint32_t job,
               enum step_depend_kind kind, unsigned int term, struct err *err)
{
    struct step_depend_on on = {.kind = kind, .term = term};
    int rc = read_step(s, job, &on.step, err);

    if (rc)
        return rc;
    if (depend->n == STEP_DEPEND_MAX)
        return scan_fail(s, err, "more than %d steps", STEP_DEPEND_MAX);
    depend->on = xrealloc(depend->on, depend->n + 1, sizeof(*depend->on));
    depend->on[depend->n++] = on;
    return 0;
}

static int read_term(struct step_depend *depend, struct scan *s, uint32_t job,
                     unsigned int term, struct err *err)
{
    enum step_depend_kind kind = STEP_AFTER_ANY;
    bool is_bare = *s->at >= '0' && *s->at <= '9';
    int rc = is_bare ? 0 : read_kind(s, &kind, err);

    if (rc)
        return rc;
    if (is_bare)
        rc = add(depend, s, job, kind, term, err);
    else if (*s->at != ':')
        return scan_fail(s, err, "':' and the number of a step are missing");
    while (!rc && scan_char(s, ':'))
        rc = add(depend, s, job, kind, term, err);
    return rc;
}

int step_depend_parse(const char *text, uint32_t job, struct step_depend *ret,
                      struct err *err)
{
    cleanup(step_depend_fini) struct step_depend depend = {0};
    struct scan s = {text, text};
    char joint = '\0';
    unsigned int term = 0;
    int rc = 0;

    while (*text && !rc) {
        rc = read_term(&depend, &s, job, term++, err);
        if (rc || !*s.at)
            break;
        if ((*s.at != ',' && *s.at != '?') || (joint && *s.at != joint))
            return scan_fail(&s, err,
                             "'%c' has no place: terms are joined by ',' or by "
                             "'?', not by both",
                             *s.at);
        joint = *s.at++;
    }
    if (rc)
        return rc;
    depend.any = joint == '?';
    *ret = depend;
    depend = (struct step_depend){0};
    return 0;
}

/* ------------------------------------------------------------------- judge */

static enum step_depend_verdict judge_one(const struct step_depend_on *on,
                                          enum step_state state, struct err *words)
{
    bool is_ok = state == STEP_ENDED_OK, is_bad = state == STEP_ENDED_BADLY;

    if (state == STEP_UNKNOWN) {
        (void)err_set(words, ESRCH, "--dependency: there is no step %u", on->step);
        return STEP_DEPEND_NEVER;
    }
    if ((on->kind == STEP_AFTER && (is_ok || is_bad || state == STEP_RUNNING)) ||
        (on->kind == STEP_AFTER_ANY && (is_ok || is_bad)) ||
        (on->kind == STEP_AFTER_OK && is_ok) ||
        (on->kind == STEP_AFTER_NOT_OK && is_bad))
        return STEP_DEPEND_HOLDS;
    if (is_ok || is_bad) {
        (void)err_set(words, ECANCELED, "--dependency: step %u has ended %s", on->step,
                      is_ok ? "well" : "badly");
        return STEP_DEPEND_NEVER;
    }
    (void)err_set(words, EAGAIN, "step %u has not %s", on->step,
                  on->kind == STEP_AFTER ? "begun" : "ended");
    return STEP_DEPEND_WAITS;
}

/* The worst of two: never, then waits, then holds. */
static bool is_worse(enum step_depend_verdict a, enum step_depend_verdict b)
{
    return a > b;
}

enum step_depend_verdict step_depend_judge(const struct step_depend *depend,
                                           enum step_state (*state)(void *ctx,
                                                                    uint32_t step),
                                           void *ctx, struct err *words)
{
    enum step_depend_verdict best = STEP_DEPEND_NEVER, worst = STEP_DEPEND_HOLDS;

    for (size_t i = 0; i < depend->n;) {
        enum step_depend_verdict of_term = STEP_DEPEND_HOLDS;
        unsigned int term = depend->on[i].term;
        struct err why = {0};

        for (; i < depend->n && depend->on[i].term == term; i++) {
            struct err own = {0};
            enum step_depend_verdict one =
                judge_one(&depend->on[i], state(ctx, depend->on[i].step), &own);

            if (is_worse(one, of_term)) {
                of_term = one;
                why = own;
            }
        }
        if (depend->any ? !is_worse(of_term, best) : is_worse(of_term, worst))
            *words = why;
        best = is_worse(best, of_term) ? of_term : best;
        worst = is_worse(of_term, worst) ? of_term : worst;
    }
    return depend->n == 0 ? STEP_DEPEND_HOLDS : depend->any ? best : worst;
}
