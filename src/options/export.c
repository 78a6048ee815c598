/* SPDX-License-Identifier: Apache-2.0
 *
 * export.c - which variables of the caller's environment a job gets
 */
#include "options/export.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/strv.h"

/* What a program needs to find itself at home. */
static const char *const login_names[] = {"HOME", "USER", "LOGNAME", "SHELL",
                                          "PATH", "LANG", "TZ",      "TERM"};

static bool has_prefix(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_of_a_job(const char *var)
{
    return has_prefix(var, "BERTH_JOB") || has_prefix(var, "BERTH_STEP") ||
           has_prefix(var, "BERTH_LEAD=") || has_prefix(var, "SLURM_") ||
           has_prefix(var, "SLURMD_") || has_prefix(var, "PMIX_");
}

static void add_all(char *const *env, bool new_job, char ***to)
{
    bool in_job = strv_getenv(env, "BERTH_LEAD") != NULL;

    for (; *env; env++)
        if (!(new_job && in_job && is_of_a_job(*env)))
            strv_add(to, *env);
}

static void add_login(char *const *env, char ***to)
{
    for (size_t i = 0; i < ARRAY_SIZE(login_names); i++) {
        const char *value = strv_getenv(env, login_names[i]);

        if (value)
            strv_setenv(to, login_names[i], value);
    }
}

/* The next item of the list, quotes taken off; NULL after the last. */
static char *next_item(const char **list)
{
    struct strbuf item = STRBUF_INIT;
    const char *p = *list;
    char quote = 0;

    if (*p == '\0')
        return NULL;
    for (; *p && (quote || *p != ','); p++) {
        if (quote ? *p == quote : (*p == '\'' || *p == '"'))
            quote = quote ? 0 : *p;
        else
            strbuf_putc(&item, *p);
    }
    *list = *p ? p + 1 : p;
    return strbuf_take(&item);
}

static bool is_name(const char *s, size_t len)
{
    if (len == 0 || isdigit((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && s[i] != '_')
            return false;
    return true;
}

static int add_item(const char *item, char *const *env, char ***to, struct err *err)
{
    size_t len = strcspn(item, "=");
    cleanup(freep) char *name = xstrndup(item, len);
    const char *value = item[len] ? item + len + 1 : strv_getenv(env, name);

    if (!is_name(item, len))
        return err_set(err, EINVAL, "'%s' is not the name of a variable", name);
    if (value)
        strv_setenv(to, name, value);
    return 0;
}

int export_env(const char *list, char *const *env, int new_job, char ***ret_env,
               struct err *err)
{
    cleanup(strv_freep) char **out = NULL;
    const char *rest = list ? list : "ALL";

    if (strcmp(rest, "ALL") == 0 || has_prefix(rest, "ALL,")) {
        add_all(env, new_job, &out);
        rest += rest[3] == ',' ? 4 : 3;
    } else {
        add_login(env, &out);
        if (strcmp(rest, "NONE") == 0 || strcmp(rest, "NIL") == 0)
            rest += strlen(rest);
    }
    for (char *item = next_item(&rest); item; item = next_item(&rest)) {
        cleanup(freep) char *own = item;
        int rc = own[0] && strcmp(own, "ALL") != 0 ? add_item(own, env, &out, err) : 0;

        if (rc < 0)
            return err_wrap(err, "--export");
    }
    *ret_env = take(out);
    return 0;
}
