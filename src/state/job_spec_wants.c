/* SPDX-License-Identifier: Apache-2.0
 *
 * job_spec_wants.c - refuse texts that src/spec cannot read, and wishes at odds
 */
#include "state/job_spec_wants.h"

#include "base/mem.h"
#include "spec/distribution_spec.h"
#include "spec/array_spec.h"
#include "spec/depend_spec.h"
#include "spec/feature_spec.h"
#include "spec/gres_spec.h"
#include "spec/licence_spec.h"
#include "spec/switches_spec.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ------------------------------------------------------------------ texts */

static int try_array(const char *text, struct err *err)
{
    cleanup(array_spec_fini) struct array_spec spec = {0};

    return array_spec_parse(text, &spec, err);
}

static int try_dependency(const char *text, struct err *err)
{
    cleanup(depend_spec_fini) struct depend_spec spec = {0};

    return depend_spec_parse(text, &spec, err);
}

static int try_features(const char *text, struct err *err)
{
    cleanup(feature_spec_destroyp) struct feature_spec *spec = NULL;

    return feature_spec_parse(text, &spec, err);
}

static int try_gres(const char *text, struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    return gres_spec_parse(text, &spec, err);
}

static int try_gpus(const char *text, struct err *err)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    return gres_spec_parse_gpus(text, &spec, err);
}

static int try_licences(const char *text, struct err *err)
{
    cleanup(licence_spec_fini) struct licence_spec spec = {0};

    return licence_spec_parse(text, &spec, err);
}

static int try_switches(const char *text, struct err *err)
{
    struct switches_spec spec;

    return switches_spec_parse(text, &spec, err);
}

static int try_yes_no(const char *text, struct err *err)
{
    if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0)
        return 0;
    return err_set(err, EINVAL, "'%.40s' is neither yes nor no", text);
}

static int try_distribution(const char *text, struct err *err)
{
    struct distribution_spec spec;

    return distribution_parse(text, &spec, err);
}

struct language {
    size_t offset;
    const char *option;
    int (*try)(const char *text, struct err *err);
};
#define TEXT(field, option, try)                     \
    {                                                \
        offsetof(Berth__JobSpec, field), option, try \
    }

static int check_languages(const Berth__JobSpec *spec, const struct language *languages,
                           size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        char *const *text =
            (char *const *)(const void *)((const char *)spec + languages[i].offset);
        int rc = **text ? languages[i].try(*text, err) : 0;

        if (rc) {
            (void)err_wrap(err, "%s", languages[i].option);
            return rc;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ GPUs */

/* How many GPUs a text that was read before asks for. */
static uint64_t gpus_of(const char *text)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    if (*text)
        (void)gres_spec_parse_gpus(text, &spec, NULL);
    return gres_spec_count(&spec, "gpu");
}

static uint64_t gres_gpus(const char *text)
{
    cleanup(gres_spec_fini) struct gres_spec spec = {0};

    if (*text)
        (void)gres_spec_parse(text, &spec, NULL);
    return gres_spec_count(&spec, "gpu");
}

static bool wants_gpus(const Berth__JobSpec *spec)
{
    return gpus_of(spec->gpus) || gpus_of(spec->gpus_per_node) ||
           gpus_of(spec->gpus_per_task) || gpus_of(spec->gpus_per_socket) ||
           gres_gpus(spec->gres) || spec->tasks_per_gpu;
}

/* Two options of which a job may have one. */
static int exclude(bool a, const char *option_a, bool b, const char *option_b,
                   struct err *err)
{
    if (!a || !b)
        return 0;
    return err_set(err, EINVAL, "%s and %s are mutually exclusive", option_a, option_b);
}

static int check_gpu_pairs(const Berth__JobSpec *spec, struct err *err)
{
    const struct {
        bool a;
        const char *option_a;
        bool b;
        const char *option_b;
    } pairs[] = {
        {spec->tasks_per_gpu, "--ntasks-per-gpu", *spec->gpus_per_task,
         "--gpus-per-task"},
        {spec->tasks_per_gpu, "--ntasks-per-gpu", *spec->gpus_per_socket,
         "--gpus-per-socket"},
        {spec->tasks_per_gpu, "--ntasks-per-gpu", spec->tasks_per_node,
         "--ntasks-per-node"},
        {spec->cpus_per_gpu, "--cpus-per-gpu", spec->cpus_per_task, "--cpus-per-task"},
        {spec->mem_per_gpu, "--mem-per-gpu", spec->mem_per_node || spec->mem_all,
         "--mem"},
        {spec->mem_per_gpu, "--mem-per-gpu", spec->mem_per_cpu, "--mem-per-cpu"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        int rc =
            exclude(pairs[i].a, pairs[i].option_a, pairs[i].b, pairs[i].option_b, err);

        if (rc)
            return rc;
    }
    return 0;
}

static int check_gpu_sums(const Berth__JobSpec *spec, struct err *err)
{
    uint64_t total = gpus_of(spec->gpus), a_node = gpus_of(spec->gpus_per_node);
    uint64_t gres = gres_gpus(spec->gres);

    if (gres && a_node && gres != a_node)
        return err_set(err, EINVAL,
                       "--gres asks for %llu GPUs on each node, --gpus-per-node for "
                       "%llu",
                       (unsigned long long)gres, (unsigned long long)a_node);
    if (!a_node)
        a_node = gres;
    if (total && a_node && spec->nodes_min &&
        (!spec->nodes_max || spec->nodes_max == spec->nodes_min) &&
        total != a_node * spec->nodes_min)
        return err_set(err, EINVAL, "--gpus=%s: not %llu GPUs on each of --nodes=%u",
                       spec->gpus, (unsigned long long)a_node, spec->nodes_min);
    return 0;
}

static int check_gpus(const Berth__JobSpec *spec, struct err *err)
{
    int rc = check_gpu_pairs(spec, err);

    if (rc == 0)
        rc = check_gpu_sums(spec, err);
    if (rc)
        return rc;
    if ((spec->cpus_per_gpu || spec->mem_per_gpu) && !wants_gpus(spec))
        return err_set(err, EINVAL,
                       "--%s-per-gpu: the job asks for no GPUs; --gpus-per-node, "
                       "--gpus-per-task or --gpus do",
                       spec->cpus_per_gpu ? "cpus" : "mem");
    return 0;
}

/* ------------------------------------------------------------------ both halves */

static int check_sharing(const Berth__JobSpec *spec, struct err *err)
{
    int rc = exclude(spec->oversubscribe, "--oversubscribe",
                     spec->exclusive || spec->exclusive_user, "--exclusive", err);

    if (rc == 0)
        rc = exclude(spec->exclusive, "--exclusive", spec->exclusive_user,
                     "--exclusive=user", err);
    if (rc == 0)
        rc = exclude(spec->mem_all, "--mem=0", spec->mem_per_node || spec->mem_per_cpu,
                     "another size of memory", err);
    return rc;
}

int job_spec_check_wants(const Berth__JobSpec *spec, struct err *err)
{
    static const struct language languages[] = {
        TEXT(constraint, "--constraint", try_features),
        TEXT(prefer, "--prefer", try_features),
        TEXT(gres, "--gres", try_gres),
        TEXT(gpus, "--gpus", try_gpus),
        TEXT(gpus_per_node, "--gpus-per-node", try_gpus),
        TEXT(gpus_per_task, "--gpus-per-task", try_gpus),
        TEXT(gpus_per_socket, "--gpus-per-socket", try_gpus),
        TEXT(licences, "--licenses", try_licences),
        TEXT(switches, "--switches", try_switches),
        TEXT(distribution, "--distribution", try_distribution),
    };
    int rc = check_languages(spec, languages, ARRAY_SIZE(languages), err);

    if (rc == 0)
        rc = check_gpus(spec, err);
    if (rc == 0)
        rc = check_sharing(spec, err);
    return rc;
}

static int check_times(const Berth__JobSpec *spec, struct err *err)
{
    const int64_t most = INT64_C(1) << 40;

    if (spec->time_min < 0 || spec->time_min > most)
        return err_set(err, EINVAL, "--time-min: %lld seconds is not a time limit",
                       (long long)spec->time_min);
    if (spec->time_limit > 0 && spec->time_min > spec->time_limit)
        return err_set(err, EINVAL, "--time-min is more than --time");
    if (spec->deadline < 0 || spec->deadline > most)
        return err_set(err, EINVAL, "--deadline: %lld is not a point in time",
                       (long long)spec->deadline);
    if (spec->deadline && spec->deadline <= spec->begin_time)
        return err_set(err, EINVAL, "--deadline is not after --begin");
    return 0;
}

int job_spec_check_rules(const Berth__JobSpec *spec, struct err *err)
{
    static const struct language languages[] = {
        TEXT(array, "--array", try_array),
        TEXT(dependency, "--dependency", try_dependency),
        TEXT(kill_on_invalid_dep, "--kill-on-invalid-dep", try_yes_no),
        TEXT(requeue, "--requeue", try_yes_no),
    };
    int rc = check_languages(spec, languages, ARRAY_SIZE(languages), err);

    if (rc == 0)
        rc = check_times(spec, err);
    if (rc)
        return rc;
    if (*spec->array && spec->interactive)
        return err_set(err, EINVAL, "--array: only batch jobs have elements");
    if (*spec->array && spec->n_components)
        return err_set(err, EINVAL,
                       "--array: a heterogeneous job cannot be an array too");
    if (spec->priority < 0 || spec->priority > UINT32_MAX)
        return err_set(err, EINVAL, "--priority=%lld: must be between 0 and %u",
                       (long long)spec->priority, UINT32_MAX);
    return 0;
}
