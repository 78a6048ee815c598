/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_place.c - fields that say where a pod may run: affinity, tolerations, spread
 */
#include "objects/pod.h"

#include "objects/field_rows.h"

static const char *const node_operators[] = {MF_NODE_SELECTIONS(WORDS_OF) NULL};
static const char *const toleration_operators[] = {MF_TOLERATIONS(WORDS_OF) NULL};
static const char *const effects[] = {MF_EFFECTS(WORDS_OF) NULL};
static const char *const spreads[] = {MF_SPREADS(WORDS_OF) NULL};
static const char *const node_counts[] = {MF_NODE_COUNTS(WORDS_OF) NULL};

#define OWNER struct mf_node_requirement
static const struct mf_field node_requirement_rows[] = {
    TEXT("key", key, .is_required = true, .check = label_key_check,
         .help = "label of the node"),
    WORD("operator", op, node_operators, .is_required = true,
         .help = "how it is judged"),
    TEXTS("values", values, .help = "the values; of Gt and Lt one number"),
};
#undef OWNER
static TYPE(node_requirement, "NodeSelectorRequirement",
            sizeof(struct mf_node_requirement), node_requirement_rows,
            "One condition on a node.");

#define OWNER struct mf_node_term
static const struct mf_field node_term_rows[] = {
    OBJECTS("matchExpressions", expressions, node_requirement,
            .help = "conditions on labels, which all hold"),
    OBJECTS("matchFields", fields, node_requirement,
            .help = "conditions on metadata.name, which all hold"),
};
#undef OWNER
static TYPE(node_term, "NodeSelectorTerm", sizeof(struct mf_node_term), node_term_rows,
            "Conditions on a node, which all hold.");

#define OWNER struct mf_node_selector
static const struct mf_field node_selector_rows[] = {
    OBJECTS("nodeSelectorTerms", terms, node_term, .is_required = true,
            .help = "terms, one of which holds"),
};
#undef OWNER
TYPE(mf_type_node_selector, "NodeSelector", sizeof(struct mf_node_selector),
     node_selector_rows, "Which nodes.");

#define OWNER struct mf_node_preference
static const struct mf_field node_preference_rows[] = {
    NUMBER("weight", weight, .is_required = true, .min = 1, .max = 100,
           .help = "how much it is worth"),
    OBJECT("preference", term, node_term, .is_required = true, .help = "the nodes"),
};
#undef OWNER
static TYPE(node_preference, "PreferredSchedulingTerm",
            sizeof(struct mf_node_preference), node_preference_rows,
            "Nodes that are better.");

#define OWNER struct mf_node_affinity
static const struct mf_field node_affinity_rows[] = {
    OBJECT("requiredDuringSchedulingIgnoredDuringExecution", required,
           mf_type_node_selector, .help = "only these nodes"),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", preferred,
            node_preference, .help = "rather these nodes"),
};
#undef OWNER
static TYPE(node_affinity, "NodeAffinity", sizeof(struct mf_node_affinity),
            node_affinity_rows, "On which nodes.");

#define OWNER struct mf_pod_term
static const struct mf_field pod_term_rows[] = {
    OBJECT("labelSelector", selector, mf_type_selector, .help = "the pods"),
    TEXTS("namespaces", name_spaces, .check = dns_label_check,
          .help = "of these namespaces; the pod's own unless said"),
    OBJECT("namespaceSelector", name_space_selector, mf_type_selector,
           .help = "of your namespaces whose kubernetes.io/metadata.name it is; {}: "
                   "all of yours"),
    TEXT("topologyKey", topology_key, .is_required = true, .check = label_key_check,
         .help = "what counts as together: kubernetes.io/hostname is a node"),
    TEXTS("matchLabelKeys", match_keys, .check = label_key_check,
          .help = "only pods with the same values of these labels"),
    TEXTS("mismatchLabelKeys", mismatch_keys, .check = label_key_check,
          .help = "only pods with other values of these labels"),
};
#undef OWNER
static TYPE(pod_term, "PodAffinityTerm", sizeof(struct mf_pod_term), pod_term_rows,
            "Beside which pods.");

#define OWNER struct mf_pod_preference
static const struct mf_field pod_preference_rows[] = {
    NUMBER("weight", weight, .is_required = true, .min = 1, .max = 100,
           .help = "how much it is worth"),
    OBJECT("podAffinityTerm", term, pod_term, .is_required = true, .help = "the pods"),
};
#undef OWNER
static TYPE(pod_preference, "WeightedPodAffinityTerm", sizeof(struct mf_pod_preference),
            pod_preference_rows, "Pods to be beside, or not, if it can be had.");

#define OWNER struct mf_pod_affinity
static const struct mf_field pod_affinity_rows[] = {
    OBJECTS("requiredDuringSchedulingIgnoredDuringExecution", required, pod_term,
            .help = "in any case"),
    OBJECTS("preferredDuringSchedulingIgnoredDuringExecution", preferred,
            pod_preference, .help = "if it can be had"),
};
#undef OWNER
static TYPE(pod_affinity, "PodAffinity", sizeof(struct mf_pod_affinity),
            pod_affinity_rows, "Beside which pods, or not.");

#define OWNER struct mf_affinity
static const struct mf_field affinity_rows[] = {
    OBJECT("nodeAffinity", node, node_affinity, .help = "which nodes"),
    OBJECT("podAffinity", pod, pod_affinity, .help = "beside these pods"),
    OBJECT("podAntiAffinity", anti, pod_affinity, .help = "away from these pods"),
};
#undef OWNER
TYPE(mf_type_affinity, "Affinity", sizeof(struct mf_affinity), affinity_rows,
     "Where a pod may run, and where it would rather.");

#define OWNER struct mf_toleration
static const struct mf_field toleration_rows[] = {
    TEXT("key", key, .check = label_key_check, .help = "the taint; all unless said"),
    WORD("operator", op, toleration_operators, .preset = "Equal",
         .help = "whether the value is looked at"),
    TEXT("value", value, .check = label_value_check, .help = "its value"),
    WORD("effect", effect, effects, .help = "its effect; all unless said"),
    NUMBER("tolerationSeconds", seconds, .min = INT32_MIN, .max = INT32_MAX,
           .help = "of NoExecute: stay for so long"),
};
#undef OWNER
TYPE(mf_type_toleration, "Toleration", sizeof(struct mf_toleration), toleration_rows,
     "A taint of nodes that does not keep the pod away.");

#define OWNER struct mf_spread
static const struct mf_field spread_rows[] = {
    NUMBER("maxSkew", max_skew, .is_required = true, POSITIVE,
           .help = "the most by which numbers of pods may differ"),
    TEXT("topologyKey", topology_key, .is_required = true, .check = label_key_check,
         .help = "over what: kubernetes.io/hostname are nodes"),
    WORD("whenUnsatisfiable", kind, spreads, .is_required = true, .help = "and else?"),
    OBJECT("labelSelector", selector, mf_type_selector,
           .help = "pods that are counted"),
    NUMBER("minDomains", min_domains, POSITIVE, .help = "over at least so many"),
    WORD("nodeAffinityPolicy", affinity, node_counts, .preset = "Honor",
         .help = "whether only nodes count that affinity allows"),
    WORD("nodeTaintsPolicy", taints, node_counts,
         .help = "whether only nodes count whose taints are tolerated; they always do"),
    TEXTS("matchLabelKeys", match_keys, .check = label_key_check,
          .help = "only pods with the same values of these labels"),
};
#undef OWNER
TYPE(mf_type_spread, "TopologySpreadConstraint", sizeof(struct mf_spread), spread_rows,
     "How evenly pods are spread.");
