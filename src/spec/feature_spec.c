/* SPDX-License-Identifier: Apache-2.0
 *
 * feature_spec.c - the text of --constraint
 *
 * Recursive descent, one function a level of the grammar:
 *
 *     or      = and { '|' and }
 *     and     = unary { '&' unary }
 *     unary   = '!' unary | primary [ '*' number ]
 *     primary = name | '(' or ')' | '[' or ']'
 */
#include "spec/feature_spec.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "spec/feature_expr.h"
#include "spec/scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct scan s;
    unsigned int depth, names;
    bool in_brackets;
    struct err *err;
};

static void expr_destroy(struct feature_expr *e)
{
    if (!e)
        return;
    expr_destroy(e->left);
    expr_destroy(e->right);
    free(e->name);
    free(e);
}

static void expr_destroyp(struct feature_expr **e)
{
    expr_destroy(*e);
}

static struct feature_expr *node(enum feature_op op, struct feature_expr *left,
                                 struct feature_expr *right)
{
    struct feature_expr *e = xcalloc(1, sizeof(*e));

    e->op = op;
    e->left = left;
    e->right = right;
    e->is_plain = op != FEATURE_COUNTED && op != FEATURE_BRACKETS &&
                  (!left || left->is_plain) && (!right || right->is_plain);
    return e;
}

/* ------------------------------------------------------------------ grammar */

static bool is_feature_char(char c)
{
    return isgraph((unsigned char)c) && !strchr("&|!*()[],\"'\\%", c);
}

static int parse_or(struct parser *p, struct feature_expr **ret);

static int parse_name(struct parser *p, struct feature_expr **ret)
{
    cleanup(freep) char *name = NULL;
    const struct scan start = p->s;
    int rc;

    if (*p->s.at == ',')
        return scan_fail(&p->s, p->err, "write '&' for both or '|' for either: ','");
    rc = scan_word(&p->s, is_feature_char, "a feature", &name, p->err);
    if (rc)
        return rc;
    if (++p->names > FEATURE_NAMES_MAX)
        return scan_fail(&start, p->err, "more than %d features", FEATURE_NAMES_MAX);
    *ret = node(FEATURE_NAME, NULL, NULL);
    (*ret)->name = take(name);
    return 0;
}

/* After '(' or '[': what is inside, and 'close'. */
static int parse_group(struct parser *p, char close, struct feature_expr **ret)
{
    cleanup(expr_destroyp) struct feature_expr *inner = NULL;
    int rc;

    if (++p->depth > FEATURE_DEPTH_MAX)
        return scan_fail(&p->s, p->err, "parentheses deeper than %d",
                         FEATURE_DEPTH_MAX);
    rc = parse_or(p, &inner);
    if (rc)
        return rc;
    scan_blanks(&p->s);
    if (!scan_char(&p->s, close))
        return scan_fail(&p->s, p->err, "'%c' is missing", close);
    p->depth--;
    *ret = take(inner);
    return 0;
}

static int parse_brackets(struct parser *p, struct feature_expr **ret)
{
    struct feature_expr *inner;
    int rc;

    if (p->in_brackets)
        return scan_fail(&p->s, p->err, "brackets in brackets");
    p->in_brackets = true;
    rc = parse_group(p, ']', &inner);
    p->in_brackets = false;
    if (rc == 0)
        *ret = node(FEATURE_BRACKETS, inner, NULL);
    return rc;
}

static int parse_primary(struct parser *p, struct feature_expr **ret)
{
    scan_blanks(&p->s);
    if (scan_char(&p->s, '('))
        return parse_group(p, ')', ret);
    if (scan_char(&p->s, '['))
        return parse_brackets(p, ret);
    return parse_name(p, ret);
}

static int parse_count(struct parser *p, struct feature_expr **e)
{
    uint64_t count;
    int rc;

    if (!(*e)->is_plain)
        return scan_fail(&p->s, p->err, "counts and brackets cannot be counted: '*'");
    p->s.at++;
    scan_blanks(&p->s);
    rc = scan_number(&p->s, FEATURE_COUNT_MAX, &count, p->err);
    if (rc == 0 && count == 0)
        return scan_fail(&p->s, p->err, "a count of zero");
    if (rc == 0) {
        *e = node(FEATURE_COUNTED, *e, NULL);
        (*e)->count = (uint32_t)count;
    }
    return rc;
}

/* Any number of '!', of which only their being odd matters. */
static int parse_unary(struct parser *p, struct feature_expr **ret)
{
    cleanup(expr_destroyp) struct feature_expr *e = NULL;
    bool is_negated = false;
    const struct scan start = p->s;
    int rc;

    for (scan_blanks(&p->s); scan_char(&p->s, '!'); scan_blanks(&p->s))
        is_negated = !is_negated;
    rc = parse_primary(p, &e);
    if (rc)
        return rc;
    if (is_negated && !e->is_plain)
        return scan_fail(&start, p->err, "counts and brackets cannot be negated");
    if (is_negated)
        e = node(FEATURE_NOT, e, NULL);
    scan_blanks(&p->s);
    if (*p->s.at == '*')
        rc = parse_count(p, &e);
    if (rc == 0)
        *ret = take(e);
    return rc;
}

/* A chain of what 'next' parses, between marks, as a tree that leans left. */
static int parse_chain(struct parser *p, char mark, enum feature_op op,
                       int (*next)(struct parser *, struct feature_expr **),
                       struct feature_expr **ret)
{
    cleanup(expr_destroyp) struct feature_expr *e = NULL;
    int rc = next(p, &e);

    while (rc == 0 && scan_char(&p->s, mark)) {
        struct feature_expr *right;

        (void)scan_char(&p->s, mark); /* "&&" and "||" are habits */
        rc = next(p, &right);
        if (rc == 0)
            e = node(op, e, right);
    }
    if (rc == 0)
        *ret = take(e);
    return rc;
}

static int parse_and(struct parser *p, struct feature_expr **ret)
{
    return parse_chain(p, '&', FEATURE_AND, parse_unary, ret);
}

static int parse_or(struct parser *p, struct feature_expr **ret)
{
    return parse_chain(p, '|', FEATURE_OR, parse_and, ret);
}

/* ------------------------------------------------------------------ bounds */

/* How many alternatives 'e' comes to, never less than the truth and at most one
 * more than FEATURE_CHOICES_MAX. 'apart': each side of '|' is one of its own. */
static unsigned int count_choices(const struct feature_expr *e, bool apart)
{
    unsigned int left, right, n;

    if (!e->left || e->op == FEATURE_COUNTED || e->op == FEATURE_NOT)
        return 1;
    if (e->op == FEATURE_BRACKETS)
        return count_choices(e->left, true);
    if (e->op == FEATURE_AND)
        apart = false;
    if (e->is_plain && !apart)
        return 1;
    left = count_choices(e->left, apart);
    right = count_choices(e->right, apart);
    n = e->op == FEATURE_OR ? left + right : left * right;
    return n > FEATURE_CHOICES_MAX ? FEATURE_CHOICES_MAX + 1 : n;
}

int feature_spec_parse(const char *text, struct feature_spec **ret, struct err *err)
{
    struct parser p = {.s = {text, text}, .err = err};
    cleanup(expr_destroyp) struct feature_expr *root = NULL;
    int rc = parse_or(&p, &root);

    if (rc)
        return rc;
    if (*p.s.at == ',')
        return scan_fail(&p.s, err, "write '&' for both or '|' for either: ','");
    if (*p.s.at)
        return scan_fail(&p.s, err, "'%c' has no place", *p.s.at);
    if (count_choices(root, false) > FEATURE_CHOICES_MAX)
        return err_set(err, E2BIG, "'%.100s' has more than %d alternatives", text,
                       FEATURE_CHOICES_MAX);
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->root = take(root);
    return 0;
}

void feature_spec_destroy(struct feature_spec *spec)
{
    if (!spec)
        return;
    expr_destroy(spec->root);
    free(spec);
}

void feature_spec_destroyp(struct feature_spec **spec)
{
    feature_spec_destroy(*spec);
}

/* ------------------------------------------------------------------ printing */

/* How strongly an operator binds. */
static int strength(enum feature_op op)
{
    switch (op) {
    case FEATURE_OR:
        return 0;
    case FEATURE_AND:
        return 1;
    case FEATURE_COUNTED:
        return 2;
    case FEATURE_NOT:
        return 3;
    case FEATURE_NAME:
    case FEATURE_BRACKETS:
        return 4;
    }
    return 4;
}

static void put(struct strbuf *sb, const struct feature_expr *e, int around)
{
    int own = strength(e->op);

    if (own < around)
        strbuf_putc(sb, '(');
    switch (e->op) {
    case FEATURE_NAME:
        strbuf_puts(sb, e->name);
        break;
    case FEATURE_NOT:
        strbuf_putc(sb, '!');
        put(sb, e->left, own + 1);
        break;
    case FEATURE_AND:
    case FEATURE_OR:
        put(sb, e->left, own);
        strbuf_putc(sb, e->op == FEATURE_AND ? '&' : '|');
        put(sb, e->right, own + 1);
        break;
    case FEATURE_COUNTED:
        put(sb, e->left, own + 1);
        strbuf_printf(sb, "*%u", e->count);
        break;
    case FEATURE_BRACKETS:
        strbuf_putc(sb, '[');
        put(sb, e->left, 0);
        strbuf_putc(sb, ']');
        break;
    }
    if (own < around)
        strbuf_putc(sb, ')');
}

char *feature_spec_format(const struct feature_spec *spec)
{
    struct strbuf sb = STRBUF_INIT;

    put(&sb, spec->root, 0);
    return strbuf_take(&sb);
}
