/* SPDX-License-Identifier: Apache-2.0
 *
 * strv.c - vectors of strings
 */
#include "base/strv.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <stdlib.h>
#include <string.h>

void strv_free(char **v)
{
    strv_foreach (s, v)
        free(*s);
    free(v);
}

void strv_freep(char ***v)
{
    strv_free(*v);
    *v = NULL;
}

size_t strv_len(char *const *v)
{
    size_t n = 0;

    while (v && v[n])
        n++;
    return n;
}

char **strv_dup(char *const *v)
{
    size_t n = strv_len(v);
    char **copy = xcalloc(n + 1, sizeof(*copy));

    for (size_t i = 0; i < n; i++)
        copy[i] = xstrdup(v[i]);
    return copy;
}

bool strv_has(char *const *v, const char *s)
{
    for (; v && *v; v++)
        if (strcmp(*v, s) == 0)
            return true;
    return false;
}

void strv_take(char ***v, char *s)
{
    size_t n = strv_len(*v);

    *v = xrealloc(*v, n + 2, sizeof(**v));
    (*v)[n] = s;
    (*v)[n + 1] = NULL;
}

void strv_add(char ***v, const char *s)
{
    strv_take(v, xstrdup(s));
}

char **strv_split(const char *s, const char *seps)
{
    char **v = NULL;

    while (*s) {
        size_t skip = strspn(s, seps);
        size_t len = strcspn(s + skip, seps);

        if (len)
            strv_take(&v, xstrndup(s + skip, len));
        s += skip + len;
    }
    return v ? v : xcalloc(1, sizeof(*v));
}

char *strv_join(char *const *v, const char *sep)
{
    struct strbuf sb = STRBUF_INIT;

    for (size_t i = 0; v && v[i]; i++) {
        if (i)
            strbuf_puts(&sb, sep);
        strbuf_puts(&sb, v[i]);
    }
    return strbuf_take(&sb);
}

static int is_pair_of(const char *pair, const char *name)
{
    size_t len = strlen(name);

    return strncmp(pair, name, len) == 0 && pair[len] == '=';
}

static char **env_find(char **env, const char *name)
{
    strv_foreach (s, env)
        if (is_pair_of(*s, name))
            return s;
    return NULL;
}

const char *strv_getenv(char *const *env, const char *name)
{
    for (size_t i = 0; env && env[i]; i++)
        if (is_pair_of(env[i], name))
            return env[i] + strlen(name) + 1;
    return NULL;
}

void strv_setenv(char ***env, const char *name, const char *value)
{
    char **slot = env_find(*env, name);
    char *pair = xasprintf("%s=%s", name, value);

    if (!slot) {
        strv_take(env, pair);
        return;
    }
    free(*slot);
    *slot = pair;
}

void strv_unsetenv(char **env, const char *name)
{
    char **slot = env_find(env, name);

    if (!slot)
        return;
    free(*slot);
    for (; *slot; slot++)
        slot[0] = slot[1];
}
