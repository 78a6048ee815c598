/* SPDX-License-Identifier: Apache-2.0
 *
 * scope.c - ARG and ENV: who sees what
 */
#include "build/scope.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"

static const char *const proxies[] = {"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
                                      "NO_PROXY", "ALL_PROXY"};

void scope_init(struct scope *scope, const struct scope_given *given,
                const struct scope *globals)
{
    *scope = (struct scope){.given = given, .globals = globals};
}

void scope_inherit(struct scope *scope, const struct scope *from)
{
    strv_foreach (e, from->args) {
        cleanup(freep) char *name = xstrndup(*e, strcspn(*e, "="));

        strv_setenv(&scope->args, name, strv_getenv(from->args, name));
    }
}

void scope_fini(struct scope *scope)
{
    strv_free(scope->env);
    strv_free(scope->args);
    *scope = (struct scope){0};
}

void scope_declare(struct scope *scope, const char *name, const char *value)
{
    const char *given = strv_getenv(scope->given->args, name);

    if (given)
        value = given;
    if (!value && scope->globals)
        value = strv_getenv(scope->globals->args, name);
    if (!value)
        value = strv_getenv(scope->given->platform, name);
    if (value)
        strv_setenv(&scope->args, name, value);
}

void scope_setenv(struct scope *scope, const char *name, const char *value)
{
    strv_setenv(&scope->env, name, value);
}

bool scope_is_proxy(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(proxies); i++) {
        if (strcasecmp(name, proxies[i]) == 0)
            return true;
    }
    return false;
}

const char *scope_get(const struct scope *scope, const char *name)
{
    const char *value = strv_getenv(scope->env, name);

    if (!value)
        value = strv_getenv(scope->args, name);
    if (!value && !scope->globals)
        value = strv_getenv(scope->given->platform, name);
    if (!value && scope_is_proxy(name))
        value = strv_getenv(scope->given->args, name);
    return value;
}

static const char *get(const void *ctx, const char *name)
{
    return scope_get(ctx, name);
}

struct expansion scope_expansion(const struct scope *scope, char escape)
{
    return (struct expansion){.get = get, .ctx = scope, .escape = escape};
}

static void set_all(char ***env, char *const *from, bool proxies_only)
{
    for (; from && *from; from++) {
        cleanup(freep) char *name = xstrndup(*from, strcspn(*from, "="));

        if (!proxies_only || scope_is_proxy(name))
            strv_setenv(env, name, *from + strlen(name) + 1);
    }
}

char **scope_environment(const struct scope *scope)
{
    char **env = NULL;

    set_all(&env, scope->given->args, true);
    set_all(&env, scope->args, false);
    set_all(&env, scope->env, false);
    return env;
}

const char *scope_unused(const struct scope_given *given, char *const *names)
{
    strv_foreach (arg, given->args) {
        cleanup(freep) char *name = xstrndup(*arg, strcspn(*arg, "="));

        if (!scope_is_proxy(name) && !strv_has(names, name))
            return *arg;
    }
    return NULL;
}
