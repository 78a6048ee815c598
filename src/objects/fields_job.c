/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_job.c - fields of Jobs and CronJobs
 */
#include "objects/objects.h"

#include "objects/field_rows.h"

static const char *const completions[] = {MF_COMPLETIONS(WORDS_OF) NULL};
static const char *const actions[] = {MF_FAILURE_ACTIONS(WORDS_OF) NULL};
static const char *const exit_operators[] = {MF_EXIT_OPERATORS(WORDS_OF) NULL};
static const char *const replacements[] = {MF_REPLACEMENTS(WORDS_OF) NULL};
static const char *const concurrencies[] = {MF_CONCURRENCIES(WORDS_OF) NULL};

#define OWNER struct mf_exit_codes
static const struct mf_field exit_rows[] = {
    TEXT("containerName", container, .check = dns_label_check,
         .help = "of this container; of any unless said"),
    WORD("operator", op, exit_operators, .is_required = true,
         .help = "how it is judged"),
    ROW("values", MF_INTS, MEMBER(mf_numbers, values), .is_required = true,
        NOT_NEGATIVE, .help = "exit codes, in rising order"),
};
#undef OWNER
static TYPE(exit_codes, "PodFailurePolicyOnExitCodesRequirement",
            sizeof(struct mf_exit_codes), exit_rows, "Exit codes of a container.");

#define OWNER struct mf_pod_condition
static const struct mf_field condition_rows[] = {
    TEXT("type", type, .is_required = true, .check = label_key_check,
         .help = "DisruptionTarget: it had to leave"),
    TEXT("status", status, .preset = "True", .help = "True, False or Unknown"),
};
#undef OWNER
static TYPE(pod_condition, "PodFailurePolicyOnPodConditionsPattern",
            sizeof(struct mf_pod_condition), condition_rows, "A condition of the pod.");

#define OWNER struct mf_failure_rule
static const struct mf_field failure_rule_rows[] = {
    WORD("action", action, actions, .is_required = true, .help = "what is done"),
    OBJECT("onExitCodes", exit_codes, exit_codes, .help = "for these exit codes"),
    OBJECTS("onPodConditions", conditions, pod_condition,
            .help = "or these conditions"),
};
#undef OWNER
static TYPE(failure_rule, "PodFailurePolicyRule", sizeof(struct mf_failure_rule),
            failure_rule_rows, "What is done about a pod that failed.");

#define OWNER struct mf_failure_policy
static const struct mf_field failure_policy_rows[] = {
    OBJECTS("rules", rules, failure_rule, .is_required = true,
            .help = "rules, of which the first that fits is taken"),
};
#undef OWNER
static TYPE(failure_policy, "PodFailurePolicy", sizeof(struct mf_failure_policy),
            failure_policy_rows, "What is done about pods that failed.");

#define OWNER struct mf_success_rule
static const struct mf_field success_rule_rows[] = {
    TEXT("succeededIndexes", indexes, .help = "these must have succeeded: 0-3,7"),
    NUMBER("succeededCount", count, POSITIVE, .help = "so many (of these)"),
};
#undef OWNER
static TYPE(success_rule, "SuccessPolicyRule", sizeof(struct mf_success_rule),
            success_rule_rows, "When a Job has succeeded before all have.");

#define OWNER struct mf_success_policy
static const struct mf_field success_policy_rows[] = {
    OBJECTS("rules", rules, success_rule, .is_required = true,
            .help = "rules, of which one is enough"),
};
#undef OWNER
static TYPE(success_policy, "SuccessPolicy", sizeof(struct mf_success_policy),
            success_policy_rows, "When a Job has succeeded before all have.");

#define OWNER struct mf_job_spec
static const struct mf_field job_spec_rows[] = {
    NUMBER("parallelism", parallelism, NOT_NEGATIVE, .preset = "1",
           .help = "pods at a time"),
    NUMBER("completions", completions, NOT_NEGATIVE,
           .help = "pods that must succeed; unless said the first ends the Job"),
    WORD("completionMode", completion, completions, .preset = "NonIndexed",
         .help = "Indexed: each pod has a number"),
    NUMBER("activeDeadlineSeconds", deadline, POSITIVE,
           .help = "time limit of the whole Job"),
    NUMBER("backoffLimit", backoff, NOT_NEGATIVE,
           .help = "failed pods before it is given up; 6 unless backoffLimitPerIndex"),
    NUMBER("backoffLimitPerIndex", backoff_per_index, NOT_NEGATIVE,
           .help = "failed pods of one index"),
    NUMBER("maxFailedIndexes", max_failed_indexes, NOT_NEGATIVE,
           .help = "failed indexes before it is given up"),
    NUMBER("ttlSecondsAfterFinished", ttl, NOT_NEGATIVE,
           .help = "forget it so long after its end"),
    OBJECT("podFailurePolicy", failure, failure_policy, .help = "which failures count"),
    OBJECT("successPolicy", success, success_policy, .help = "when it has succeeded"),
    TRUTH("suspend", is_suspended, .preset = "false", .help = "held"),
    WORD("podReplacementPolicy", replacement, replacements,
         .help = "when a pod that ends is replaced"),
    OBJECT("template", template, mf_type_template, .is_required = true,
           .help = "what each pod is like"),
    WARNED("selector", MF_ANY, "a Job's pods are its own"),
    REFUSED("manualSelector", MF_BOOL, "a Job's pods are its own"),
    REFUSED("managedBy", MF_STRING, "Jobs are run by Berth",
            .harmless = "kubernetes.io/job-controller"),
};
static TYPE(job_spec, "JobSpec", sizeof(struct mf_job_spec), job_spec_rows,
            "Pods that run to an end.");
#undef OWNER

#define STATUS WARNED("status", MF_ANY, "the cluster says this, not the manifest")

#define OWNER struct mf_job
static const struct mf_field job_rows[] = {
    OBJECT("metadata", meta, mf_type_meta, .is_required = true,
           .help = "name and labels"),
    OBJECT("spec", spec, job_spec, .is_required = true, .help = "what is wanted"),
    STATUS,
};
static const struct mf_field job_template_rows[] = {
    OBJECT("metadata", meta, mf_type_meta, .help = "labels of the Jobs"),
    OBJECT("spec", spec, job_spec, .is_required = true, .help = "what is wanted"),
};
#undef OWNER
TYPE(mf_type_job, "Job", sizeof(struct mf_job), job_rows, "Pods that run to an end.");
static TYPE(job_template, "JobTemplateSpec", sizeof(struct mf_job), job_template_rows,
            "What each Job is like.");

#define OWNER struct mf_cron_spec
static const struct mf_field cron_spec_rows[] = {
    TEXT("schedule", schedule, .is_required = true,
         .help =
             "minute, hour, day of the month, month, day of the week: '*/5 8-18 * * "
             "MON-FRI'; @hourly, @daily, ..."),
    TEXT("timeZone", time_zone, .check = time_zone_check,
         .help = "Europe/Berlin; the controller's unless said"),
    NUMBER("startingDeadlineSeconds", starting_deadline, NOT_NEGATIVE,
           .help = "how late a start may be"),
    WORD("concurrencyPolicy", concurrency, concurrencies, .preset = "Allow",
         .help = "what if the last has not ended"),
    TRUTH("suspend", is_suspended, .preset = "false", .help = "start none"),
    OBJECT("jobTemplate", template, job_template, .is_required = true,
           .help = "what each Job is like"),
    NUMBER("successfulJobsHistoryLimit", successes_kept, NOT_NEGATIVE, .preset = "3",
           .help = "Jobs that succeeded and are kept"),
    NUMBER("failedJobsHistoryLimit", failures_kept, NOT_NEGATIVE, .preset = "1",
           .help = "Jobs that failed and are kept"),
};
static TYPE(cron_spec, "CronJobSpec", sizeof(struct mf_cron_spec), cron_spec_rows,
            "Jobs by the clock.");
#undef OWNER

#define OWNER struct mf_cron_job
static const struct mf_field cron_rows[] = {
    OBJECT("metadata", meta, mf_type_meta, .is_required = true,
           .help = "name and labels"),
    OBJECT("spec", spec, cron_spec, .is_required = true, .help = "what is wanted"),
    STATUS,
};
#undef OWNER
TYPE(mf_type_cron_job, "CronJob", sizeof(struct mf_cron_job), cron_rows,
     "Jobs by the clock.");
