/* SPDX-License-Identifier: Apache-2.0
 *
 * field_spec.c - read and judge field selectors
 */
#include "spec/field_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/strbuf.h"
#include "spec/scan.h"

static bool is_name_part(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '_' || c == '-';
}

static int fail_name(const char *name, const char *const *names, size_t n,
                     struct err *err)
{
    cleanup(strbuf_fini) struct strbuf all = STRBUF_INIT;
    const char *near = nearest_name(name, names, n);

    for (size_t i = 0; i < n; i++)
        strbuf_printf(&all, "%s%s", i ? ", " : "", names[i]);
    return err_set(err, EINVAL,
                   "there is no field '%.64s' to select by%s%s%s; there are %s", name,
                   near ? " (did you mean " : "", near ? near : "", near ? "?)" : "",
                   all.s ? all.s : "none");
}

static int read_name(struct scan *s, const char *const *names, size_t n, size_t *ret,
                     struct err *err)
{
    cleanup(freep) char *name = NULL;
    int rc = scan_word(s, is_name_part, "a field's name", &name, err);

    if (rc < 0)
        return rc;
    for (*ret = 0; *ret < n; (*ret)++)
        if (strcmp(names[*ret], name) == 0)
            return 0;
    return fail_name(name, names, n, err);
}

static int read_operator(struct scan *s, bool *ret_is_not, struct err *err)
{
    scan_blanks(s);
    *ret_is_not = scan_char(s, '!');
    if (!scan_char(s, '='))
        return scan_fail(s, err, "'=', '==' or '!=' is missing");
    if (!*ret_is_not)
        (void)scan_char(s, '=');
    return 0;
}

static int read_value(struct scan *s, char **ret, struct err *err)
{
    struct strbuf value = STRBUF_INIT;

    for (; *s->at && *s->at != ','; s->at++) {
        if (*s->at == '=') {
            strbuf_fini(&value);
            return scan_fail(s, err, "'\\' is missing before '='");
        }
        if (*s->at == '\\' && !strchr("\\,=", s->at[1])) {
            strbuf_fini(&value);
            return scan_fail(s, err, "'\\' is only before '\\', ',' and '='");
        }
        if (*s->at == '\\')
            s->at++;
        if (!*s->at) {
            strbuf_fini(&value);
            return scan_fail(s, err, "'\\' has nothing behind it");
        }
        strbuf_add(&value, s->at, 1);
    }
    *ret = value.s ? strbuf_take(&value) : xstrdup("");
    return 0;
}

static int read_term(struct scan *s, const char *const *names, size_t n,
                     struct field_spec *spec, struct err *err)
{
    struct field_term term = {.value = NULL};
    int rc;

    if (spec->n == FIELD_TERMS_MAX)
        return scan_fail(s, err, "more than %d terms", FIELD_TERMS_MAX);
    rc = read_name(s, names, n, &term.field, err);
    if (rc == 0)
        rc = read_operator(s, &term.is_not, err);
    if (rc == 0)
        rc = read_value(s, &term.value, err);
    if (rc < 0)
        return rc;
    spec->terms = xrealloc(spec->terms, spec->n + 1, sizeof(*spec->terms));
    spec->terms[spec->n++] = term;
    return 0;
}

int field_spec_parse(const char *text, const char *const *names, size_t n_names,
                     struct field_spec *ret, struct err *err)
{
    struct field_spec spec = {.n = 0};
    struct scan s = {.text = text, .at = text};
    int rc = 0;

    do {
        scan_blanks(&s);
        if (*s.at && *s.at != ',')
            rc = read_term(&s, names, n_names, &spec, err);
    } while (rc == 0 && scan_char(&s, ','));
    if (rc < 0)
        field_spec_fini(&spec);
    *ret = spec;
    return rc;
}

void field_spec_fini(struct field_spec *spec)
{
    for (size_t i = 0; i < spec->n; i++)
        free(spec->terms[i].value);
    free(spec->terms);
    *spec = (struct field_spec){.n = 0};
}

bool field_spec_holds(const struct field_spec *spec, field_get_fn *get,
                      const void *object)
{
    for (size_t i = 0; i < spec->n; i++) {
        const struct field_term *term = &spec->terms[i];

        if ((strcmp(get(object, term->field), term->value) == 0) == term->is_not)
            return false;
    }
    return true;
}
