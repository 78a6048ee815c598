/* SPDX-License-Identifier: Apache-2.0
 *
 * objects.h - the other objects of manifests, read, filled in and judged
 *
 * As in pod.h. Objects that stand for many pods hold a template of them.
 */
#ifndef BERTH_OBJECTS_OBJECTS_H
#define BERTH_OBJECTS_OBJECTS_H

#include "objects/pod.h"

struct mf_config_map {
    struct mf_meta *meta;
    mf_pairs data;
    mf_blobs binary;
    bool is_immutable;
};

struct mf_secret {
    struct mf_meta *meta;
    mf_blobs data;
    mf_pairs text; /* stronger than data */
    char *type;
    bool is_immutable;
};

struct mf_object_ref {
    char *name_space, *name, *uid;
};

struct mf_local_dir {
    char *path;
};

struct mf_volume_affinity {
    struct mf_node_selector *required;
};

struct mf_volume_spec {
    mf_amounts capacity;
    mf_choices access; /* enum mf_access */
    enum mf_reclaim reclaim;
    char *storage_class;
    struct mf_object_ref *claim;
    struct mf_volume_affinity *affinity;
    struct mf_host_dir *host_path;
    struct mf_local_dir *local;
    struct mf_nfs *nfs;
};

struct mf_persistent_volume {
    struct mf_meta *meta;
    struct mf_volume_spec *spec;
};

struct mf_claim_spec {
    mf_choices access; /* enum mf_access */
    struct mf_resources *resources;
    struct mf_selector *selector;
    char *volume, *storage_class;
};

struct mf_claim {
    struct mf_meta *meta;
    struct mf_claim_spec *spec;
};

struct mf_exit_codes {
    char *container; /* NULL: any */
    enum mf_exit_operator op;
    mf_numbers values;
};

struct mf_pod_condition {
    char *type, *status;
};

struct mf_failure_rule {
    enum mf_failure_action action;
    struct mf_exit_codes *exit_codes;
    MF_LIST(struct mf_pod_condition) conditions;
};

struct mf_failure_policy {
    MF_LIST(struct mf_failure_rule) rules;
};

struct mf_success_rule {
    char *indexes;
    int64_t count;
};

struct mf_success_policy {
    MF_LIST(struct mf_success_rule) rules;
};

struct mf_job_spec {
    int64_t parallelism, completions; /* completions MF_UNSET: a work queue */
    int64_t deadline, backoff, backoff_per_index, max_failed_indexes, ttl;
    struct mf_failure_policy *failure;
    struct mf_success_policy *success;
    struct mf_pod *template;
    enum mf_completion completion;
    bool is_suspended;
    enum mf_replacement replacement;
};

struct mf_job {
    struct mf_meta *meta;
    struct mf_job_spec *spec;
};

struct mf_cron_spec {
    char *schedule, *time_zone;
    int64_t starting_deadline;
    enum mf_concurrency concurrency;
    bool is_suspended;
    struct mf_job *template;
    int64_t successes_kept, failures_kept;
};

struct mf_cron_job {
    struct mf_meta *meta;
    struct mf_cron_spec *spec;
};

/* Deployments and their kind: read and judged, not run (kinds.h). */
struct mf_workload_spec {
    int64_t replicas;
    struct mf_selector *selector;
    mf_pairs match; /* of a ReplicationController, in place of the selector */
    struct mf_pod *template;
};

struct mf_workload {
    struct mf_meta *meta;
    struct mf_workload_spec *spec;
};

/* All of a kind that has nothing but a name. */
struct mf_named {
    struct mf_meta *meta;
};

#endif
