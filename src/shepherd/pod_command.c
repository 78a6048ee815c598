/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_command.c - what a container of a pod executes (pure)
 */
#include "shepherd/pod_command.h"

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The value of the variable whose name ends before 'close'; NULL: there is none. */
static const char *value_of(const char *name, const char *close, char *const *env)
{
    cleanup(freep) char *text = xstrndup(name, (size_t)(close - name));

    return strv_getenv(env, text);
}

/* What 'at', a '$', stands for; returns how much of the text that was. */
static size_t expand_one(const char *at, char *const *env, struct strbuf *out)
{
    const char *close = at[1] == '(' ? strchr(at, ')') : NULL;
    const char *value = close ? value_of(at + 2, close, env) : NULL;

    if (at[1] == '$') {
        strbuf_puts(out, "$");
        return 2;
    }
    if (value) {
        strbuf_puts(out, value);
        return (size_t)(close + 1 - at);
    }
    strbuf_add(out, at, close ? (size_t)(close + 1 - at) : 1);
    return close ? (size_t)(close + 1 - at) : 1;
}

char *pod_command_expand(const char *text, char *const *env)
{
    struct strbuf out = STRBUF_INIT;

    while (*text) {
        size_t plain = strcspn(text, "$");

        strbuf_add(&out, text, plain);
        text += plain;
        if (*text)
            text += expand_one(text, env, &out);
    }
    return out.s ? out.s : xstrdup("");
}

static void add_expanded(char ***argv, char *const *words, char *const *env)
{
    for (; words && *words; words++)
        strv_take(argv, pod_command_expand(*words, env));
}

static void add_plain(char ***argv, char *const *words)
{
    for (; words && *words; words++)
        strv_add(argv, *words);
}

int pod_command(const struct mf_container *spec, char *const *entrypoint,
                char *const *cmd, char *const *env, char ***ret, struct err *err)
{
    char **argv = NULL;

    if (spec->command)
        add_expanded(&argv, spec->command, env);
    else
        add_plain(&argv, entrypoint);
    if (spec->args)
        add_expanded(&argv, spec->args, env);
    else if (!spec->command)
        add_plain(&argv, cmd);
    if (!argv)
        return err_set(err, EINVAL,
                       "neither the container nor its image says what to run");
    *ret = argv;
    return 0;
}
