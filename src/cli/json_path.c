/* SPDX-License-Identifier: Apache-2.0
 *
 * json_path.c - kubectl's jsonpath: parts of a document, and a template of them
 */
#include "cli/json_path.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DEPTH_MAX 8 /* of ranges in ranges */

struct scan {
    const char *text, *at;
    struct err *err;
};

static int fail(const struct scan *s, const char *words)
{
    return err_set(s->err, EINVAL, "jsonpath '%.80s': %s at '%.20s'", s->text, words,
                   s->at);
}

static void skip_blanks(struct scan *s)
{
    while (isspace((unsigned char)*s->at))
        s->at++;
}

/* ---------------------------------------------------------------------- steps */

static void add(json_t *list, json_t *value)
{
    if (value)
        (void)json_array_append(list, value);
}

static void add_all(json_t *list, json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach(value, i, item) add(list, item);
    json_object_foreach(value, key, item) add(list, item);
}

/* From each value of 'found' to what 'key' (NULL: all) is of it. */
static void step_key(json_t **found, const char *key)
{
    json_t *next = json_array(), *value;
    size_t i;

    json_array_foreach(*found, i, value)
    {
        if (key)
            add(next, json_object_get(value, key));
        else
            add_all(next, value);
    }
    json_decref(*found);
    *found = next;
}

static void step_index(json_t **found, long index)
{
    json_t *next = json_array(), *value;
    size_t i;

    json_array_foreach(*found, i, value)
    {
        long n = (long)json_array_size(value);

        add(next, json_array_get(value, (size_t)(index < 0 ? index + n : index)));
    }
    json_decref(*found);
    *found = next;
}

static int parse_path(struct scan *s, json_t *root, json_t *here, json_t **ret);

/* "text" or 'text', or a bare word; the caller frees it. */
static int parse_literal(struct scan *s, char **ret)
{
    char quote = *s->at == '"' || *s->at == '\'' ? *s->at : '\0';
    struct strbuf out = STRBUF_INIT;

    s->at += quote != '\0';
    while (*s->at && (quote ? *s->at != quote : !strchr(" )]}", *s->at))) {
        char c = *s->at++;

        if (c == '\\' && *s->at) {
            c = *s->at++;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        strbuf_putc(&out, c);
    }
    if (quote && *s->at != quote) {
        strbuf_fini(&out);
        return fail(s, "a text does not end");
    }
    s->at += quote != '\0';
    *ret = strbuf_take(&out);
    return 0;
}

static char *text_of(json_t *value)
{
    char *text;

    if (json_is_string(value))
        return xstrdup(json_string_value(value));
    text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return text ? text : xstrdup("");
}

/* One of: is there at all, ==, !=. */
enum comparison { IS_THERE, IS_EQUAL, IS_OTHER };

static int parse_comparison(struct scan *s, enum comparison *ret, char **ret_text)
{
    skip_blanks(s);
    *ret = IS_THERE;
    if (*s->at == ')')
        return 0;
    if (strncmp(s->at, "==", 2) == 0)
        *ret = IS_EQUAL;
    else if (strncmp(s->at, "!=", 2) == 0)
        *ret = IS_OTHER;
    else
        return fail(s, "only == and != are known");
    s->at += 2;
    skip_blanks(s);
    return parse_literal(s, ret_text);
}

static bool holds(json_t *values, enum comparison how, const char *text)
{
    cleanup(freep) char *is = NULL;

    if (!json_array_size(values) || how == IS_THERE)
        return json_array_size(values) > 0;
    is = text_of(json_array_get(values, 0));
    return (strcmp(is, text) == 0) == (how == IS_EQUAL);
}

/* "?(@.type=="Ready")": keep the items for which that holds. */
static int step_filter(struct scan *s, json_t *root, json_t **found)
{
    json_t *next = json_array();
    const char *begin = s->at += 2, *end = NULL;
    int rc = 0;
    json_t *value;
    size_t i;

    step_key(found, NULL);
    if (!json_array_size(*found)) { /* read it all the same */
        (void)json_array_append_new(*found, json_null());
    }
    json_array_foreach(*found, i, value)
    {
        cleanup(freep) char *text = NULL;
        enum comparison how = IS_THERE;
        json_t *values = NULL;

        s->at = begin;
        rc = parse_path(s, root, value, &values);
        if (rc == 0)
            rc = parse_comparison(s, &how, &text);
        if (rc == 0 && *s->at != ')')
            rc = fail(s, "')' is missing");
        if (rc == 0 && holds(values, how, text))
            add(next, value);
        json_decref(values);
        if (rc < 0)
            break;
        end = s->at + 1;
    }
    json_decref(*found);
    *found = next;
    if (rc == 0)
        s->at = end;
    return rc;
}

static int step_number(struct scan *s, json_t **found)
{
    char *end;
    long index = strtol(s->at, &end, 10);

    if (end == s->at)
        return fail(s, "an index, '*', a key in quotes or '?(...)' is missing");
    s->at = end;
    if (*s->at == ':') { /* "[-1:]" is how people take the last */
        s->at++;
        if (index != -1 || *s->at != ']')
            return fail(s, "slices are not taken");
    }
    step_index(found, index);
    return 0;
}

static int step_bracket(struct scan *s, json_t *root, json_t **found)
{
    int rc = 0;

    s->at++;
    if (*s->at == '*') {
        s->at++;
        step_key(found, NULL);
    } else if (*s->at == '\'' || *s->at == '"') {
        cleanup(freep) char *key = NULL;

        rc = parse_literal(s, &key);
        if (rc == 0)
            step_key(found, key);
    } else if (strncmp(s->at, "?(", 2) == 0) {
        rc = step_filter(s, root, found);
    } else {
        rc = step_number(s, found);
    }
    if (rc == 0 && *s->at++ != ']') {
        s->at--;
        rc = fail(s, "']' is missing");
    }
    return rc;
}

static void add_below(json_t *list, json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    add(list, value);
    json_array_foreach(value, i, item) add_below(list, item);
    json_object_foreach(value, key, item) add_below(list, item);
}

/* From each value of 'found' to itself and all below it. */
static void step_below(json_t **found)
{
    json_t *next = json_array(), *value;
    size_t i;

    json_array_foreach(*found, i, value) add_below(next, value);
    json_decref(*found);
    *found = next;
}

static int step_dot(struct scan *s, json_t **found)
{
    struct strbuf key = STRBUF_INIT;

    s->at++;
    if (*s->at == '.') {
        step_below(found);
        s->at++;
    }
    if (*s->at == '*') {
        s->at++;
        step_key(found, NULL);
        return 0;
    }
    for (; *s->at && !strchr(".[]{}() =!<>", *s->at); s->at++) {
        if (*s->at == '\\' && s->at[1]) /* "app\.kubernetes\.io/name" */
            s->at++;
        strbuf_putc(&key, *s->at);
    }
    if (key.len) /* "{.}" is all of it */
        step_key(found, key.s);
    strbuf_fini(&key);
    return 0;
}

static int parse_path(struct scan *s, json_t *root, json_t *here, json_t **ret)
{
    json_t *found = json_array();
    int rc = 0;

    skip_blanks(s);
    add(found, *s->at == '$' ? root : here);
    if (*s->at == '$' || *s->at == '@')
        s->at++;
    while (rc == 0 && (*s->at == '.' || *s->at == '['))
        rc = *s->at == '.' ? step_dot(s, &found) : step_bracket(s, root, &found);
    if (rc < 0)
        json_decref(found);
    else
        *ret = found;
    return rc;
}

/* ------------------------------------------------------------------- template */

static void print_values(json_t *values, struct strbuf *out)
{
    json_t *value;
    size_t i;

    json_array_foreach(values, i, value)
    {
        cleanup(freep) char *text = text_of(value);

        strbuf_printf(out, "%s%s", i ? " " : "", text);
    }
}

static int print_until(struct scan *s, json_t *root, json_t *here, int depth,
                       struct strbuf *out);

static bool eats_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(s->at, word, len) != 0 || (s->at[len] != ' ' && s->at[len] != '}'))
        return false;
    s->at += len;
    return true;
}

static int end_braces(struct scan *s)
{
    skip_blanks(s);
    if (*s->at != '}')
        return fail(s, "'}' is missing");
    s->at++;
    return 0;
}

/* Behind "{range": once for each value; without any, once for nobody to see. */
static int print_range(struct scan *s, json_t *root, json_t *here, int depth,
                       struct strbuf *out)
{
    struct strbuf unseen = STRBUF_INIT;
    json_t *values = NULL;
    const char *body;
    int rc = depth < DEPTH_MAX ? parse_path(s, root, here, &values)
                               : fail(s, "too many ranges in ranges");

    if (rc == 0)
        rc = end_braces(s);
    body = s->at;
    if (rc == 0 && !json_array_size(values)) {
        json_t *none = json_null();

        rc = print_until(s, root, none, depth + 1, &unseen);
        json_decref(none);
    }
    for (size_t i = 0; rc == 0 && i < json_array_size(values); i++) {
        s->at = body;
        rc = print_until(s, root, json_array_get(values, i), depth + 1, out);
    }
    strbuf_fini(&unseen);
    json_decref(values);
    return rc;
}

/* Behind '{'. 1: it was "{end}". */
static int print_braces(struct scan *s, json_t *root, json_t *here, int depth,
                        struct strbuf *out)
{
    int rc;

    skip_blanks(s);
    if (eats_word(s, "end"))
        rc = 1;
    else if (eats_word(s, "range"))
        return print_range(s, root, here, depth, out);
    else if (*s->at == '"' || *s->at == '\'') {
        cleanup(freep) char *text = NULL;

        rc = parse_literal(s, &text);
        if (rc == 0)
            strbuf_puts(out, text);
    } else {
        json_t *values = NULL;

        rc = parse_path(s, root, here, &values);
        if (rc == 0)
            print_values(values, out);
        json_decref(values);
    }
    return rc < 0 ? rc : end_braces(s) < 0 ? -EINVAL : rc;
}

/* Up to "{end}", or of depth 0 up to the end. */
static int print_until(struct scan *s, json_t *root, json_t *here, int depth,
                       struct strbuf *out)
{
    while (*s->at) {
        int rc = 0;

        if (*s->at == '{') {
            s->at++;
            rc = print_braces(s, root, here, depth, out);
        } else {
            strbuf_putc(out, *s->at++);
        }
        if (rc == 1 && depth == 0)
            return fail(s, "an end without a range");
        if (rc != 0)
            return rc < 0 ? rc : 0;
    }
    return depth ? fail(s, "{end} is missing") : 0;
}

int json_path_print(const char *template, json_t *root, struct strbuf *out,
                    struct err *err)
{
    cleanup(freep) char *braced = template[0] == '.' && !strchr(template, '{')
                                      ? xasprintf("{%s}", template)
                                      : xstrdup(template);
    struct scan s = {.text = template, .at = braced, .err = err};

    return print_until(&s, root, root, 0, out);
}

int json_path_find(const char *path, json_t *root, json_t **ret, struct err *err)
{
    struct scan s = {.text = path, .at = path, .err = err};
    bool is_braced = path[0] == '{';
    int rc;

    *ret = NULL;
    s.at += is_braced;
    rc = parse_path(&s, root, root, ret);
    if (rc == 0 && is_braced)
        rc = end_braces(&s);
    if (rc == 0 && *s.at)
        rc = fail(&s, "what is this?");
    if (rc < 0 && *ret) {
        json_decref(*ret);
        *ret = NULL;
    }
    return rc;
}
