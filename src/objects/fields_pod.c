/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_pod.c - fields of a pod
 */
#include "objects/pod.h"

#include "objects/field_rows.h"

static const char *const restarts[] = {MF_RESTARTS(WORDS_OF) NULL};
static const char *const dns_policies[] = {MF_DNS_POLICIES(WORDS_OF) NULL};
static const char *const preemptions[] = {MF_PREEMPTIONS(WORDS_OF) NULL};

#define OWNER struct mf_pod_security
static const struct mf_field security_rows[] = {
    NUMBER("runAsUser", user, ANY_ID,
           .help = "as whom all containers appear inside; 0: root"),
    NUMBER("runAsGroup", group, ANY_ID, .help = "the group inside, likewise"),
    TRUTH("runAsNonRoot", must_not_be_root, .help = "refuse to appear as root"),
    ROW("supplementalGroups", MF_INTS, MEMBER(mf_numbers, groups), ANY_ID,
        .help = "groups, of those that one is in"),
    NUMBER("fsGroup", fs_group, ANY_ID,
           .help = "files in volumes are the pod's user's all the same"),
    OBJECT("seccompProfile", seccomp, mf_type_seccomp,
           .help = "filter of system calls"),
    WARNED("supplementalGroupsPolicy", MF_STRING, "groups are one's own",
           .harmless = "Merge"),
    WARNED("fsGroupChangePolicy", MF_STRING, "volumes keep their owners"),
    WARNED("seLinuxOptions", MF_ANY, "labels of SELinux are the node's"),
    WARNED("seLinuxChangePolicy", MF_STRING, "labels of SELinux are the node's"),
    WARNED("appArmorProfile", MF_ANY, "profiles of AppArmor are the node's"),
    REFUSED("sysctls", MF_ANY, "settings of the kernel are the node's"),
    REFUSED("windowsOptions", MF_ANY, "nodes run Linux"),
};
#undef OWNER
static TYPE(pod_security, "PodSecurityContext", sizeof(struct mf_pod_security),
            security_rows, "As whom the containers run.");

#define OWNER struct mf_host_alias
static const struct mf_field alias_rows[] = {
    TEXT("ip", ip, .is_required = true, .check = ip_address_check, .help = "address"),
    TEXTS("hostnames", names, .check = dns_name_check, .help = "names of it"),
};
#undef OWNER
static TYPE(host_alias, "HostAlias", sizeof(struct mf_host_alias), alias_rows,
            "A line of /etc/hosts.");

#define OWNER struct mf_dns_config
static const struct mf_field dns_rows[] = {
    TEXTS("nameservers", servers, .check = ip_address_check, .help = "whom to ask"),
    TEXTS("searches", searches, .help = "domains that are put behind names"),
    ROW("options", MF_NAME_VALUES, MEMBER(mf_pairs, options),
        .help = "options of resolv.conf, each with name and value"),
};
#undef OWNER
static TYPE(dns_config, "PodDNSConfig", sizeof(struct mf_dns_config), dns_rows,
            "How names are looked up.");

#define OWNER struct mf_gate
static const struct mf_field gate_rows[] = {
    TEXT("name", name, .is_required = true, .check = label_key_check,
         .help = "its name"),
};
#undef OWNER
static TYPE(gate, "PodSchedulingGate", sizeof(struct mf_gate), gate_rows,
            "While there are gates, the pod is held.");

static const struct mf_field os_rows[] = {
    REFUSED("name", MF_STRING, "nodes run Linux", .harmless = "linux"),
};
static TYPE(os, "PodOS", 0, os_rows, "Operating system.");

#define ONES_OWN "pods run as the user who submits them"
#define OWNER struct mf_pod_spec
static const struct mf_field spec_rows[] = {
    OBJECTS("volumes", volumes, mf_type_volume, .help = "what containers can mount"),
    OBJECTS("initContainers", init, mf_type_container,
            .help = "these first, one after the other"),
    OBJECTS("containers", containers, mf_type_container, .is_required = true,
            .help = "then these, side by side"),
    REFUSED("ephemeralContainers", MF_ANY, "they are added to pods that run"),
    WORD("restartPolicy", restart, restarts, .preset = "Always",
         .help = "what becomes of a container that ends; of a Job never Always"),
    NUMBER("terminationGracePeriodSeconds", grace, NOT_NEGATIVE, .preset = "30",
           .help = "time from SIGTERM to SIGKILL"),
    NUMBER("activeDeadlineSeconds", deadline, POSITIVE,
           .help = "time limit, which lets it start early"),
    WORD("dnsPolicy", dns, dns_policies, .preset = "ClusterFirst",
         .help = "how names are looked up"),
    PAIRS("nodeSelector", node_selector, .check = label_key_check,
          .check_value = label_value_check, .help = "labels that nodes must have"),
    WARNED("serviceAccountName", MF_STRING, ONES_OWN, .harmless = "default"),
    WARNED("serviceAccount", MF_STRING, ONES_OWN, .harmless = "default"),
    WARNED("automountServiceAccountToken", MF_BOOL, "there are no service accounts"),
    TEXT("nodeName", node_name, .check = dns_name_check, .help = "this node alone"),
    TRUTH("hostNetwork", has_host_network, .help = "the node's network"),
    REFUSED("hostPID", MF_BOOL, "containers do not see processes of the node"),
    REFUSED("hostIPC", MF_BOOL, "containers do not share memory of the node"),
    WARNED("hostUsers", MF_BOOL, "ids are always mapped", .harmless = "false"),
    TRUTH("shareProcessNamespace", shares_pids,
          .help = "containers see each other's processes"),
    OBJECT("securityContext", security, pod_security, .help = "as whom"),
    WARNED("imagePullSecrets", MF_ANY, "'berth image login' keeps passwords"),
    TEXT("hostname", hostname, .check = dns_label_check,
         .help = "the pod's unless said"),
    TEXT("subdomain", subdomain, .check = dns_label_check,
         .help = "domain of hostname"),
    OBJECT("affinity", affinity, mf_type_affinity, .help = "which nodes, beside whom"),
    WARNED("schedulerName", MF_STRING, "Berth schedules it",
           .harmless = "default-scheduler"),
    OBJECTS("tolerations", tolerations, mf_type_toleration,
            .help = "taints that do not matter"),
    OBJECTS("hostAliases", host_aliases, host_alias, .help = "lines of /etc/hosts"),
    TEXT("priorityClassName", priority_class, .check = dns_name_check,
         .help = "the QOS that it runs under"),
    WARNED("priority", MF_INT, "priorityClassName says it", .harmless = "0"),
    OBJECT("dnsConfig", dns_config, dns_config,
           .help = "added to what dnsPolicy gives"),
    REFUSED("readinessGates", MF_ANY, "nobody would open them"),
    REFUSED("runtimeClassName", MF_STRING, "the site says who makes containers"),
    GRANTED("enableServiceLinks", MF_BOOL, .help = "no variables are made of services"),
    WORD("preemptionPolicy", preemption, preemptions, .preset = "PreemptLowerPriority",
         .help = "whether others may have to leave for it"),
    WARNED("overhead", MF_ANY, "a pod costs what its containers ask for"),
    OBJECTS("topologySpreadConstraints", spread, mf_type_spread, .help = "how evenly"),
    WARNED("setHostnameAsFQDN", MF_BOOL, "the host name is the short one"),
    REFUSED("hostnameOverride", MF_STRING, "use hostname"),
    ROW("os", MF_OBJECT, MF_NO_MEMBER, .of = &os, .help = "linux"),
    OBJECTS("schedulingGates", gates, gate, .help = "held while there are any"),
    REFUSED("resourceClaims", MF_ANY, "devices are asked for in limits of containers"),
    REFUSED("resources", MF_ANY, "each container says what it needs"),
    REFUSED("workloadRef", MF_ANY, "use the annotation berth/gang"),
    REFUSED("schedulingGroup", MF_ANY, "use the annotation berth/gang"),
};
static TYPE(pod_spec, "PodSpec", sizeof(struct mf_pod_spec), spec_rows,
            "Containers that live and die together on one node.");
#undef OWNER

#define OWNER struct mf_pod
static const struct mf_field pod_rows[] = {
    OBJECT("metadata", meta, mf_type_meta, .is_required = true,
           .help = "name and labels"),
    OBJECT("spec", spec, pod_spec, .is_required = true, .help = "what is wanted"),
    WARNED("status", MF_ANY, "the cluster says this, not the manifest"),
};
static const struct mf_field template_rows[] = {
    OBJECT("metadata", meta, mf_type_meta, .help = "labels of the pods"),
    OBJECT("spec", spec, pod_spec, .is_required = true, .help = "what is wanted"),
};
#undef OWNER
TYPE(mf_type_pod, "Pod", sizeof(struct mf_pod), pod_rows,
     "Containers that live and die together on one node.");
TYPE(mf_type_template, "PodTemplateSpec", sizeof(struct mf_pod), template_rows,
     "What each pod is like.");
