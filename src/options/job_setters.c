/* SPDX-License-Identifier: Apache-2.0
 *
 * job_setters.c - what the values of job options mean
 *
 * Values are read and bounded here; whether the cluster can do it is for the
 * controller to judge.
 */
#include "options/job_args.h"
#include "options/mpi_kind.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/hostlist.h"
#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"

#define COUNT_MAX 100000000 /* tasks, cpus: far above any machine */
#define NICE_MAX 2147483645

#define MEMBER(type, base, opt) ((type *)((char *)(base) + (opt)->offset))

int set_spec_string(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    struct job_args *args = ctx;

    (void)err;
    spec_take_string(MEMBER(char *, args->spec, opt), xstrdup(value));
    return 0;
}

int set_args_string(const struct opt *opt, const char *value, void *ctx,
                    struct err *err)
{
    (void)err;
    str_replace(MEMBER(char *, ctx, opt), value);
    return 0;
}

int set_args_flag(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)value;
    (void)err;
    *MEMBER(bool, ctx, opt) = true;
    return 0;
}

int set_spec_flag(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)value;
    (void)err;
    *MEMBER(protobuf_c_boolean, args->spec, opt) = 1;
    return 0;
}

int set_count(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t n;
    int rc = number_parse(value, 1, COUNT_MAX, &n, err);

    if (rc == 0)
        *MEMBER(uint32_t, args->spec, opt) = (uint32_t)n;
    return rc;
}

int set_nodes(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    uint32_t min, max;
    int rc = count_range_parse(value, &min, &max, err);

    (void)opt;
    if (rc < 0)
        return rc;
    if (min == 0)
        return err_set(err, EINVAL, "a job needs at least one node");
    args->spec->nodes_min = min;
    args->spec->nodes_max = max;
    return 0;
}

int set_time(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t seconds;
    int rc = duration_parse(value, &seconds, err);

    (void)opt;
    if (rc == 0) /* sbatch(1): zero asks for no limit */
        args->spec->time_limit = seconds ? seconds : TIME_UNLIMITED;
    return rc;
}

int set_hold(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    (void)value;
    (void)err;
    args->spec->hold = 1;
    return 0;
}

int set_begin(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    return when_parse(value, args->now, &args->spec->begin_time, err);
}

int set_nice(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t nice = 100; /* sbatch(1)'s value for a bare --nice */
    int rc = value ? number_parse(value, -NICE_MAX, NICE_MAX, &nice, err) : 0;

    (void)opt;
    if (rc == 0)
        args->spec->nice = (int32_t)nice;
    return rc;
}

int set_open_mode(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    if (value[0] == 'a' && strncmp("append", value, strlen(value)) == 0)
        args->spec->append = 1;
    else if (value[0] == 't' && strncmp("truncate", value, strlen(value)) == 0)
        args->spec->append = 0;
    else
        return err_set(err, EINVAL, "'%s' is neither append nor truncate", value);
    return 0;
}

int set_hostlist(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    cleanup(strv_freep) char **names = NULL;
    int rc;

    if (strchr(value, '/'))
        return err_set(err, EINVAL,
                       "'%s': a file of node names is not supported, "
                       "write the host list itself",
                       value);
    rc = hostlist_expand(value, &names, err);
    if (rc == 0)
        spec_take_string(MEMBER(char *, args->spec, opt), xstrdup(value));
    return rc;
}

int set_chdir(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    char here[PATH_MAX];

    (void)opt;
    if (value[0] == '/') {
        spec_take_string(&args->spec->cwd, xstrdup(value));
        return 0;
    }
    if (!getcwd(here, sizeof(here)))
        return err_sys(err, errno, "cannot tell the current directory");
    spec_take_string(&args->spec->cwd, xasprintf("%s/%s", here, value));
    return 0;
}

int set_placement(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    if (!value) /* --spread-job */
        value = opt->note;
    if (strcmp(value, "compact") != 0 && strcmp(value, "spread") != 0)
        return err_set(err, EINVAL, "'%s' is neither compact nor spread", value);
    spec_take_string(&args->spec->placement, xstrdup(value));
    return 0;
}

int set_mpi(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    cleanup(freep) char *kind = NULL;
    int rc = mpi_kind_parse(value, &kind, err);

    (void)opt;
    if (!rc)
        str_replace(&args->mpi, kind);
    return rc;
}

int set_kill_on_bad_exit(const struct opt *opt, const char *value, void *ctx,
                         struct err *err)
{
    struct job_args *args = ctx;
    int64_t on = 1;
    int rc = value ? number_parse(value, 0, 1, &on, err) : 0;

    (void)opt;
    if (rc == 0) {
        args->spec->kill_on_bad_exit = on == 1;
        args->has_kill_on_bad_exit = true;
    }
    return rc;
}

int set_jobid(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t id;
    int rc = number_parse(value, 1, UINT32_MAX, &id, err);

    (void)opt;
    if (rc == 0)
        args->jobid = (uint32_t)id;
    return rc;
}

int set_immediate(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    args->immediate = 0;
    return value ? number_parse(value, 0, INT32_MAX, &args->immediate, err) : 0;
}

int set_unhonoured(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)value;
    (void)err;
    job_args_warn(ctx, "--%s is accepted but not honoured yet%s", opt->name, opt->note);
    return 0;
}

int set_nothing(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)opt;
    (void)value;
    (void)ctx;
    (void)err;
    return 0;
}

int set_refused(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    (void)value;
    (void)ctx;
    return err_set(err, ENOTSUP, "%s", opt->note);
}
