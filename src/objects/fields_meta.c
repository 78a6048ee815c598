/* SPDX-License-Identifier: Apache-2.0
 *
 * fields_meta.c - fields that objects of every kind have: names, labels, selectors
 */
#include "objects/objects.h"

#include "objects/field_rows.h"

#define SERVERS "the cluster says this, not the manifest"

#define OWNER struct mf_meta
static const struct mf_field meta_rows[] = {
    TEXT("name", name, .check = dns_name_check,
         .help = "name, unique in its namespace"),
    TEXT("generateName", generate_name, .check = name_prefix_check,
         .help = "beginning of a name that is given out"),
    TEXT("namespace", name_space, .check = dns_label_check,
         .help = "what the name is unique in"),
    PAIRS("labels", labels, .check = label_key_check, .check_value = label_value_check,
          .help = "what selectors look at"),
    PAIRS("annotations", annotations, .check = label_key_check,
          .help = "words for people and programs, kept as they are"),
    WARNED("ownerReferences", MF_ANY, "objects do not end with their owners"),
    WARNED("finalizers", MF_STRINGS, "nothing waits for finalizers"),
    WARNED("creationTimestamp", MF_TIME, SERVERS),
    WARNED("deletionTimestamp", MF_TIME, SERVERS),
    WARNED("deletionGracePeriodSeconds", MF_INT, SERVERS),
    WARNED("generation", MF_INT, SERVERS),
    WARNED("managedFields", MF_ANY, SERVERS),
    WARNED("resourceVersion", MF_STRING, SERVERS),
    WARNED("selfLink", MF_STRING, SERVERS),
    WARNED("uid", MF_STRING, SERVERS),
    WARNED("clusterName", MF_STRING, "there is one cluster"),
};
#undef OWNER
TYPE(mf_type_meta, "ObjectMeta", sizeof(struct mf_meta), meta_rows,
     "Name, labels and annotations of an object.");

static const char *const operators[] = {MF_SELECTIONS(WORDS_OF) NULL};

#define OWNER struct mf_requirement
static const struct mf_field requirement_rows[] = {
    TEXT("key", key, .is_required = true, .check = label_key_check,
         .help = "name of the label"),
    WORD("operator", op, operators, .is_required = true, .help = "how it is judged"),
    TEXTS("values", values, .check = label_value_check,
          .help = "for In and NotIn: the values"),
};
#undef OWNER
static TYPE(requirement, "LabelSelectorRequirement", sizeof(struct mf_requirement),
            requirement_rows, "One condition on a label.");

#define OWNER struct mf_selector
static const struct mf_field selector_rows[] = {
    PAIRS("matchLabels", match_labels, .check = label_key_check,
          .check_value = label_value_check,
          .help = "labels and the values they must have"),
    OBJECTS("matchExpressions", expressions, requirement,
            .help = "conditions that all hold"),
};
#undef OWNER
TYPE(mf_type_selector, "LabelSelector", sizeof(struct mf_selector), selector_rows,
     "Which objects are meant, by their labels.");

#define OWNER struct mf_object_ref
static const struct mf_field object_ref_rows[] = {
    TEXT("namespace", name_space, .check = name_space_check,
         .help = "its namespace; default:USER is a user's own"),
    TEXT("name", name, .check = dns_name_check, .help = "its name"),
    GRANTED("kind", MF_STRING),
    GRANTED("apiVersion", MF_STRING),
    TEXT("uid", uid, .help = "its uid: this very one"),
    WARNED("resourceVersion", MF_STRING, SERVERS),
    WARNED("fieldPath", MF_STRING, "a whole object is meant"),
};
#undef OWNER
TYPE(mf_type_object_ref, "ObjectReference", sizeof(struct mf_object_ref),
     object_ref_rows, "Another object.");
