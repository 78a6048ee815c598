/* SPDX-License-Identifier: Apache-2.0
 *
 * resource_setters.c - what the values of options for resources and order mean
 *
 * Texts in src/spec's languages are read here for the sake of early words, and
 * kept as they were written: the controller reads them again.
 */
#include "options/job_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/strv.h"
#include "base/units.h"
#include "spec/array_spec.h"
#include "spec/depend_spec.h"
#include "spec/feature_spec.h"
#include "spec/gres_spec.h"
#include "spec/licence_spec.h"
#include "spec/step_depend.h"
#include "spec/switches_spec.h"

#define MIB (UINT64_C(1) << 20)
#define MEMBER(type, base, opt) ((type *)((char *)(base) + (opt)->offset))

/* Keep 'text' as the member, "" when it asks for nothing. */
static void keep(const struct opt *opt, struct job_args *args, const char *text,
                 bool asks)
{
    spec_take_string(MEMBER(char *, args->spec, opt), xstrdup(asks ? text : ""));
}

int set_array(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(array_spec_fini) struct array_spec spec = {0};
    int rc = array_spec_parse(value, &spec, err);

    if (rc == 0)
        keep(opt, ctx, value, true);
    return rc;
}

int set_dependency(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    const struct job_args *args = ctx;
    cleanup(depend_spec_fini) struct depend_spec spec = {0};
    cleanup(step_depend_fini) struct step_depend steps = {0};
    int rc = args->in_job ? step_depend_parse(value, 0, &steps, err)
                          : depend_spec_parse(value, &spec, err);

    if (rc == 0)
        keep(opt, ctx, value, spec.n > 0 || steps.n > 0);
    return rc;
}

/* A ',' is taken for '&', as Slurm does: scripts have "knl,quad,cache". */
int set_features(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(feature_spec_destroyp) struct feature_spec *spec = NULL;
    cleanup(freep) char *text = xstrdup(value);
    int rc;

    for (char *at = strchr(text, ','); at; at = strchr(at, ','))
        *at = '&';
    rc = feature_spec_parse(text, &spec, err);
    if (rc == 0)
        keep(opt, ctx, text, true);
    return rc;
}

int set_gres(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};
    int rc = gres_spec_parse(value, &spec, err);

    if (rc == 0)
        keep(opt, ctx, value, spec.n > 0);
    return rc;
}

int set_gpus(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};
    int rc = gres_spec_parse_gpus(value, &spec, err);

    if (rc == 0)
        keep(opt, ctx, value, spec.n > 0);
    return rc;
}

int set_licences(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    cleanup(licence_spec_fini) struct licence_spec spec = {0};
    int rc = licence_spec_parse(value, &spec, err);

    if (rc == 0)
        keep(opt, ctx, value, spec.n > 0);
    return rc;
}

int set_switches(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct switches_spec spec;
    int rc = switches_spec_parse(value, &spec, err);

    if (rc == 0)
        keep(opt, ctx, value, spec.count > 0);
    return rc;
}

/* "cpu:4,gres/gpu:a100:1": another way to write --cpus-per-task, --gpus-per-task. */
int set_tres_per_task(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    struct job_args *args = ctx;
    cleanup(strv_freep) char **parts = strv_split(value, ",");
    cleanup(strv_freep) char **gpus = NULL;
    cleanup(freep) char *joined = NULL;
    int64_t cpus;
    int rc;

    strv_foreach (part, parts) {
        bool is_cpus = strncmp(*part, "cpu", 3) == 0 && strchr(":=", (*part)[3]);

        if (is_cpus && (*part)[3]) {
            rc = number_parse(*part + 4, 1, UINT32_MAX, &cpus, err);
            if (rc)
                return rc;
            args->spec->cpus_per_task = (uint32_t)cpus;
        } else if (strncmp(*part, "gres/gpu", 8) == 0 && strchr(":=", (*part)[8])) {
            strv_add(&gpus, (*part)[8] ? *part + 9 : "1");
        } else {
            return err_set(err, ENOTSUP, "'%s': only cpu and gres/gpu can be counted",
                           *part);
        }
    }
    if (!gpus)
        return 0;
    joined = strv_join(gpus, ",");
    return set_gpus(opt, joined, ctx, err);
}

/* --mem and its kin: the last of them counts. */
int set_memory(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    Berth__JobSpec *spec = args->spec;
    uint64_t bytes;
    int rc = size_parse(value, MIB, &bytes, err);

    if (rc < 0)
        return rc;
    spec->mem_per_node = 0;
    spec->mem_per_cpu = 0;
    spec->mem_per_gpu = 0;
    *MEMBER(uint64_t, spec, opt) = bytes / MIB + (bytes % MIB != 0);
    spec->mem_all = bytes == 0 && strcmp(opt->name, "mem") == 0;
    return 0;
}

/* Whom to share nodes with: the last of --exclusive and --oversubscribe counts. The
 * words of one are values of the other. */
int set_exclusive(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    Berth__JobSpec *spec = ((struct job_args *)ctx)->spec;

    if (value && strcmp(value, "oversubscribe") == 0)
        return set_oversubscribe(opt, NULL, ctx, err);
    if (value && strcmp(value, "exclusive") == 0)
        value = NULL;
    if (value && (strcmp(value, "mcs") == 0 || strcmp(value, "topo") == 0))
        return err_set(err, ENOTSUP,
                       "'%s' is not supported: whole nodes, or 'user' for nodes "
                       "shared with one's own jobs",
                       value);
    if (value && strcmp(value, "user") != 0)
        return err_set(err, EINVAL, "'%s' is not 'user', which is all it can be",
                       value);
    spec->exclusive = value == NULL;
    spec->exclusive_user = value != NULL;
    spec->oversubscribe = 0;
    return 0;
}

int set_oversubscribe(const struct opt *opt, const char *value, void *ctx,
                      struct err *err)
{
    Berth__JobSpec *spec = ((struct job_args *)ctx)->spec;

    (void)opt;
    (void)value;
    (void)err;
    spec->oversubscribe = 1;
    spec->exclusive = 0;
    spec->exclusive_user = 0;
    return 0;
}

int set_time_min(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t seconds;
    int rc = duration_parse(value, &seconds, err);

    (void)opt;
    if (rc == 0)
        args->spec->time_min = seconds == TIME_UNLIMITED ? 0 : seconds;
    return rc;
}

int set_deadline(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;

    (void)opt;
    return when_parse(value, args->now, &args->spec->deadline, err);
}

int set_yes_no(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    if (!value) /* a flag: --requeue, --no-requeue */
        value = opt->note;
    if (strcasecmp(value, "yes") == 0 || strcasecmp(value, "y") == 0)
        keep(opt, ctx, "yes", true);
    else if (strcasecmp(value, "no") == 0 || strcasecmp(value, "n") == 0)
        keep(opt, ctx, "no", true);
    else
        return err_set(err, EINVAL, "'%s' is neither yes nor no", value);
    return 0;
}

/* sbatch(1): a priority of zero holds the job. */
int set_priority(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct job_args *args = ctx;
    int64_t n;
    int rc;

    (void)opt;
    if (strcasecmp(value, "TOP") == 0)
        return err_set(err, ENOTSUP, "'TOP' is not supported: give a number");
    rc = number_parse(value, 0, UINT32_MAX - 1, &n, err);
    if (rc)
        return rc;
    args->spec->priority = n;
    args->spec->hold = args->spec->hold || n == 0;
    return 0;
}

/* A task's cores are whole ones here, so two of the kinds hold already. */
