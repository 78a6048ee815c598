/* SPDX-License-Identifier: Apache-2.0
 *
 * job_policy.c - which ends of pods are failures, and when a Job has had enough
 */
#include "workload/job_policy.h"

#include <string.h>

#include "base/mem.h"

#define BACK_OFF 10
#define BACK_OFF_MAX 360

bool job_waits_for_ends(const struct mf_job_spec *spec)
{
    return spec->replacement == MF_REPLACE_FAILED ||
           (spec->replacement == MF_REPLACE_UNSAID && spec->failure);
}

bool job_pod_has_failed(const struct mf_job_spec *spec, const struct job_pod *pod)
{
    if (pod->phase == JOB_POD_FAILED)
        return true;
    return pod->is_ending && pod->phase != JOB_POD_SUCCEEDED &&
           !job_waits_for_ends(spec);
}

static bool has_number(const mf_numbers *numbers, int64_t value)
{
    for (size_t i = 0; i < numbers->n; i++)
        if (numbers->items[i] == value)
            return true;
    return false;
}

static const struct job_exit *match_exit(const struct mf_exit_codes *codes,
                                         const struct job_pod *pod)
{
    for (size_t i = 0; i < pod->n_exits; i++) {
        const struct job_exit *end = &pod->exits[i];

        if (end->code == 0 ||
            (codes->container && strcmp(codes->container, end->container) != 0))
            continue;
        if (has_number(&codes->values, end->code) == (codes->op == MF_EXIT_IN))
            return end;
    }
    return NULL;
}

static const struct mf_pod_condition *match_condition(
    const struct mf_failure_rule *rule, const struct job_pod *pod)
{
    for (size_t i = 0; i < rule->conditions.n; i++)
        for (size_t k = 0; k < pod->n_conditions; k++) {
            const struct mf_pod_condition *wanted = &rule->conditions.items[i];
            const struct mf_pod_condition *is = &pod->conditions[k];

            if (strcmp(wanted->type, is->type) == 0 &&
                strcmp(wanted->status ? wanted->status : "True", is->status) == 0)
                return is;
        }
    return NULL;
}

struct job_verdict job_judge_failure(const struct mf_job_spec *spec,
                                     const struct job_pod *pod)
{
    for (size_t i = 0; spec->failure && i < spec->failure->rules.n; i++) {
        const struct mf_failure_rule *rule = &spec->failure->rules.items[i];
        struct job_verdict verdict = {.action = rule->action, .rule = i};

        if (rule->exit_codes)
            verdict.exit = match_exit(rule->exit_codes, pod);
        else
            verdict.reason = match_condition(rule, pod);
        if (verdict.exit || verdict.reason)
            return verdict;
    }
    return (struct job_verdict){.action = MF_FAIL_COUNT};
}

static bool rule_holds(const struct mf_success_rule *rule,
                       const struct index_set *completed)
{
    struct index_set wanted;
    int64_t there, all;

    if (!rule->indexes)
        return rule->count != MF_UNSET && index_set_count(completed) >= rule->count;
    if (index_set_parse(rule->indexes, &wanted, NULL) < 0)
        return false;
    there = index_set_common(&wanted, completed);
    all = index_set_count(&wanted);
    index_set_fini(&wanted);
    return there >= (rule->count != MF_UNSET ? rule->count : all);
}

int job_success_rule(const struct mf_job_spec *spec,
                     const struct job_progress *progress)
{
    for (size_t i = 0; spec->success && i < spec->success->rules.n; i++)
        if (rule_holds(&spec->success->rules.items[i], &progress->completed))
            return (int)i;
    return -1;
}

int64_t job_back_off(uint32_t failures)
{
    int64_t seconds = BACK_OFF;

    if (!failures)
        return 0;
    for (uint32_t i = 1; i < failures && seconds < BACK_OFF_MAX; i++)
        seconds *= 2;
    return seconds < BACK_OFF_MAX ? seconds : BACK_OFF_MAX;
}
