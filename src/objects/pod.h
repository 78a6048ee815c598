/* SPDX-License-Identifier: Apache-2.0
 *
 * pod.h - a pod, read, filled in and judged
 *
 * What whoever runs a pod takes. Members stand for the fields of 'v1 Pod' that Berth
 * honours, in its order; a field that is only named in a warning, or refused, has none.
 * All of it is built and freed by the tables of fields.
 */
#ifndef BERTH_OBJECTS_POD_H
#define BERTH_OBJECTS_POD_H

#include <stdbool.h>

#include "manifest/values.h"
#include "objects/words.h"

struct mf_meta {
    char *name, *generate_name, *name_space;
    mf_pairs labels, annotations;
};

struct mf_requirement {
    char *key;
    enum mf_selection op;
    char **values;
};

struct mf_selector {
    mf_pairs match_labels;
    MF_LIST(struct mf_requirement) expressions;
};

/* Which field of the pod, or what amount of a container. */
struct mf_field_ref {
    char *path;
};

struct mf_resource_ref {
    char *container, *resource;
    struct quantity divisor; /* 0: one */
};

struct mf_key_ref {
    char *name, *key;
    bool is_optional;
};

struct mf_env_source {
    struct mf_field_ref *field;
    struct mf_resource_ref *resource;
    struct mf_key_ref *config_map, *secret;
};

struct mf_env {
    char *name, *value;
    struct mf_env_source *from;
};

struct mf_name_ref {
    char *name;
    bool is_optional;
};

struct mf_env_from {
    char *prefix;
    struct mf_name_ref *config_map, *secret;
};

struct mf_port {
    char *name;
    int64_t container_port, host_port; /* MF_UNSET: none */
    char *host_ip;
    enum mf_protocol protocol;
};

struct mf_resources {
    mf_amounts limits, requests;
};

struct mf_mount {
    char *name, *path, *sub_path, *sub_path_expr;
    bool is_read_only;
};

struct mf_exec {
    char **command;
};

struct mf_http_get {
    char *host, *path;
    struct mf_port_ref port;
    enum mf_scheme scheme;
    mf_pairs headers; /* from {name, value} */
};

struct mf_tcp_socket {
    char *host;
    struct mf_port_ref port;
};

/* grpc.health.v1.Health/Check. */
struct mf_grpc {
    int64_t port;
    char *service; /* NULL: the server as a whole */
};

struct mf_probe {
    struct mf_exec *exec;
    struct mf_http_get *http;
    struct mf_tcp_socket *tcp;
    struct mf_grpc *grpc;
    int64_t initial_delay, timeout, period; /* seconds */
    int64_t success_threshold, failure_threshold;
    int64_t grace; /* seconds; MF_UNSET: the pod's */
};

struct mf_sleep {
    int64_t seconds;
};

struct mf_hook {
    struct mf_exec *exec;
    struct mf_http_get *http;
    struct mf_sleep *sleep;
};

struct mf_lifecycle {
    struct mf_hook *post_start, *pre_stop;
    char *stop_signal;
};

struct mf_seccomp {
    enum mf_seccomp_kind kind;
    char *profile;
};

struct mf_capabilities {
    char **add, **drop;
};

struct mf_security {
    struct mf_capabilities *capabilities;
    int64_t user, group;
    bool must_not_be_root, is_read_only;
    struct mf_seccomp *seccomp;
};

struct mf_container {
    char *name, *image;
    char **command, **args;
    char *workdir;
    MF_LIST(struct mf_port) ports;
    MF_LIST(struct mf_env_from) env_from;
    MF_LIST(struct mf_env) env;
    struct mf_resources *resources;
    enum mf_restart restart; /* of an init container: ALWAYS makes it a sidecar */
    MF_LIST(struct mf_mount) mounts;
    struct mf_probe *liveness, *readiness, *startup;
    struct mf_lifecycle *lifecycle;
    char *message_path;
    enum mf_message message;
    enum mf_pull pull;
    struct mf_security *security;
    bool has_stdin, has_stdin_once, has_tty;
};

struct mf_pod_security {
    int64_t user, group, fs_group;
    bool must_not_be_root;
    mf_numbers groups;
    struct mf_seccomp *seccomp;
};

/* Volumes: one source each. */
struct mf_empty_dir {
    char *medium;               /* NULL: disk; "Memory" */
    struct quantity size_limit; /* 0: none */
};

struct mf_host_dir {
    char *path;
    enum mf_host_path type;
};

struct mf_item {
    char *key, *path;
    int64_t mode; /* MF_UNSET: the volume's */
};

struct mf_data_source {
    char *name; /* of the ConfigMap or Secret */
    MF_LIST(struct mf_item) items;
    int64_t mode;
    bool is_optional;
};

struct mf_downward_item {
    char *path;
    struct mf_field_ref *field;
    struct mf_resource_ref *resource;
    int64_t mode;
};

struct mf_downward {
    MF_LIST(struct mf_downward_item) items;
    int64_t mode;
};

struct mf_projection {
    struct mf_data_source *config_map, *secret;
    struct mf_downward *downward;
};

struct mf_projected {
    MF_LIST(struct mf_projection) sources;
    int64_t mode;
};

struct mf_nfs {
    char *server, *path;
    bool is_read_only;
};

struct mf_claim_ref {
    char *claim;
    bool is_read_only;
};

struct mf_volume {
    char *name;
    struct mf_empty_dir *empty_dir;
    struct mf_host_dir *host_path;
    struct mf_data_source *config_map, *secret;
    struct mf_downward *downward;
    struct mf_projected *projected;
    struct mf_nfs *nfs;
    struct mf_claim_ref *claim;
};

/* Where it may run. */
struct mf_node_requirement {
    char *key;
    enum mf_node_selection op;
    char **values;
};

struct mf_node_term {
    MF_LIST(struct mf_node_requirement) expressions, fields;
};

struct mf_node_selector {
    MF_LIST(struct mf_node_term) terms; /* one of them */
};

struct mf_node_preference {
    int64_t weight;
    struct mf_node_term *term;
};

struct mf_node_affinity {
    struct mf_node_selector *required;
    MF_LIST(struct mf_node_preference) preferred;
};

struct mf_pod_term {
    struct mf_selector *selector, *name_space_selector;
    char **name_spaces;
    char **match_keys,
        **mismatch_keys; /* labels whose values are the pod's own, or not */
    char *topology_key;
};

struct mf_pod_preference {
    int64_t weight;
    struct mf_pod_term *term;
};

struct mf_pod_affinity {
    MF_LIST(struct mf_pod_term) required;
    MF_LIST(struct mf_pod_preference) preferred;
};

struct mf_affinity {
    struct mf_node_affinity *node;
    struct mf_pod_affinity *pod, *anti;
};

struct mf_toleration {
    char *key, *value;
    enum mf_toleration_op op;
    enum mf_effect effect;
    int64_t seconds; /* MF_UNSET: for ever */
};

struct mf_spread {
    int64_t max_skew, min_domains;
    char *topology_key;
    char **match_keys;
    enum mf_spread_kind kind;
    struct mf_selector *selector;
    enum mf_node_count affinity, taints;
};

struct mf_host_alias {
    char *ip;
    char **names;
};

struct mf_dns_config {
    char **servers, **searches;
    mf_pairs options; /* from {name, value} */
};

struct mf_gate {
    char *name;
};

struct mf_pod_spec {
    MF_LIST(struct mf_volume) volumes;
    MF_LIST(struct mf_container) init, containers;
    enum mf_restart restart;
    int64_t grace, deadline; /* seconds; no deadline: MF_UNSET */
    enum mf_dns_policy dns;
    mf_pairs node_selector;
    char *node_name;
    bool has_host_network, shares_pids;
    struct mf_pod_security *security;
    char *hostname, *subdomain;
    struct mf_affinity *affinity;
    MF_LIST(struct mf_toleration) tolerations;
    MF_LIST(struct mf_host_alias) host_aliases;
    char *priority_class;
    enum mf_preemption preemption;
    struct mf_dns_config *dns_config;
    MF_LIST(struct mf_spread) spread;
    MF_LIST(struct mf_gate) gates; /* held while there are any */
};

struct mf_pod {
    struct mf_meta *meta;
    struct mf_pod_spec *spec;
};

#endif
