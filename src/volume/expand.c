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

/* The value of "(NAME)" at 'at', or NULL; '*ret_len' is how much of 'at' it stands
 * for, and '*ret_name' what it names. */
static const char *reference(const char *at, char *const *env, size_t *ret_len,
                             char **ret_name)
{
    const char *end = at[0] == '(' ? strchr(at, ')') : NULL;

    if (!end)
        return NULL;
    *ret_len = (size_t)(end - at) + 1;
    *ret_name = xstrndup(at + 1, (size_t)(end - at) - 1);
    return strv_getenv(env, *ret_name);
}

/* The heap string, and in '*ret_unknown' (a heap string) the first name without a
 * value. */
static char *expand(const char *text, char *const *env, char **ret_unknown)
{
    struct strbuf sb = STRBUF_INIT;

    while (*text) {
        cleanup(freep) char *name = NULL;
        size_t len = strcspn(text, "$");
        const char *value;

        strbuf_add(&sb, text, len);
        text += len;
        if (!*text)
            break;
        text++;
        value = reference(text, env, &len, &name);
        if (value) {
            strbuf_puts(&sb, value);
            text += len;
            continue;
        }
        strbuf_putc(&sb, '$');
        if (name && !*ret_unknown)
            *ret_unknown = take(name);
        text += *text == '$';
    }
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
