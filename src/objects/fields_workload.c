/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_workload.c - fields of Deployments, Services and their kind
 *
 * They are read and judged, so that a mistake is told; nothing is run from them yet.
 */
#include "objects/objects.h"

#include "objects/field_rows.h"

#define META                                                    \
    OBJECT("metadata", meta, mf_type_meta, .is_required = true, \
           .help = "name and labels")
#define STATUS WARNED("status", MF_ANY, "the cluster says this, not the manifest")

static const struct mf_field rolling_rows[] = {
    GRANTED("maxUnavailable", MF_INT_OR_STRING, .help = "pods that may be missing"),
    GRANTED("maxSurge", MF_INT_OR_STRING, .help = "pods that may be too many"),
    GRANTED("partition", MF_INT, NOT_NEGATIVE, .help = "keep those with lower numbers"),
};
static TYPE(rolling, "RollingUpdate", 0, rolling_rows, "How pods are replaced.");

static const char *const strategies[] = {"RollingUpdate", "Recreate", "OnDelete", NULL};
static const struct mf_field strategy_rows[] = {
    ROW("type", MF_WORD, MF_NO_MEMBER, .words = strategies, .preset = "RollingUpdate",
        .help = "how pods are replaced"),
    ROW("rollingUpdate", MF_OBJECT, MF_NO_MEMBER, .of = &rolling, .help = "how many"),
};
static TYPE(strategy, "DeploymentStrategy", 0, strategy_rows, "How pods are replaced.");

#define OWNER struct mf_workload_spec
#define REPLICAS \
    NUMBER("replicas", replicas, NOT_NEGATIVE, .preset = "1", .help = "how many pods")
#define SELECTOR                                                        \
    OBJECT("selector", selector, mf_type_selector, .is_required = true, \
           .help = "labels of its pods")
#define TEMPLATE                                                        \
    OBJECT("template", template, mf_type_template, .is_required = true, \
           .help = "what each pod is like")
#define MIN_READY \
    GRANTED("minReadySeconds", MF_INT, NOT_NEGATIVE, .help = "ready so long")
#define HISTORY \
    GRANTED("revisionHistoryLimit", MF_INT, NOT_NEGATIVE, .help = "old ones kept")

static const struct mf_field controller_rows[] = {
    REPLICAS,
    MIN_READY,
    PAIRS("selector", match, .check = label_key_check, .check_value = label_value_check,
          .help = "labels of its pods; the template's unless said"),
    TEMPLATE,
};
static const struct mf_field deployment_rows[] = {
    REPLICAS,
    SELECTOR,
    TEMPLATE,
    ROW("strategy", MF_OBJECT, MF_NO_MEMBER, .of = &strategy, .help = "how replaced"),
    MIN_READY,
    HISTORY,
    GRANTED("paused", MF_BOOL, .help = "replace none"),
    GRANTED("progressDeadlineSeconds", MF_INT, NOT_NEGATIVE, .help = "then it failed"),
};
static const struct mf_field replica_set_rows[] = {REPLICAS, MIN_READY, SELECTOR,
                                                   TEMPLATE};
static const struct mf_field stateful_set_rows[] = {
    REPLICAS,
    SELECTOR,
    TEMPLATE,
    GRANTED("serviceName", MF_STRING, .help = "its headless service"),
    GRANTED("podManagementPolicy", MF_STRING, .help = "OrderedReady or Parallel"),
    ROW("updateStrategy", MF_OBJECT, MF_NO_MEMBER, .of = &strategy,
        .help = "how replaced"),
    GRANTED("volumeClaimTemplates", MF_ANY, .help = "claims of each pod"),
    GRANTED("persistentVolumeClaimRetentionPolicy", MF_ANY, .help = "and after it"),
    GRANTED("ordinals", MF_ANY, .help = "the first number"),
    MIN_READY,
    HISTORY,
};
static const struct mf_field daemon_set_rows[] = {
    SELECTOR,
    TEMPLATE,
    ROW("updateStrategy", MF_OBJECT, MF_NO_MEMBER, .of = &strategy,
        .help = "how replaced"),
    MIN_READY,
    HISTORY,
};
#define SPEC_TYPE(variable, name_, rows)                                \
    static TYPE(variable, name_, sizeof(struct mf_workload_spec), rows, \
                "What is wanted.")
SPEC_TYPE(controller_spec, "ReplicationControllerSpec", controller_rows);
SPEC_TYPE(deployment_spec, "DeploymentSpec", deployment_rows);
SPEC_TYPE(replica_set_spec, "ReplicaSetSpec", replica_set_rows);
SPEC_TYPE(stateful_set_spec, "StatefulSetSpec", stateful_set_rows);
SPEC_TYPE(daemon_set_spec, "DaemonSetSpec", daemon_set_rows);
#undef OWNER

#define OWNER struct mf_workload
#define WORKLOAD(variable, name_, spec_type, help_)          \
    static const struct mf_field variable##_whole[] = {      \
        META,                                                \
        OBJECT("spec", spec, spec_type, .is_required = true, \
               .help = "what is wanted"),                    \
        STATUS,                                              \
    };                                                       \
    TYPE(variable, name_, sizeof(struct mf_workload), variable##_whole, help_)
WORKLOAD(mf_type_controller, "ReplicationController", controller_spec,
         "So many pods alike.");
WORKLOAD(mf_type_deployment, "Deployment", deployment_spec,
         "So many pods alike, replaced one by one.");
WORKLOAD(mf_type_replica_set, "ReplicaSet", replica_set_spec, "So many pods alike.");
WORKLOAD(mf_type_stateful_set, "StatefulSet", stateful_set_spec,
         "So many pods, each with a name and volumes of its own.");
WORKLOAD(mf_type_daemon_set, "DaemonSet", daemon_set_spec, "One pod on each node.");
#undef OWNER

static const char *const protocols[] = {MF_PROTOCOLS(WORDS_OF) NULL};
static const struct mf_field service_port_rows[] = {
    GRANTED("name", MF_STRING, .check = dns_label_check, .help = "its name"),
    GRANTED("port", MF_INT, .is_required = true, PORT_RANGE, .help = "the port"),
    GRANTED("targetPort", MF_INT_OR_STRING, .help = "that of the pods"),
    GRANTED("nodePort", MF_INT, .min = 0, .max = 65535, .help = "that of the nodes"),
    ROW("protocol", MF_WORD, MF_NO_MEMBER, .words = protocols, .preset = "TCP",
        .help = "protocol"),
    GRANTED("appProtocol", MF_STRING, .help = "what is spoken there"),
};
static TYPE(service_port, "ServicePort", 0, service_port_rows, "A port of a service.");

static const char *const service_types[] = {"ClusterIP", "NodePort", "LoadBalancer",
                                            "ExternalName", NULL};
static const struct mf_field service_spec_rows[] = {
    ROW("ports", MF_OBJECTS, MF_NO_MEMBER, .of = &service_port, .help = "its ports"),
    GRANTED("selector", MF_STRING_MAP, .check = label_key_check, .help = "its pods"),
    ROW("type", MF_WORD, MF_NO_MEMBER, .words = service_types, .preset = "ClusterIP",
        .help = "how it is reached"),
    GRANTED("clusterIP", MF_STRING, .help = "its address; None: headless"),
    GRANTED("clusterIPs", MF_STRINGS, .help = "its addresses"),
    GRANTED("externalIPs", MF_STRINGS, .help = "addresses outside"),
    GRANTED("externalName", MF_STRING, .help = "another name"),
    GRANTED("externalTrafficPolicy", MF_STRING, .help = "from outside"),
    GRANTED("internalTrafficPolicy", MF_STRING, .help = "from inside"),
    GRANTED("sessionAffinity", MF_STRING, .preset = "None", .help = "None or ClientIP"),
    GRANTED("sessionAffinityConfig", MF_ANY, .help = "for how long"),
    GRANTED("loadBalancerIP", MF_STRING, .help = "address of the balancer"),
    GRANTED("loadBalancerClass", MF_STRING, .help = "kind of balancer"),
    GRANTED("loadBalancerSourceRanges", MF_STRINGS, .help = "who may"),
    GRANTED("allocateLoadBalancerNodePorts", MF_BOOL, .help = "ports of nodes too"),
    GRANTED("healthCheckNodePort", MF_INT, .help = "port of the check"),
    GRANTED("publishNotReadyAddresses", MF_BOOL, .help = "pods that are not ready too"),
    GRANTED("ipFamilies", MF_STRINGS, .help = "IPv4, IPv6"),
    GRANTED("ipFamilyPolicy", MF_STRING, .help = "one or both"),
    GRANTED("trafficDistribution", MF_STRING, .help = "whom rather"),
};
static TYPE(service_spec, "ServiceSpec", 0, service_spec_rows, "What is wanted.");

#define OWNER struct mf_named
static const struct mf_field service_rows[] = {
    META,
    ROW("spec", MF_OBJECT, MF_NO_MEMBER, .of = &service_spec, .is_required = true,
        .help = "what is wanted"),
    STATUS,
};
static const struct mf_field named_rows[] = {META};
#undef OWNER
TYPE(mf_type_service, "Service", sizeof(struct mf_named), service_rows,
     "One address for pods alike.");
TYPE(mf_type_named, "Object", sizeof(struct mf_named), named_rows,
     "An object that Berth knows by name only.");
