/* SPDX-License-Identifier: Apache-2.0
 *
 * depend_spec.c - the text of --dependency
 */
#include "spec/depend_spec.h"

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "spec/depend_kinds.h"
#include "spec/scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MINUTES_MAX 5256000 /* ten years */

const char *const depend_kind_names[] = {
    [DEPEND_AFTER] = "after",          [DEPEND_AFTER_ANY] = "afterany",
    [DEPEND_AFTER_OK] = "afterok",     [DEPEND_AFTER_NOT_OK] = "afternotok",
    [DEPEND_AFTER_CORR] = "aftercorr", [DEPEND_SINGLETON] = "singleton",
};
#define KINDS ARRAY_SIZE(depend_kind_names)

static int parse_job(struct scan *s, enum depend_kind kind, struct depend_job *ret,
                     struct err *err)
{
    struct depend_job job = {.element = ARRAY_NONE};
    const struct scan start = *s;
    uint64_t n;
    int rc = scan_number(s, UINT32_MAX, &n, err);

    if (rc)
        return rc;
    if (n == 0)
        return scan_fail(&start, err, "no job has the number 0");
    job.job = (uint32_t)n;
    if (scan_char(s, '_')) {
        rc = scan_number(s, ARRAY_INDEX_MAX, &n, err);
        job.element = rc ? ARRAY_NONE : (uint32_t)n;
    }
    if (rc == 0 && *s->at == '+' && kind != DEPEND_AFTER)
        return scan_fail(s, err, "only after:%u may have a delay", job.job);
    if (rc == 0 && scan_char(s, '+')) {
        rc = scan_number(s, MINUTES_MAX, &n, err);
        job.minutes = rc ? 0 : (uint32_t)n;
    }
    *ret = job;
    return rc;
}

/* "12:13_4", all of one term. */
static int parse_jobs(struct scan *s, struct depend_term *term, size_t *total,
                      struct err *err)
{
    do {
        struct depend_job job;
        int rc = parse_job(s, term->kind, &job, err);

        if (rc)
            return rc;
        if (++*total > DEPEND_JOBS_MAX)
            return err_set(err, E2BIG, "more than %d jobs", DEPEND_JOBS_MAX);
        term->jobs = xrealloc(term->jobs, term->n + 1, sizeof(*term->jobs));
        term->jobs[term->n++] = job;
    } while (scan_char(s, ':'));
    return 0;
}

static bool is_letter(char c)
{
    return isalpha((unsigned char)c);
}

static int parse_kind(struct scan *s, enum depend_kind *ret, struct err *err)
{
    const struct scan start = *s;
    cleanup(freep) char *word = NULL;
    const char *near;
    int rc = scan_word(s, is_letter, "a kind of dependency", &word, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(word, depend_kind_names[i]) == 0) {
            *ret = (enum depend_kind)i;
            return 0;
        }
    }
    near = nearest_name(word, depend_kind_names, KINDS);
    if (near)
        return scan_fail(&start, err,
                         "'%.40s' is no kind of dependency, did you mean '%s'? It is",
                         word, near);
    return scan_fail(&start, err,
                     "'%.40s' is none of after, afterany, afterok, afternotok, "
                     "aftercorr and singleton,",
                     word);
}

static int parse_term(struct scan *s, struct depend_term *term, size_t *total,
                      struct err *err)
{
    int rc;

    term->kind = DEPEND_AFTER_ANY;
    if (isdigit((unsigned char)*s->at))
        return parse_jobs(s, term, total, err);
    rc = parse_kind(s, &term->kind, err);
    if (rc || term->kind == DEPEND_SINGLETON)
        return rc;
    if (!scan_char(s, ':'))
        return scan_fail(s, err, "':' and a job's number are missing");
    return parse_jobs(s, term, total, err);
}

/* The mark between two terms; '\0' at the end. */
static int parse_mark(struct scan *s, char *mark, struct err *err)
{
    char c = *s->at;

    if (c == '\0') {
        *mark = c;
        return 0;
    }
    if (c != ',' && c != '?')
        return scan_fail(s, err, "'%c' has no place", c);
    if (*mark && c != *mark)
        return scan_fail(s, err, "',' and '?' cannot be mixed: '%c'", c);
    *mark = c;
    s->at++;
    return 0;
}

static int parse(struct scan *s, struct depend_spec *spec, struct err *err)
{
    size_t total = 0;
    char mark = '\0';
    int rc;

    do {
        if (spec->n == DEPEND_JOBS_MAX)
            return err_set(err, E2BIG, "more than %d terms", DEPEND_JOBS_MAX);
        spec->terms = xrealloc(spec->terms, spec->n + 1, sizeof(*spec->terms));
        spec->terms[spec->n] = (struct depend_term){0};
        rc = parse_term(s, &spec->terms[spec->n++], &total, err);
        if (rc == 0)
            rc = parse_mark(s, &mark, err);
        if (rc)
            return rc;
        spec->any = spec->any || mark == '?';
    } while (mark);
    return 0;
}

int depend_spec_parse(const char *text, struct depend_spec *ret, struct err *err)
{
    cleanup(depend_spec_fini) struct depend_spec spec = {0};
    struct scan s = {text, text};
    int rc = *text ? parse(&s, &spec, err) : 0;

    if (rc)
        return rc;
    *ret = spec;
    spec = (struct depend_spec){0};
    return 0;
}

void depend_spec_fini(struct depend_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++)
        free(spec->terms[i].jobs);
    free(spec->terms);
    *spec = (struct depend_spec){0};
}

static void put_job(struct strbuf *sb, const struct depend_job *job)
{
    strbuf_printf(sb, ":%u", job->job);
    if (job->element != ARRAY_NONE)
        strbuf_printf(sb, "_%u", job->element);
    if (job->minutes)
        strbuf_printf(sb, "+%u", job->minutes);
}

char *depend_spec_format(const struct depend_spec *spec)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; i < spec->n; i++) {
        const struct depend_term *term = &spec->terms[i];

        if (i)
            strbuf_putc(&sb, spec->any ? '?' : ',');
        strbuf_puts(&sb, depend_kind_names[term->kind]);
        for (size_t j = 0; j < term->n; j++)
            put_job(&sb, &term->jobs[j]);
    }
    return strbuf_take(&sb);
}
