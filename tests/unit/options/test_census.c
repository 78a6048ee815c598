/* SPDX-License-Identifier: Apache-2.0
 *
 * test_census.c - what becomes of each directive: honoured, warned about or refused,
 * none dropped in silence
 *
 * The verdicts over directives.tsv are ours; those over a collection of the wild are
 * counted, when it is at hand.
 */
#include "options/directives.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum verdict { HONOURED, GRANTED, WARNED, REFUSED, VERDICTS };

static const char *const verdict_names[VERDICTS] = {"honoured", "granted", "warned",
                                                    "refused"};

/* All that directives can have changed, as bytes. */
static char *snapshot(const struct job_args *args, size_t *ret_len)
{
    size_t len = berth__job_spec__get_packed_size(args->components[0]);
    const char *words[] = {args->export, args->wrap,     args->mpi,
                           args->key,    args->clusters, args->propagate};
    cleanup(freep) uint8_t *packed = xmalloc(len + 1);
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);

    berth__job_spec__pack(args->components[0], packed);
    fwrite(packed, 1, len, out);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        fprintf(out, "|%s", words[i] ? words[i] : "");
    fprintf(out, "|%d%d%d%d%d%d%d%zu", args->parsable, args->wait, args->test_only,
            args->dry_run, args->quiet, args->verbose, args->has_container,
            args->n_components);
    fclose(out);
    return text;
}

static bool is_changed(const struct job_args *args)
{
    cleanup(freep) char *before = NULL, *after = NULL;
    size_t len_before, len_after;
    struct job_args fresh;

    job_args_init(&fresh, args->now);
    before = snapshot(&fresh, &len_before);
    after = snapshot(args, &len_after);
    job_args_fini(&fresh);
    return len_before != len_after || memcmp(before, after, len_after) != 0;
}

/* The verdict over one line; *ret_words is the warning or the refusal, or NULL. */
static enum verdict judge(const char *directive, char **ret_words)
{
    cleanup(freep) char *script = xasprintf("#!/bin/sh\n%s\n", directive);
    enum verdict verdict = HONOURED;
    struct job_args args;
    struct err err = {0};

    *ret_words = NULL;
    job_args_init(&args, 1700000000);
    if (directives_read(script, strlen(script), &args, &err) < 0) {
        verdict = REFUSED;
        /* Words that name the line and say something. */
        assert_int_equal(strncmp(err.text, "line 2: ", 8), 0);
        assert_true(strlen(err.text) > 20);
        *ret_words = xstrdup(err.text + 8);
    } else if (args.warnings) {
        verdict = WARNED;
        *ret_words = strv_join(args.warnings, "; ");
    } else if (!is_changed(&args)) {
        verdict = GRANTED;
    }
    job_args_fini(&args);
    return verdict;
}

static char *read_beside_source(const char *path)
{
    const char *top = getenv("srcdir");
    cleanup(freep) char *full = xasprintf("%s/%s", top ? top : ".", path);
    char *text = NULL;

    return io_read_file(full, 16 << 20, &text, NULL, NULL) < 0 ? NULL : text;
}

/* ---------------------------------------------------------------------- ours */

static bool is_expected(const char *wanted, enum verdict verdict)
{
    if (strcmp(wanted, "taken") == 0)
        return verdict == HONOURED || verdict == WARNED || verdict == GRANTED;
    return strcmp(wanted, verdict_names[verdict]) == 0;
}

static void each_of_our_own_directives_gets_its_verdict(void **state)
{
    cleanup(freep) char *text = read_beside_source("tests/unit/options/directives.tsv");
    unsigned int wrong = 0, n = 0;
    char *save = NULL;

    (void)state;
    assert_non_null(text);
    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char *tab = strchr(line, '\t');
        cleanup(freep) char *words = NULL;
        enum verdict verdict;

        if (line[0] == '#' || !tab)
            continue;
        *tab = '\0';
        verdict = judge(tab + 1, &words);
        n++;
        if (is_expected(line, verdict))
            continue;
        wrong++;
        print_message("%s: %s, not %s (%s)\n", tab + 1, verdict_names[verdict], line,
                      words ? words : "");
    }
    assert_true(n > 100);
    assert_int_equal(wrong, 0);
}

/* ---------------------------------------------------------------- of the wild */

struct row {
    char *option;
    unsigned int n[VERDICTS];
};
struct census {
    struct row *rows;
    size_t n_rows;
    unsigned int total[VERDICTS];
};

/* "-N2" and "-N 2" are "-N", "--nodes=2" is "--nodes". */
static char *option_of(const char *directive)
{
    const char *p = directive + strlen("#SBATCH");

    while (isspace((unsigned char)*p))
        p++;
    if (p[0] == '-' && p[1] != '-' && p[1])
        return xstrndup(p, 2);
    return xstrndup(p, strcspn(p, "= \t#"));
}

static struct row *row_of(struct census *census, const char *option)
{
    for (size_t i = 0; i < census->n_rows; i++)
        if (strcmp(census->rows[i].option, option) == 0)
            return &census->rows[i];
    census->rows = xrealloc(census->rows, census->n_rows + 1, sizeof(*census->rows));
    census->rows[census->n_rows] = (struct row){.option = xstrdup(option)};
    return &census->rows[census->n_rows++];
}

static int by_count(const void *pa, const void *pb)
{
    const struct row *a = pa, *b = pb;
    unsigned int na = 0, nb = 0;

    for (size_t i = 0; i < VERDICTS; i++) {
        na += a->n[i];
        nb += b->n[i];
    }
    return na != nb ? (na < nb) - (na > nb) : strcmp(a->option, b->option);
}

static void count_line(struct census *census, const char *line)
{
    const char *tab = strrchr(line, '\t');
    cleanup(freep) char *option = NULL, *words = NULL;
    enum verdict verdict;

    if (!tab || strncmp(tab + 1, "#SBATCH", 7) != 0)
        return;
    option = option_of(tab + 1);
    verdict = judge(tab + 1, &words);
    row_of(census, option)->n[verdict]++;
    census->total[verdict]++;
    if (verdict == REFUSED)
        print_message("  refused: %s: %s\n", tab + 1, words);
}

static void print_census(struct census *census)
{
    qsort(census->rows, census->n_rows, sizeof(*census->rows), by_count);
    print_message("%-22s %9s %9s %9s %9s\n", "option", verdict_names[0],
                  verdict_names[1], verdict_names[2], verdict_names[3]);
    for (size_t i = 0; i < census->n_rows; i++) {
        const struct row *r = &census->rows[i];

        print_message("%-22s %9u %9u %9u %9u\n", r->option, r->n[0], r->n[1], r->n[2],
                      r->n[3]);
        free(census->rows[i].option);
    }
    print_message("%-22s %9u %9u %9u %9u\n", "all", census->total[0], census->total[1],
                  census->total[2], census->total[3]);
    free(census->rows);
}

static void directives_of_the_wild_are_counted(void **state)
{
    char *text = read_beside_source("../shared/data/sbatch/directives.tsv");
    struct census census = {0};
    char *save = NULL;

    (void)state;
    if (!text) {
        print_message("no collection of scripts beside the source\n");
        skip();
    }
    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save))
        count_line(&census, line);
    free(text);
    print_census(&census);
    /* What is refused are mistakes: templates not filled in, values left out. */
    assert_true(census.total[HONOURED] > 200 * census.total[REFUSED]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_our_own_directives_gets_its_verdict),
        cmocka_unit_test(directives_of_the_wild_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
