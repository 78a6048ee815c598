/* SPDX-License-Identifier: Apache-2.0
 *
 * label_spec.c - read, write and judge label selectors
 */
#include "spec/label_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "base/units.h"
#include "spec/object_name.h"
#include "spec/scan.h"

static bool is_word_part(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("-_./", c));
}

static int read_key(struct scan *s, char **ret, struct err *err)
{
    const struct scan start = *s;
    struct err why;
    int rc = scan_word(s, is_word_part, "a label's name", ret, err);

    if (rc == 0 && label_key_check(*ret, &why) < 0)
        rc = scan_fail(&start, err, "%s", why.text);
    return rc;
}

/* One value, which may be empty. */
static int read_value(struct scan *s, struct label_term *term, struct err *err)
{
    const struct scan start = *s;
    struct err why;

    while (is_word_part(*s->at))
        s->at++;
    strv_take(&term->values, xstrndup(start.at, (size_t)(s->at - start.at)));
    if (label_value_check(term->values[strv_len(term->values) - 1], &why) < 0)
        return scan_fail(&start, err, "%s", why.text);
    return 0;
}

static int read_set(struct scan *s, struct label_term *term, struct err *err)
{
    size_t n = 0;
    int rc;

    scan_blanks(s);
    if (!scan_char(s, '('))
        return scan_fail(s, err, "'(' is missing");
    do {
        scan_blanks(s);
        if (n++ == LABEL_VALUES_MAX)
            return scan_fail(s, err, "more than %d values", LABEL_VALUES_MAX);
        if ((rc = read_value(s, term, err)) < 0)
            return rc;
        scan_blanks(s);
    } while (scan_char(s, ','));
    return scan_char(s, ')') ? 0 : scan_fail(s, err, "')' is missing");
}

/* Is the word 'word' next, as a whole? Steps over it. */
static bool scan_keyword(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(s->at, word, len) != 0 || is_word_part(s->at[len]))
        return false;
    s->at += len;
    return true;
}

static int read_number(struct scan *s, struct label_term *term, struct err *err)
{
    const struct scan start = *s;
    int64_t number;
    int rc;

    scan_blanks(s);
    rc = read_value(s, term, err);
    if (rc == 0 &&
        number_parse(term->values[0], INT64_MIN, INT64_MAX, &number, NULL) < 0)
        rc = scan_fail(&start, err, "a whole number is missing");
    return rc;
}

/* What stands behind a key; nothing: it exists. */
static int read_condition(struct scan *s, struct label_term *term, struct err *err)
{
    scan_blanks(s);
    term->op = LABEL_IN;
    if (scan_keyword(s, "in"))
        return read_set(s, term, err);
    if (scan_char(s, '=')) {
        (void)scan_char(s, '=');
        scan_blanks(s);
        return read_value(s, term, err);
    }
    term->op = LABEL_NOT_IN;
    if (scan_keyword(s, "notin"))
        return read_set(s, term, err);
    if (scan_char(s, '!')) {
        if (!scan_char(s, '='))
            return scan_fail(s, err, "'=' is missing after '!'");
        scan_blanks(s);
        return read_value(s, term, err);
    }
    term->op = *s->at == '>' ? LABEL_ABOVE : LABEL_BELOW;
    if (scan_char(s, '>') || scan_char(s, '<'))
        return read_number(s, term, err);
    term->op = LABEL_EXISTS;
    return 0;
}

static int read_term(struct scan *s, struct label_spec *spec, struct err *err)
{
    struct label_term *term;
    bool is_absent;
    int rc;

    if (spec->n == LABEL_TERMS_MAX)
        return scan_fail(s, err, "more than %d terms", LABEL_TERMS_MAX);
    spec->terms = xrealloc(spec->terms, spec->n + 1, sizeof(*spec->terms));
    term = &spec->terms[spec->n++];
    *term = (struct label_term){.op = LABEL_ABSENT};
    scan_blanks(s);
    is_absent = scan_char(s, '!');
    scan_blanks(s);
    rc = read_key(s, &term->key, err);
    if (rc == 0 && !is_absent)
        rc = read_condition(s, term, err);
    scan_blanks(s);
    return rc;
}

int label_spec_parse(const char *text, struct label_spec *ret, struct err *err)
{
    struct label_spec spec = {.n = 0};
    struct scan s = {.text = text, .at = text};
    int rc = 0;

    scan_blanks(&s);
    if (*s.at)
        do
            rc = read_term(&s, &spec, err);
        while (rc == 0 && scan_char(&s, ','));
    if (rc == 0 && *s.at)
        rc = scan_fail(&s, err, "',' is missing");
    if (rc < 0) {
        label_spec_fini(&spec);
        return rc;
    }
    *ret = spec;
    return 0;
}

void label_spec_fini(struct label_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++) {
        free(spec->terms[i].key);
        strv_free(spec->terms[i].values);
    }
    free(spec->terms);
    *spec = (struct label_spec){.n = 0};
}

static void format_term(const struct label_term *term, struct strbuf *out)
{
    cleanup(freep) char *values = strv_join(term->values, ",");
    bool is_one = strv_len(term->values) == 1;

    switch (term->op) {
    case LABEL_IN:
        strbuf_printf(out, is_one ? "%s=%s" : "%s in (%s)", term->key, values);
        break;
    case LABEL_NOT_IN:
        strbuf_printf(out, is_one ? "%s!=%s" : "%s notin (%s)", term->key, values);
        break;
    case LABEL_EXISTS:
        strbuf_puts(out, term->key);
        break;
    case LABEL_ABSENT:
        strbuf_printf(out, "!%s", term->key);
        break;
    case LABEL_ABOVE:
    case LABEL_BELOW:
        strbuf_printf(out, "%s%c%s", term->key, term->op == LABEL_ABOVE ? '>' : '<',
                      values);
        break;
    }
}

char *label_spec_format(const struct label_spec *spec)
{
    struct strbuf out = STRBUF_INIT;

    for (size_t i = 0; i < spec->n; i++) {
        if (i)
            strbuf_putc(&out, ',');
        format_term(&spec->terms[i], &out);
    }
    return strbuf_take(&out);
}

static bool compares(const struct label_term *term, const char *value)
{
    int64_t have, bound;

    if (!value || !term->values || !term->values[0] ||
        number_parse(value, INT64_MIN, INT64_MAX, &have, NULL) < 0 ||
        number_parse(term->values[0], INT64_MIN, INT64_MAX, &bound, NULL) < 0)
        return false;
    return term->op == LABEL_ABOVE ? have > bound : have < bound;
}

static bool term_holds(const struct label_term *term, label_get_fn *get,
                       const void *object)
{
    const char *value = get(object, term->key);

    switch (term->op) {
    case LABEL_IN:
        return value && strv_has(term->values, value);
    case LABEL_NOT_IN:
        return !value || !strv_has(term->values, value);
    case LABEL_EXISTS:
        return value;
    case LABEL_ABSENT:
        return !value;
    case LABEL_ABOVE:
    case LABEL_BELOW:
        return compares(term, value);
    }
    return false;
}

bool label_spec_holds(const struct label_spec *spec, label_get_fn *get,
                      const void *object)
{
    for (size_t i = 0; i < spec->n; i++)
        if (!term_holds(&spec->terms[i], get, object))
            return false;
    return true;
}
