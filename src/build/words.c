/* SPDX-License-Identifier: Apache-2.0
 *
 * words.c - split instructions into words and pairs
 */
#include "build/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#define PAIRS_MAX 1024

/* The end of the word that begins at 's'. */
static const char *word_end(const char *s, char escape, bool *ret_open)
{
    char quote = '\0';

    for (; *s; s++) {
        if (*s == escape && s[1]) {
            s++;
        } else if (quote) {
            if (*s == quote)
                quote = '\0';
        } else if (*s == '"' || *s == '\'') {
            quote = *s;
        } else if (isspace((unsigned char)*s)) {
            break;
        }
    }
    if (quote && ret_open)
        *ret_open = true;
    return s;
}

static const char *skip_blanks(const char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    return s;
}

typedef const char *end_fn(const char *s, char escape, bool *ret_open);

static char **split(const char *text, end_fn *find_end, char escape, bool *ret_open)
{
    char **words = NULL;
    size_t n = 0, cap = 0;

    for (const char *s = skip_blanks(text); *s; s = skip_blanks(s)) {
        const char *end = find_end(s, escape, ret_open);

        if (n + 2 > cap) {
            cap = cap ? 2 * cap : 16;
            words = xrealloc(words, cap, sizeof(*words));
        }
        words[n++] = xstrndup(s, (size_t)(end - s));
        words[n] = NULL;
        s = end;
    }
    return words;
}

char **words_split(const char *text, char escape, bool *ret_open)
{
    if (ret_open)
        *ret_open = false;
    return split(text, word_end, escape, ret_open);
}

static const char *blank_after(const char *s, char escape, bool *ret_open)
{
    (void)escape;
    (void)ret_open;
    while (*s && !isspace((unsigned char)*s))
        s++;
    return s;
}

char **words_split_plain(const char *text)
{
    return split(text, blank_after, '\0', NULL);
}

/* The name without its quotes; NULL when it is no single word. */
static char *unquote_name(const char *s, bool *ret_quoted)
{
    struct strbuf name = STRBUF_INIT;
    char quote = '\0';

    for (; *s; s++) {
        if (quote ? *s == quote : *s == '"' || *s == '\'') {
            quote = quote ? '\0' : *s;
            *ret_quoted = true;
        } else if (!quote && *s == '\\' && s[1]) {
            strbuf_putc(&name, *++s);
            *ret_quoted = true;
        } else {
            strbuf_putc(&name, *s);
        }
    }
    if (!quote && name.len)
        return strbuf_take(&name);
    strbuf_fini(&name);
    return NULL;
}

int words_heredoc(const char *word, struct heredoc *ret)
{
    const char *s = word + strspn(word, "0123456789");
    bool quoted = false;
    char *name;

    if (strncmp(s, "<<", 2) != 0 || strchr(s + 2, '<'))
        return 0;
    s += 2;
    *ret = (struct heredoc){.chomps = *s == '-'};
    name = unquote_name(s + ret->chomps, &quoted);
    if (!name)
        return 0;
    ret->name = name;
    ret->expands = !quoted;
    return 1;
}

void pairs_free(struct pair *pairs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
    free(pairs);
}

/* "NAME the rest of the line". */
static int old_pair(const char *text, struct pair **ret, size_t *ret_n, struct err *err)
{
    size_t len = strcspn(text, " \t");
    const char *value = skip_blanks(text + len);

    if (!*value)
        return err_set(err, EINVAL, "'%.60s' has no value: write NAME=VALUE", text);
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->name = xstrndup(text, len);
    (*ret)->value = xstrdup(value);
    *ret_n = 1;
    return 0;
}

static int take_pair(const char *word, bool bare, struct pair *ret, struct err *err)
{
    const char *sign = strchr(word, '=');

    if (!sign && !bare)
        return err_set(err, EINVAL,
                       "'%.60s' is not NAME=VALUE (a value with blanks needs quotes)",
                       word);
    if (sign == word || !*word)
        return err_set(err, EINVAL, "'%.60s' has no name before '='", word);
    *ret = (struct pair){
        .name = sign ? xstrndup(word, (size_t)(sign - word)) : xstrdup(word),
        .value = sign ? xstrdup(sign + 1) : NULL,
    };
    return 0;
}

int words_pairs(const char *text, char escape, bool bare, struct pair **ret,
                size_t *ret_n, struct err *err)
{
    cleanup(strv_freep) char **words = words_split(text, escape, NULL);
    size_t n = strv_len(words);
    struct pair *pairs;

    if (n == 0)
        return err_set(err, EINVAL, "needs NAME=VALUE");
    if (n > PAIRS_MAX)
        return err_set(err, EINVAL, "more than %d values", PAIRS_MAX);
    if (!bare && !strchr(words[0], '='))
        return old_pair(text, ret, ret_n, err);
    pairs = xcalloc(n, sizeof(*pairs));
    for (size_t i = 0; i < n; i++) {
        int r = take_pair(words[i], bare, &pairs[i], err);

        if (r < 0) {
            pairs_free(pairs, i);
            return r;
        }
    }
    *ret = pairs;
    *ret_n = n;
    return 0;
}
