/* SPDX-License-Identifier: Apache-2.0
 *
 * expand.c - one pass over a word, from quote to variable
 */
#include "build/expand.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

enum mode { MODE_WORD, MODE_WORDS, MODE_TEXT };

struct lexer {
    const struct expansion *ex;
    enum mode mode;
    const char *at;
    const char *stop; /* an unquoted one of these ends the text; "" for none */
    struct strbuf out;
    char **words;
    size_t n_words;
    bool in_word;
    int depth;
};

static int expand_until(struct lexer *lx, struct err *err);

static void put(struct lexer *lx, char c)
{
    strbuf_putc(&lx->out, c);
    lx->in_word = true;
}

/* Words beyond the bound are counted, not kept. */
static void end_word(struct lexer *lx)
{
    if (lx->in_word && lx->n_words++ < EXPAND_WORDS_MAX)
        strv_take(&lx->words, strbuf_take(&lx->out));
    lx->in_word = false;
}

/* Add a variable's value; of several words it may be several. */
static int put_value(struct lexer *lx, const char *value, bool quoted, struct err *err)
{
    if (lx->out.len + strlen(value) > EXPAND_BYTES_MAX)
        return err_set(err, EINVAL, "the text is over %u bytes with its variables",
                       EXPAND_BYTES_MAX);
    if (lx->mode != MODE_WORDS || quoted) {
        strbuf_puts(&lx->out, value);
        lx->in_word = lx->in_word || *value || quoted;
        return 0;
    }
    for (; *value; value++) {
        if (isspace((unsigned char)*value))
            end_word(lx);
        else
            put(lx, *value);
    }
    return 0;
}

static char *read_name(struct lexer *lx)
{
    const char *s = lx->at;
    size_t len = 0;

    if (isdigit((unsigned char)*s) || (*s && strchr("@*#?-$!", *s)))
        len = 1;
    else
        while (isalnum((unsigned char)s[len]) || s[len] == '_')
            len++;
    lx->at += len;
    return len ? xstrndup(s, len) : NULL;
}

/* The text up to one of 'stop', itself expanded; '*ret' is on it. */
static int read_part(struct lexer *lx, const char *stop, char **ret, struct err *err)
{
    struct lexer part = {.ex = lx->ex,
                         .mode = MODE_WORD,
                         .at = lx->at,
                         .stop = stop,
                         .depth = lx->depth + 1};
    int rc;

    if (part.depth > EXPAND_DEPTH_MAX)
        return err_set(err, EINVAL, "variables inside of variables, more than %d deep",
                       EXPAND_DEPTH_MAX);
    rc = expand_until(&part, err);
    if (!rc && !*part.at)
        rc = err_set(err, EINVAL, "'${' without a '}'");
    if (rc) {
        strbuf_fini(&part.out);
        return rc;
    }
    lx->at = part.at;
    *ret = strbuf_take(&part.out);
    return 0;
}

/* The first or longest piece at the front, or at the end, that matches is cut. */
static char *cut_pattern(const char *value, const char *pattern, bool front,
                         bool longest)
{
    size_t len = strlen(value);
    cleanup(freep) char *piece = xstrdup(value);

    for (size_t i = 0; i <= len; i++) {
        size_t n = longest ? len - i : i;

        if (front) {
            memcpy(piece, value, n);
            piece[n] = '\0';
            if (fnmatch(pattern, piece, 0) == 0)
                return xstrdup(value + n);
        } else if (fnmatch(pattern, value + (len - n), 0) == 0) {
            return xstrndup(value, len - n);
        }
    }
    return xstrdup(value);
}

/* The length of the longest match at 's'; 0: none. */
static size_t match_at(const char *s, const char *pattern, char *piece)
{
    for (size_t n = strlen(s); n > 0; n--) {
        memcpy(piece, s, n);
        piece[n] = '\0';
        if (fnmatch(pattern, piece, 0) == 0)
            return n;
    }
    return 0;
}

static char *replace_pattern(const char *value, const char *pattern, const char *by,
                             bool all)
{
    struct strbuf out = STRBUF_INIT;
    cleanup(freep) char *piece = xstrdup(value);
    bool done = false;

    while (*value) {
        size_t n = done ? 0 : match_at(value, pattern, piece);

        if (n) {
            strbuf_puts(&out, by);
            value += n;
            done = !all;
        } else {
            strbuf_putc(&out, *value++);
        }
        if (out.len > EXPAND_BYTES_MAX)
            break;
    }
    return strbuf_take(&out);
}

/* "#", "##", "%", "%%", "/" and "//"; lx->at is behind the first character. */
static int expand_pattern(struct lexer *lx, const char *value, char op, char **ret,
                          struct err *err)
{
    cleanup(freep) char *pattern = NULL;
    cleanup(freep) char *by = NULL;
    bool twice = *lx->at == op;
    int rc;

    lx->at += twice;
    rc = read_part(lx, op == '/' ? "/}" : "}", &pattern, err);
    if (!rc && *lx->at == '/') {
        lx->at++;
        rc = read_part(lx, "}", &by, err);
    }
    if (rc)
        return rc;
    if (strlen(value) > EXPAND_PATTERN_VALUE_MAX || strlen(pattern) > 64)
        return err_set(err, EINVAL, "the value or the pattern is too long for '%c'",
                       op);
    *ret = op == '/' ? replace_pattern(value, pattern, by ? by : "", twice)
                     : cut_pattern(value, pattern, op == '#', twice);
    return 0;
}

/* ":-", "-", ":+", "+", ":?", "?"; lx->at is on the sign. */
static int expand_choice(struct lexer *lx, const char *name, const char *value,
                         bool colon, char **ret, struct err *err)
{
    cleanup(freep) char *word = NULL;
    bool is_set = value && (!colon || *value);
    char sign = *lx->at++;
    int rc = read_part(lx, "}", &word, err);

    if (rc)
        return rc;
    if (sign == '?' && !is_set)
        return err_set(err, EINVAL, "%.60s: %s", name,
                       *word ? word : "it has no value, and must have one");
    if (sign == '+')
        *ret = is_set ? take(word) : xstrdup("");
    else
        *ret = is_set ? xstrdup(value) : take(word);
    return 0;
}

/* "${...}"; lx->at is behind the brace. */
static int expand_braces(struct lexer *lx, char **ret, struct err *err)
{
    cleanup(freep) char *name = read_name(lx);
    const char *value;
    int rc;

    if (!name)
        return err_set(err, EINVAL, "'${%.20s' is no variable", lx->at);
    value = lx->ex->get(lx->ex->ctx, name);
    if (*lx->at == '}') {
        *ret = xstrdup(value ? value : "");
        rc = 0;
    } else if (*lx->at == ':' && lx->at[1] && strchr("-+?", lx->at[1])) {
        lx->at++;
        rc = expand_choice(lx, name, value, true, ret, err);
    } else if (*lx->at && strchr("-+?", *lx->at)) {
        rc = expand_choice(lx, name, value, false, ret, err);
    } else if (*lx->at && strchr("#%/", *lx->at)) {
        char op = *lx->at++;

        rc = expand_pattern(lx, value ? value : "", op, ret, err);
    } else {
        return err_set(err, EINVAL, "'${%.60s%.20s': '}' was expected", name, lx->at);
    }
    if (!rc)
        lx->at++;
    return rc;
}

/* lx->at is on the dollar. */
static int expand_dollar(struct lexer *lx, bool quoted, struct err *err)
{
    cleanup(freep) char *text = NULL;
    cleanup(freep) char *name = NULL;
    const char *value;
    int rc = 0;

    lx->at++;
    if (*lx->at == '{') {
        lx->at++;
        rc = expand_braces(lx, &text, err);
        value = text;
    } else {
        name = read_name(lx);
        if (!name) {
            put(lx, '$');
            return 0;
        }
        value = lx->ex->get(lx->ex->ctx, name);
    }
    return rc ? rc : put_value(lx, value ? value : "", quoted, err);
}

static int expand_single(struct lexer *lx, struct err *err)
{
    const char *end = strchr(lx->at + 1, '\'');

    if (!end)
        return err_set(err, EINVAL, "a ' without a second one");
    strbuf_add(&lx->out, lx->at + 1, (size_t)(end - lx->at - 1));
    lx->in_word = true;
    lx->at = end + 1;
    return 0;
}

static int expand_double(struct lexer *lx, struct err *err)
{
    lx->at++;
    lx->in_word = true;
    while (*lx->at && *lx->at != '"') {
        char next = lx->at[1];

        if (*lx->at == '$') {
            int rc = expand_dollar(lx, true, err);

            if (rc)
                return rc;
            continue;
        }
        if (*lx->at == lx->ex->escape &&
            (next == '"' || next == '$' || next == lx->ex->escape))
            lx->at++;
        put(lx, *lx->at++);
    }
    if (!*lx->at)
        return err_set(err, EINVAL, "a \" without a second one");
    lx->at++;
    return 0;
}

static void expand_escape(struct lexer *lx)
{
    char next = *++lx->at;

    if (lx->mode == MODE_TEXT && next != '$' && next != '\\')
        put(lx, '\\');
    if (*lx->at)
        put(lx, *lx->at++);
}

static int expand_step(struct lexer *lx, struct err *err)
{
    bool text = lx->mode == MODE_TEXT;

    if (*lx->at == (text ? '\\' : lx->ex->escape)) {
        expand_escape(lx);
        return 0;
    }
    if (*lx->at == '$')
        return expand_dollar(lx, false, err);
    if (!text && *lx->at == '\'')
        return expand_single(lx, err);
    if (!text && *lx->at == '"')
        return expand_double(lx, err);
    if (lx->mode == MODE_WORDS && isspace((unsigned char)*lx->at)) {
        end_word(lx);
        lx->at++;
        return 0;
    }
    put(lx, *lx->at++);
    return 0;
}

static int expand_until(struct lexer *lx, struct err *err)
{
    int rc = 0;

    while (!rc && *lx->at && !strchr(lx->stop, *lx->at))
        rc = expand_step(lx, err);
    return rc;
}

static int expand(const struct expansion *ex, enum mode mode, const char *text,
                  char **ret, struct err *err)
{
    struct lexer lx = {.ex = ex, .mode = mode, .at = text, .stop = ""};
    int rc = expand_until(&lx, err);

    if (rc) {
        strbuf_fini(&lx.out);
        return rc;
    }
    *ret = strbuf_take(&lx.out);
    return 0;
}

int expand_word(const struct expansion *ex, const char *word, char **ret,
                struct err *err)
{
    return expand(ex, MODE_WORD, word, ret, err);
}

int expand_text(const struct expansion *ex, const char *text, char **ret,
                struct err *err)
{
    return expand(ex, MODE_TEXT, text, ret, err);
}

int expand_words(const struct expansion *ex, const char *text, char ***ret,
                 struct err *err)
{
    struct lexer lx = {.ex = ex, .mode = MODE_WORDS, .at = text, .stop = ""};
    int rc = expand_until(&lx, err);

    if (!rc)
        end_word(&lx);
    strbuf_fini(&lx.out);
    if (!rc && lx.n_words > EXPAND_WORDS_MAX)
        rc = err_set(err, EINVAL, "more than %d words", EXPAND_WORDS_MAX);
    if (rc) {
        strv_free(lx.words);
        return rc;
    }
    *ret = lx.words;
    return 0;
}
