/* SPDX-License-Identifier: Apache-2.0
 *
 * directives.c - options in the comments at the top of a script
 */
#include "options/directives.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "options/components.h"
#include "options/foreign.h"

struct splitter {
    struct strbuf word;
    bool in_word;
    char quote; /* the open one, or 0 */
    char **words;
};

static void end_word(struct splitter *s)
{
    if (s->in_word)
        strv_take(&s->words, strbuf_take(&s->word));
    s->in_word = false;
}

/* Take one character; false when the directive ends with it. */
static bool take_char(struct splitter *s, char c)
{
    if (s->quote) {
        if (c == s->quote)
            s->quote = 0;
        else
            strbuf_putc(&s->word, c);
        return true;
    }
    if (c == '#')
        return false;
    if (isspace((unsigned char)c)) {
        end_word(s);
        return true;
    }
    s->in_word = true;
    if (c == '"' || c == '\'')
        s->quote = c;
    else
        strbuf_putc(&s->word, c);
    return true;
}

int directive_split(const char *text, size_t len, char ***ret_words, struct err *err)
{
    struct splitter s = {.word = STRBUF_INIT};
    char open;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\' && i + 1 < len) {
            s.in_word = true;
            strbuf_putc(&s.word, text[++i]);
        } else if (!take_char(&s, text[i])) {
            break;
        }
    }
    open = s.quote;
    end_word(&s);
    strbuf_fini(&s.word);
    if (open) {
        strv_free(s.words);
        return err_set(err, EINVAL, "a quote %c is not closed", open);
    }
    *ret_words = s.words;
    return 0;
}

/* Parse the words of one directive as if they stood on the command line; a lone
 * "hetjob" begins the next component. */
static int apply_words(char **words, size_t *component, struct job_args *args,
                       struct err *err)
{
    int argc = (int)strv_len(words), next, rc;

    if (argc == 2 &&
        (strcmp(words[1], "hetjob") == 0 || strcmp(words[1], "packjob") == 0))
        return components_select(args, ++*component, err);
    rc = opts_parse(job_options, FOR_SUBMIT, OPTS_STOP, argc, words, args, &next, err);
    if (rc == -ECANCELED)
        return err_set(err, EINVAL, "--help has no place in a script");
    if (rc == 0 && next < argc)
        return err_set(err, EINVAL, "Invalid directive found in batch script: %s",
                       words[next]);
    return rc;
}

static int apply_all(char **words, size_t *component, struct job_args *args,
                     struct err *err)
{
    cleanup(strv_freep) char **all = NULL;

    strv_add(&all, "directive"); /* stands where a program's name would */
    strv_foreach (word, words) {
        strv_add(&all, *word);
    }
    return apply_words(all, component, args, err);
}

/* Of another scheduler: what it says in our options, and a warning of the rest. */
static int apply_foreign(enum foreign kind, char **words, size_t *component,
                         struct job_args *args, struct err *err)
{
    cleanup(foreign_fini) struct foreign_options options;
    int rc = foreign_translate(kind, words, &options, err);

    if (rc < 0)
        return rc;
    strv_foreach (left, options.left) {
        job_args_warn(args, "#%s %s is left out: it has no counterpart",
                      kind == FOREIGN_PBS ? "PBS" : "BSUB", *left);
    }
    return options.words ? apply_all(options.words, component, args, err) : 0;
}

/* How a directive begins, and whose it is. */
static const struct marker {
    const char *text;
    bool is_foreign;
    enum foreign kind;
} markers[] = {{"#SBATCH", false, 0},
               {"#BERTH", false, 0},
               {"#PBS", true, FOREIGN_PBS},
               {"#BSUB", true, FOREIGN_BSUB}};

static int read_directive(const struct marker *marker, const char *text, size_t len,
                          size_t *component, struct job_args *args, struct err *err)
{
    cleanup(strv_freep) char **words = NULL;
    int rc = directive_split(text, len, &words, err);

    if (rc < 0)
        return rc;
    return marker->is_foreign ? apply_foreign(marker->kind, words, component, args, err)
                              : apply_all(words, component, args, err);
}

/* The marker at the start of 'line', or NULL. */
static const struct marker *marker_of(const char *line, size_t len, bool is_foreign_too)
{
    for (size_t i = 0; i < ARRAY_SIZE(markers); i++) {
        size_t n = strlen(markers[i].text);

        if (len > n && memcmp(line, markers[i].text, n) == 0 &&
            isspace((unsigned char)line[n]) &&
            (!markers[i].is_foreign || is_foreign_too))
            return &markers[i];
    }
    return NULL;
}

static bool is_command(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!isspace((unsigned char)line[i]))
            return line[i] != '#';
    return false;
}

static int read_lines(const char *script, size_t len, struct job_args *args,
                      struct err *err)
{
    const char *end = script + len;
    size_t component = 0;
    int number = 1;

    for (const char *line = script, *next; line < end; line = next, number++) {
        const char *eol = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((eol ? eol : end) - line), skip;
        const struct marker *marker;

        next = eol ? eol + 1 : end;
        if (is_command(line, n))
            break;
        marker = marker_of(line, n, !args->ignore_pbs);
        skip = marker ? strlen(marker->text) : 0;
        if (marker &&
            read_directive(marker, line + skip, n - skip, &component, args, err) < 0)
            return err_wrap(err, "line %d", number);
    }
    return 0;
}

int directives_read(const char *script, size_t len, struct job_args *args,
                    struct err *err)
{
    int rc = read_lines(script, len, args, err);

    (void)components_select(args, 0, NULL);
    return rc;
}
