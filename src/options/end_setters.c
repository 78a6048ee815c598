/* SPDX-License-Identifier: Apache-2.0
 *
 * end_setters.c - options about how jobs and steps end, and within which limits
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "options/job_args.h"
#include "options/limit_names.h"
#include "options/login_env.h"

/* sbatch(1), --signal. */
#define SIGNAL_BEFORE 60
#define SIGNAL_BEFORE_MAX 65535

/* "B:", "R:" or both before the signal; R only speaks of reservations that the warning
 * may run into, and here it always may. */
static const char *take_letters(const char *value, bool *ret_batch)
{
    const char *colon = strchr(value, ':');
    size_t n = colon ? (size_t)(colon - value) : 0;

    *ret_batch = false;
    if (!colon || n == 0 || strspn(value, "BR") != n)
        return value;
    *ret_batch = memchr(value, 'B', n) != NULL;
    return colon + 1;
}

int set_signal(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    bool is_for_batch;
    const char *text = take_letters(value, &is_for_batch), *at = strchr(text, '@');
    cleanup(freep) char *name = xstrndup(text, at ? (size_t)(at - text) : strlen(text));
    int64_t before = SIGNAL_BEFORE;
    int signo;
    int rc = signal_parse(name, &signo, err);

    (void)opt;
    if (rc == 0 && at)
        rc = number_parse(at + 1, 0, SIGNAL_BEFORE_MAX, &before, err);
    if (rc)
        return rc;
    args->spec->signal = (uint32_t)signo;
    args->spec->signal_before = (uint32_t)before;
    args->spec->signal_batch = is_for_batch;
    return 0;
}

int set_wait_after(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t seconds;
    int rc = number_parse(value, 0, UINT32_MAX, &seconds, err);

    (void)opt;
    if (rc == 0)
        args->wait_after = (uint32_t)seconds;
    return rc;
}

/* Judged here, used when the limits are read. */
int set_propagate(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    cleanup(strv_freep) char **names = strv_split(value ? value : "ALL", ",");
    bool is_whole;

    (void)opt;
    for (size_t i = 0; names && names[i]; i++) {
        is_whole = strcmp(names[i], "ALL") == 0 || strcmp(names[i], "NONE") == 0;
        if (is_whole && strv_len(names) == 1)
            break;
        if (is_whole)
            return err_set(err, EINVAL, "'%s' stands alone", names[i]);
        if (limit_by_name(names[i]) < 0)
            return err_set(err, EINVAL, "'%s' is no limit: there are ALL, NONE, %s",
                           names[i], LIMIT_NAMES);
    }
    str_replace(&args->propagate, value ? value : "ALL");
    return 0;
}

int set_user_env(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    unsigned int seconds;
    bool is_login;
    int rc = login_env_how(value ? value : "", &seconds, &is_login, err);

    (void)opt;
    if (rc)
        return rc;
    free(args->user_env);
    args->user_env = xstrdup(value ? value : "");
    return 0;
}

/* Nobody is written to: whoever asks for that has what they want. */
int set_mail_type(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    return strcasecmp(value, "NONE") == 0 ? 0 : set_unhonoured(opt, value, ctx, err);
}

int set_pod(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    if (!*value)
        return err_set(err, EINVAL, "--pod: which file?");
    strv_add(&args->pods, value);
    return 0;
}
