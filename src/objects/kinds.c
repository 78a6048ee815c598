/* SPDX-License-Identifier: Apache-2.0
 *
 * kinds.c - the table of kinds, and what is said about the others
 */
#include "objects/kinds.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "objects/types.h"

#define NO_SETS                                                             \
    "sets of pods that stay are not taken yet: write a Job, or a Pod with " \
    "restartPolicy: Always"
#define NO_SERVICES "services are not taken yet"
#define NO_RIGHTS "who may do what is said by the site's accounts and QOS"

/* Rows: id, API, name, type, is it in a namespace, defaults, rules. */
#define RUN(id_, api_, name_, type_, in_, fill_, judge_)                               \
    {                                                                                  \
        .id = id_, .api = api_, .name = name_, .type = &(type_), .has_namespace = in_, \
        .fill = fill_, .judge = judge_                                                 \
    }
#define SET(api_, name_, type_)                                               \
    {                                                                         \
        .id = MF_OTHER, .api = api_, .name = name_, .type = &(type_),         \
        .has_namespace = true, .refusal = NO_SETS, .fill = defaults_workload, \
        .judge = judge_workload                                               \
    }
/* Of these only the name is looked at. */
#define REFUSED(api_, name_, why_)                                  \
    {                                                               \
        .id = MF_OTHER, .api = api_, .name = name_, .refusal = why_ \
    }

const struct mf_kind mf_kinds[] = {
    RUN(MF_POD, "v1", "Pod", mf_type_pod, true, defaults_pod, judge_pod),
    RUN(MF_JOB, "batch/v1", "Job", mf_type_job, true, defaults_job, judge_job),
    RUN(MF_CRON_JOB, "batch/v1", "CronJob", mf_type_cron_job, true, defaults_cron_job,
        judge_cron_job),
    RUN(MF_CONFIG_MAP, "v1", "ConfigMap", mf_type_config_map, true, NULL,
        judge_config_map),
    RUN(MF_SECRET, "v1", "Secret", mf_type_secret, true, NULL, judge_secret),
    RUN(MF_PERSISTENT_VOLUME, "v1", "PersistentVolume", mf_type_persistent_volume,
        false, NULL, judge_persistent_volume),
    RUN(MF_PERSISTENT_VOLUME_CLAIM, "v1", "PersistentVolumeClaim", mf_type_claim, true,
        NULL, judge_claim),
    SET("v1", "ReplicationController", mf_type_controller),
    SET("apps/v1", "Deployment", mf_type_deployment),
    SET("apps/v1", "ReplicaSet", mf_type_replica_set),
    SET("apps/v1", "StatefulSet", mf_type_stateful_set),
    SET("apps/v1", "DaemonSet", mf_type_daemon_set),
    {.id = MF_OTHER,
     .api = "v1",
     .name = "Service",
     .type = &mf_type_service,
     .has_namespace = true,
     .refusal = NO_SERVICES},
    REFUSED("v1", "Namespace", "namespaces are there when something names them"),
    REFUSED("v1", "ServiceAccount", "pods run as the user who submits them"),
    REFUSED("v1", "PodTemplate", "say it in a Job"),
    REFUSED("v1", "ResourceQuota", "limits are those of accounts and QOS"),
    REFUSED("v1", "LimitRange", "limits are those of accounts and QOS"),
    REFUSED("v1", "Endpoints", NO_SERVICES),
    REFUSED("v1", "Node", "nodes are those of the site's configuration"),
    REFUSED("scheduling.k8s.io/v1", "PriorityClass", "a QOS is one: 'berth qos add'"),
    REFUSED("storage.k8s.io/v1", "StorageClass",
            "a PersistentVolume names its class, and that is all of it"),
    REFUSED("node.k8s.io/v1", "RuntimeClass", "the site says who makes containers"),
    REFUSED("rbac.authorization.k8s.io/v1", "Role", NO_RIGHTS),
    REFUSED("rbac.authorization.k8s.io/v1", "RoleBinding", NO_RIGHTS),
    REFUSED("rbac.authorization.k8s.io/v1", "ClusterRole", NO_RIGHTS),
    REFUSED("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", NO_RIGHTS),
    REFUSED("networking.k8s.io/v1", "NetworkPolicy",
            "who may reach whom is said by partitions and accounts"),
    REFUSED("networking.k8s.io/v1", "Ingress", NO_SERVICES),
    REFUSED("policy/v1", "PodDisruptionBudget", NO_SETS),
    REFUSED("autoscaling/v2", "HorizontalPodAutoscaler", NO_SETS),
};
const size_t mf_n_kinds = ARRAY_SIZE(mf_kinds);

/* Short names, as kubectl has them. */
static const struct {
    const char *alias, *name;
} aliases[] = {
    {"po", "Pod"},
    {"cj", "CronJob"},
    {"cm", "ConfigMap"},
    {"pv", "PersistentVolume"},
    {"deploy", "Deployment"},
    {"pvc", "PersistentVolumeClaim"},
    {"rs", "ReplicaSet"},
    {"rc", "ReplicationController"},
    {"sts", "StatefulSet"},
    {"ds", "DaemonSet"},
    {"svc", "Service"},
};

static bool is_name(const char *name, const char *given)
{
    size_t len = strlen(name);

    return strncasecmp(name, given, len) == 0 &&
           (!given[len] || strcasecmp(given + len, "s") == 0);
}

const struct mf_kind *kind_by_name(const struct mf_kind *extra, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
        if (strcasecmp(aliases[i].alias, name) == 0)
            name = aliases[i].name;
    if (extra && is_name(extra->name, name))
        return extra;
    for (size_t i = 0; i < mf_n_kinds; i++)
        if (is_name(mf_kinds[i].name, name))
            return &mf_kinds[i];
    return NULL;
}

const char *kind_nearest(const struct mf_kind *extra, const char *name)
{
    const char *names[ARRAY_SIZE(mf_kinds) + 1];

    for (size_t i = 0; i < mf_n_kinds; i++)
        names[i] = mf_kinds[i].name;
    names[mf_n_kinds] = extra ? extra->name : NULL;
    return nearest_name(name, names, ARRAY_SIZE(names));
}

/* Groups that are ours to know; kinds of others are of programs that Berth has not. */
static bool is_known_group(const struct mf_kind *extra, const char *api)
{
    size_t len = strcspn(api, "/");

    if (!api[len] || (extra && strncmp(extra->api, api, len + 1) == 0))
        return true;
    for (size_t i = 0; i < mf_n_kinds; i++)
        if (strncmp(mf_kinds[i].api, api, len + 1) == 0)
            return true;
    return strncmp(api, "extensions/", 11) == 0;
}

static const struct node *node_of(const struct node *root, const char *key)
{
    const struct node *node = node_get(root, key);

    return node ? node : root;
}

/* Versions that went: what is now 'kind' in another API or version of it. */
static const struct mf_kind *find_old(const struct mf_kind *kind, const char *api,
                                      const struct node *root, struct report *report)
{
    if (kind->refusal) {
        report_error(report, node_of(root, "kind"), "",
                     "%s of %.64s is not run by Berth: %s", kind->name, api,
                     kind->refusal);
        return NULL;
    }
    if (kind->id == MF_CRON_JOB && strcmp(api, "batch/v1beta1") == 0) {
        report_warning(report, node_of(root, "apiVersion"), "apiVersion",
                       "%s is read as %s, which has the same fields", api, kind->api);
        return kind;
    }
    report_error(report, node_of(root, "apiVersion"), "apiVersion",
                 "there is no %s in %s: it is in %s", kind->name, api, kind->api);
    return NULL;
}

/* Kinds of programs that extend Kubernetes, and what does their work here. */
static const char *instead_of(const char *name)
{
    static const char *const words[][2] = {
        {"PodGroup",
         "the annotations berth/gang and berth/gang-size start pods together"},
        {"JobSet",
         "a Job for each of its jobs, with the annotation berth/gang, may do"},
        {"MPIJob", "a BatchJob runs MPI programs: 'berth explain batchjob'"},
        {"Kustomization",
         "give what it makes: kubectl kustomize DIR | berth apply -f -"},
        {"CustomResourceDefinition", "the kinds are Berth's: 'berth explain kinds'"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return "a Job, or a BatchJob, may do";
}

static const struct mf_kind *not_found(const struct mf_kind *extra, const char *api,
                                       const char *name, const struct node *root,
                                       struct report *report)
{
    const char *near = kind_nearest(extra, name);

    if (!is_known_group(extra, api) || strcmp(name, "PodGroup") == 0)
        report_error(report, node_of(root, "kind"), "",
                     "%.64s of %.64s is not run by Berth: %s", name, api,
                     instead_of(name));
    else
        report_error(report, node_of(root, "kind"), "kind",
                     "there is no kind '%.64s' in %.64s%s%s", name, api,
                     near ? "; nearest: " : "", near ? near : "");
    return NULL;
}

const struct mf_kind *kind_find(const struct mf_kind *extra, const struct node *root,
                                struct report *report)
{
    const char *api = node_string(root, "apiVersion");
    const char *name = node_string(root, "kind");
    const struct mf_kind *kind;

    if (!api || !*api)
        report_error(report, node_of(root, "apiVersion"), "apiVersion",
                     "this field is required: v1, batch/v1, ...");
    if (!name || !*name)
        report_error(report, node_of(root, "kind"), "kind",
                     "this field is required: Pod, Job, ...");
    if (!api || !*api || !name || !*name)
        return NULL;
    kind = kind_by_name(extra, name);
    if (!kind || strcmp(kind->name, name) != 0 || !is_known_group(extra, api))
        return not_found(extra, api, name, root, report);
    if (strcmp(kind->api, api) != 0)
        return find_old(kind, api, root, report);
    return kind;
}
