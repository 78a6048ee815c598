/* SPDX-License-Identifier: Apache-2.0
 *
 * expand.c - $(NAME) in values, commands and paths
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"
#include "volume/env.h"

/* The length of "(NAME)" at 'at', or 0. */
static size_t reference(const char *at)
{
    const char *end = at[0] == '(' ? strchr(at, ')') : NULL;

    return end ? (size_t)(end - at) + 1 : 0;
}

/* The heap string, and in '*ret_unknown' (a heap string) the first name without a
 * value. */
static char *expand(const char *text, char *const *env, char **ret_unknown)
{
    struct strbuf sb = STRBUF_INIT;
    const char *dollar;

    for (; (dollar = strchr(text, '$')); text = dollar) {
        size_t len = reference(++dollar);
        cleanup(freep) char *name = len ? xstrndup(dollar + 1, len - 2) : NULL;
        const char *value = name ? strv_getenv(env, name) : NULL;

        strbuf_add(&sb, text, (size_t)(dollar - 1 - text));
        if (value)
            strbuf_puts(&sb, value);
        else
            strbuf_putc(&sb, '$');
        if (!value && len)
            strbuf_add(&sb, dollar, len);
        if (!value && name && !*ret_unknown)
            *ret_unknown = take(name);
        dollar += len ? len : *dollar == '$';
    }
    strbuf_puts(&sb, text);
    return strbuf_take(&sb);
}

char *pod_expand(const char *text, char *const *env)
{
    cleanup(freep) char *unknown = NULL;

    return expand(text, env, &unknown);
}

char **pod_expand_all(char *const *words, char *const *env)
{
    char **all = NULL;

    for (; words && *words; words++)
        strv_take(&all, pod_expand(*words, env));
    return all;
}

int pod_expand_strictly(const char *text, char *const *env, char **ret, struct err *err)
{
    cleanup(freep) char *unknown = NULL;
    cleanup(freep) char *all = expand(text, env, &unknown);

    if (unknown)
        return err_set(err, EINVAL, "'%s': there is no variable '%s'", text, unknown);
    *ret = take(all);
    return 0;
}
