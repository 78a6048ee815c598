/* SPDX-License-Identifier: Apache-2.0
 *
 * rules_job.c - Jobs and CronJobs
 */
#include "objects/rules.h"

#include <string.h>

#include "base/units.h"
#include "objects/find.h"
#include "spec/cron_spec.h"
#include "spec/index_set.h"

#define same(a, b) (strcmp(a, b) == 0)
/* Names of pods are made of the Job's: "sweep-12345-abcde", of a CronJob's too. */
#define JOB_NAME_MAX 63
#define CRON_NAME_MAX 52
/* As long as Kubernetes takes. */
#define INDEXES_BYTES_MAX 65536

static void judge_exit_codes(const struct rules *r, const char *path,
                             const struct mf_exit_codes *codes,
                             const struct mf_pod_spec *pod)
{
    const mf_numbers *values = &codes->values;

    if (codes->container && !pod_has_container(pod, codes->container))
        rule_broken(r, below(path, ".containerName").s, "there is no container '%s'",
                    codes->container);
    for (size_t i = 0; i < values->n; i++) {
        if (i && values->items[i] <= values->items[i - 1])
            rule_broken(r, below(path, ".values[%zu]", i).s,
                        "values rise, and none stands twice");
        if (codes->op == MF_EXIT_IN && values->items[i] == 0)
            rule_broken(r, below(path, ".values[%zu]", i).s, "0 is no failure");
    }
}

static void judge_failure_rule(const struct rules *r, const char *path,
                               const struct mf_failure_rule *rule,
                               const struct mf_job_spec *spec)
{
    rule_one_of(r, path, !!rule->exit_codes + !!rule->conditions.n,
                "onExitCodes and onPodConditions");
    if (rule->exit_codes)
        judge_exit_codes(r, below(path, ".onExitCodes").s, rule->exit_codes,
                         spec->template->spec);
    if (rule->action == MF_FAIL_INDEX && spec->backoff_per_index == MF_UNSET)
        rule_broken(r, below(path, ".action").s,
                    "FailIndex needs backoffLimitPerIndex");
}

static void judge_failure(const struct rules *r, const char *path,
                          const struct mf_job_spec *spec)
{
    struct rule_path at = below(path, ".podFailurePolicy");

    if (!spec->failure)
        return;
    if (spec->template->spec->restart != MF_RESTART_NEVER)
        rule_broken(r, below(path, ".template.spec.restartPolicy").s,
                    "podFailurePolicy needs Never");
    if (spec->replacement == MF_REPLACE_ENDING)
        rule_broken(r, below(path, ".podReplacementPolicy").s,
                    "with podFailurePolicy it is Failed");
    for (size_t i = 0; i < spec->failure->rules.n; i++)
        judge_failure_rule(r, below(at.s, ".rules[%zu]", i).s,
                           &spec->failure->rules.items[i], spec);
}

static void judge_indexes(const struct rules *r, const char *path, const char *text)
{
    struct index_set indexes;
    struct err err;

    if (strlen(text) > INDEXES_BYTES_MAX) {
        rule_broken(r, path, "it is longer than %d bytes", INDEXES_BYTES_MAX);
    } else if (index_set_parse(text, &indexes, &err) < 0) {
        rule_broken(r, path, "%s", err.text);
    } else {
        index_set_fini(&indexes);
    }
}

static void judge_success(const struct rules *r, const char *path,
                          const struct mf_job_spec *spec)
{
    struct rule_path at = below(path, ".successPolicy");

    if (!spec->success)
        return;
    if (spec->completion != MF_COMPLETE_INDEXED)
        rule_broken(r, at.s, "it needs completionMode: Indexed");
    for (size_t i = 0; i < spec->success->rules.n; i++) {
        const struct mf_success_rule *rule = &spec->success->rules.items[i];
        struct rule_path one = below(at.s, ".rules[%zu]", i);

        if (!rule->indexes && rule->count == MF_UNSET)
            rule_broken(r, one.s,
                        "one of succeededIndexes and succeededCount is required");
        if (spec->completions != MF_UNSET && rule->count != MF_UNSET &&
            rule->count > spec->completions)
            rule_broken(r, below(one.s, ".succeededCount").s, "more than completions");
        if (rule->indexes)
            judge_indexes(r, below(one.s, ".succeededIndexes").s, rule->indexes);
    }
}

static void judge_indexed(const struct rules *r, const char *path,
                          const struct mf_job_spec *spec)
{
    bool is_indexed = spec->completion == MF_COMPLETE_INDEXED;

    if (is_indexed && spec->completions == MF_UNSET)
        rule_broken(r, below(path, ".completions").s,
                    "this field is required with completionMode: Indexed");
    if (!is_indexed && spec->backoff_per_index != MF_UNSET)
        rule_broken(r, below(path, ".backoffLimitPerIndex").s,
                    "it needs completionMode: Indexed");
    if (spec->max_failed_indexes == MF_UNSET)
        return;
    if (spec->backoff_per_index == MF_UNSET)
        rule_broken(r, below(path, ".maxFailedIndexes").s,
                    "it needs backoffLimitPerIndex");
    else if (spec->completions != MF_UNSET &&
             spec->max_failed_indexes > spec->completions)
        rule_broken(r, below(path, ".maxFailedIndexes").s, "more than completions");
}

static void judge_job_spec(const struct rules *r, const char *path,
                           const struct mf_job_spec *spec)
{
    judge_indexed(r, path, spec);
    judge_failure(r, path, spec);
    judge_success(r, path, spec);
    judge_template_meta(r, below(path, ".template.metadata").s, spec->template->meta);
    judge_pod_spec(r, below(path, ".template.spec").s, spec->template->spec,
                   OWNED_BY_JOB);
}

void judge_job(const struct rules *r, const void *object)
{
    const struct mf_job *job = object;

    judge_meta(r, job->meta, JOB_NAME_MAX);
    judge_job_spec(r, "spec", job->spec);
}

void judge_cron_job(const struct rules *r, const void *object)
{
    const struct mf_cron_job *cron = object;
    const char *schedule = cron->spec->schedule;
    struct cron_spec parsed;
    struct err err;

    judge_meta(r, cron->meta, CRON_NAME_MAX);
    if (strncmp(schedule, "TZ=", 3) == 0 || strncmp(schedule, "CRON_TZ=", 8) == 0)
        rule_broken(r, "spec.schedule", "the zone is said in spec.timeZone");
    else if (cron_spec_parse(schedule, &parsed, &err) < 0)
        rule_broken(r, "spec.schedule", "%s", err.text);
    if (cron->spec->starting_deadline >= 0 && cron->spec->starting_deadline < 10)
        rule_doubtful(r, "spec.startingDeadlineSeconds",
                      "less than 10 seconds: a start may be missed");
    judge_template_meta(r, "spec.jobTemplate.metadata", cron->spec->template->meta);
    judge_job_spec(r, "spec.jobTemplate.spec", cron->spec->template->spec);
}
