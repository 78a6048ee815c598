/* SPDX-License-Identifier: Apache-2.0
 *
 * program_spec.c - which ranks of a step run what: the file of --multi-prog
 */
#include "spec/program_spec.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 100000

void program_spec_fini(struct program_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++) {
        bitset_destroy(spec->programs[i].ranks);
        free(spec->programs[i].ranks_text);
        strv_free(spec->programs[i].argv);
    }
    free(spec->programs);
    *spec = (struct program_spec){0};
}

/* --------------------------------------------------------------------- add */

static int check_ranks(const struct program_spec *spec, const struct bitset *ranks,
                       const char *text, struct err *err)
{
    for (size_t i = 0; i < spec->n; i++) {
        const struct bitset *others = spec->programs[i].ranks;

        if (!ranks && !others)
            return err_set(err, EINVAL, "there can be one line for '*'");
        if (ranks && others && bitset_intersects(ranks, others))
            return err_set(err, EINVAL, "'%.60s': some of these ranks have a program",
                           text);
    }
    return 0;
}

int program_spec_add(struct program_spec *spec, const char *ranks, char *const *argv,
                     size_t n_argv, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *set = NULL;
    struct program program = {0};
    int rc = 0;

    if (strcmp(ranks, "*") != 0)
        rc = bitset_parse(ranks, PROGRAM_RANKS_MAX, &set, err);
    if (rc)
        return rc;
    rc = check_ranks(spec, set, ranks, err);
    if (!rc && n_argv == 0)
        rc = err_set(err, EINVAL, "'%.60s': a program is missing", ranks);
    if (rc)
        return rc;
    program.ranks = take(set);
    program.ranks_text = xstrdup(ranks);
    for (size_t i = 0; i < n_argv; i++)
        strv_add(&program.argv, argv[i]);
    spec->programs = xrealloc(spec->programs, spec->n + 1, sizeof(*spec->programs));
    spec->programs[spec->n++] = program;
    return 0;
}

/* ------------------------------------------------------------------- parse */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* A percent sign that nobody is to expand. */
static void put_kept(struct strbuf *word, char c)
{
    if (c == '%')
        strbuf_putc(word, '%');
    strbuf_putc(word, c);
}

/* One word from *at on, quotes taken off. */
static int read_word(const char **at, char **ret, struct err *err)
{
    struct strbuf word = STRBUF_INIT;
    char quote = '\0';
    const char *p = *at;

    for (; *p && (quote || (!is_blank(*p) && *p != '\n')); p++) {
        if (quote && *p == quote) {
            quote = '\0';
        } else if (quote == '\'') {
            put_kept(&word, *p);
        } else if (!quote && (*p == '\'' || *p == '"')) {
            quote = *p;
        } else if (*p == '\\' && p[1]) {
            p++;
            if (*p != '\n')
                put_kept(&word, *p);
        } else {
            strbuf_putc(&word, *p);
        }
    }
    *at = p;
    if (quote) {
        strbuf_fini(&word);
        return err_set(err, EINVAL, "a %c is not closed", quote);
    }
    *ret = strbuf_take(&word);
    return 0;
}

/* Blanks, and ends of lines that a '\' hides. */
static const char *skip_blanks(const char *p)
{
    while (is_blank(*p) || (*p == '\\' && p[1] == '\n'))
        p += *p == '\\' ? 2 : 1;
    return p;
}

static int read_line(const char **at, char ***ret, struct err *err)
{
    int rc = 0;

    for (*at = skip_blanks(*at); !rc && **at && **at != '\n'; *at = skip_blanks(*at)) {
        char *word = NULL;

        rc = read_word(at, &word, err);
        if (!rc)
            strv_take(ret, word);
    }
    return rc;
}

static unsigned int lines_between(const char *from, const char *to)
{
    unsigned int n = 0;

    for (; from < to; from++)
        n += *from == '\n';
    return n;
}

static int read_program(const char **at, struct program_spec *spec, struct err *err)
{
    cleanup(strv_freep) char **words = NULL;
    int rc;

    *at = skip_blanks(*at);
    if (**at == '#') {
        *at += strcspn(*at, "\n");
        return 0;
    }
    rc = read_line(at, &words, err);
    if (!rc && words)
        rc = program_spec_add(spec, words[0], words + 1, strv_len(words) - 1, err);
    return rc;
}

int program_spec_parse(const char *text, struct program_spec *ret, struct err *err)
{
    cleanup(program_spec_fini) struct program_spec spec = {0};
    const char *at = text, *line = text;
    int rc = 0;

    while (*at && !rc && spec.n < LINES_MAX) {
        line = at;
        rc = read_program(&at, &spec, err);
        at += !rc && *at == '\n';
    }
    if (rc)
        return err_wrap(err, "line %u", lines_between(text, line) + 1);
    if (spec.n == 0)
        return err_set(err, EINVAL, "it names no program");
    *ret = spec;
    spec = (struct program_spec){0};
    return 0;
}

/* ------------------------------------------------------------------ expand */

static bool has_rank(const struct program *program, uint32_t rank)
{
    return rank < program->ranks->nbits && bitset_test(program->ranks, rank);
}

static const struct program *program_of(const struct program_spec *spec, uint32_t rank)
{
    const struct program *rest = NULL;

    for (size_t i = 0; i < spec->n; i++) {
        if (!spec->programs[i].ranks)
            rest = &spec->programs[i];
        else if (has_rank(&spec->programs[i], rank))
            return &spec->programs[i];
    }
    return rest;
}

/* Its place among the ranks of its line; of those of '*', among those left over. */
static uint32_t place_of(const struct program_spec *spec, const struct program *program,
                         uint32_t rank)
{
    uint32_t n = 0;

    for (uint32_t r = 0; r < rank; r++)
        n += program->ranks ? has_rank(program, r) : program_of(spec, r) == program;
    return n;
}

static char *expand(const char *text, uint32_t rank, uint32_t place)
{
    struct strbuf out = STRBUF_INIT;

    strbuf_puts(&out, "");
    for (const char *p = text; *p; p++) {
        if (*p != '%' || !p[1] || !strchr("to%", p[1])) {
            strbuf_putc(&out, *p);
            continue;
        }
        p++;
        if (*p == '%')
            strbuf_putc(&out, '%');
        else
            strbuf_printf(&out, "%u", *p == 't' ? rank : place);
    }
    return strbuf_take(&out);
}

char **program_spec_argv(const struct program_spec *spec, uint32_t rank)
{
    const struct program *program = program_of(spec, rank);
    char **argv = NULL;
    uint32_t place;

    if (!program)
        return NULL;
    place = place_of(spec, program, rank);
    strv_foreach (arg, program->argv)
        strv_take(&argv, expand(*arg, rank, place));
    return argv;
}

uint32_t program_spec_missing(const struct program_spec *spec, uint32_t tasks)
{
    uint32_t rank = 0;

    while (rank < tasks && program_of(spec, rank))
        rank++;
    return rank;
}
