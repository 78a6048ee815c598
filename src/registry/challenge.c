/* SPDX-License-Identifier: Apache-2.0
 *
 * challenge.c - read WWW-Authenticate
 */
#include "registry/challenge.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strbuf.h"

void challenge_fini(struct challenge *c)
{
    free(c->realm);
    free(c->service);
    free(c->scope);
    *c = (struct challenge){0};
}

static size_t token_length(const char *s)
{
    size_t n = 0;

    while (s[n] && (isalnum((unsigned char)s[n]) || strchr("!#$%&'*+-.^_`|~", s[n])))
        n++;
    return n;
}

static const char *skip_blank(const char *s)
{
    return s + strspn(s, " \t");
}

/* A token or a quoted string; what follows it. */
static const char *read_value(const char *s, char **ret)
{
    struct strbuf value = STRBUF_INIT;

    if (*s != '"') {
        /* Tolerant: a realm's URL stands unquoted at times. */
        size_t len = strcspn(s, ", \t");

        *ret = xstrndup(s, len);
        return s + len;
    }
    for (s++; *s && *s != '"'; s++) {
        if (*s == '\\' && s[1])
            s++;
        strbuf_putc(&value, *s);
    }
    *ret = strbuf_take(&value);
    return *s ? s + 1 : s;
}

static void keep(char **slot, char **value)
{
    if (!*slot)
        *slot = take(*value);
}

static void set_parameter(struct challenge *c, const char *name, size_t len,
                          char **value)
{
    if (len == 5 && strncasecmp(name, "realm", len) == 0)
        keep(&c->realm, value);
    else if (len == 7 && strncasecmp(name, "service", len) == 0)
        keep(&c->service, value);
    else if (len == 5 && strncasecmp(name, "scope", len) == 0)
        keep(&c->scope, value);
}

/* "name=value" belongs to the scheme before it; a token alone is a scheme. */
static const char *read_parameters(const char *s, struct challenge *c)
{
    for (;;) {
        cleanup(freep) char *value = NULL;
        const char *name = s + strspn(s, " \t,"), *after;
        size_t len = token_length(name);

        after = skip_blank(name + len);
        if (!len || *after != '=')
            return name;
        s = read_value(skip_blank(after + 1), &value);
        set_parameter(c, name, len, &value);
    }
}

static enum challenge_kind kind_of(const char *s, size_t len)
{
    if (len == 6 && strncasecmp(s, "bearer", len) == 0)
        return CHALLENGE_BEARER;
    if (len == 5 && strncasecmp(s, "basic", len) == 0)
        return CHALLENGE_BASIC;
    return CHALLENGE_NONE;
}

struct challenge challenge_parse(const char *text)
{
    struct challenge best = {0};
    const char *s = text;

    for (;;) {
        struct challenge c = {0};
        size_t len;

        s += strspn(s, " \t,");
        len = token_length(s);
        if (!len)
            return best;
        c.kind = kind_of(s, len);
        s = read_parameters(s + len, &c);
        if (c.kind == CHALLENGE_BEARER && !c.realm)
            c.kind = CHALLENGE_NONE;
        if (c.kind > best.kind) {
            challenge_fini(&best);
            best = c;
        } else {
            challenge_fini(&c);
        }
    }
}
