/* SPDX-License-Identifier: Apache-2.0
 *
 * rules.h - what the table of fields cannot say: how fields go together
 *
 * The checks of the API server, told with the path of the field. They see an object
 * that is right by the table, with its defaults in it.
 */
#ifndef BERTH_OBJECTS_RULES_H
#define BERTH_OBJECTS_RULES_H

#include "objects/objects.h"
#include "manifest/report.h"

struct rules {
    struct report *report;
    const struct node *root; /* of the object: where paths begin */
};

#define RULE_PATH_MAX 400
struct rule_path {
    char s[RULE_PATH_MAX];
};

/* "spec" and ".ports[%zu]": a field below another. */
struct rule_path below(const char *prefix, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what is wrong with the field at 'path'. */
void rule_broken(const struct rules *r, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void rule_doubtful(const struct rules *r, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Of several, exactly one must be there. */
void rule_one_of(const struct rules *r, const char *path, unsigned int n,
                 const char *names);

enum pod_owner { OWNED_BY_NOBODY, OWNED_BY_JOB, OWNED_BY_SET };

/* rules_pod.c, rules_container.c, rules_place.c, rules_volume.c */
void judge_pod_spec(const struct rules *r, const char *path,
                    const struct mf_pod_spec *spec, enum pod_owner owner);
void judge_containers(const struct rules *r, const char *path,
                      const struct mf_pod_spec *spec);
void judge_place(const struct rules *r, const char *path,
                 const struct mf_pod_spec *spec);
void judge_volumes(const struct rules *r, const char *path,
                   const struct mf_pod_spec *spec);
void judge_selector(const struct rules *r, const char *path,
                    const struct mf_selector *selector);
void judge_node_selector(const struct rules *r, const char *path,
                         const struct mf_node_selector *selector);
void judge_field_ref(const struct rules *r, const char *path,
                     const struct mf_field_ref *ref, bool is_volume);
void judge_resource_ref(const struct rules *r, const char *path,
                        const struct mf_resource_ref *ref,
                        const struct mf_pod_spec *spec);

/* Whole objects, each by its struct; found through the table of kinds. */
void judge_pod(const struct rules *r, const void *object);
void judge_job(const struct rules *r, const void *object);
void judge_cron_job(const struct rules *r, const void *object);
void judge_config_map(const struct rules *r, const void *object);
void judge_secret(const struct rules *r, const void *object);
void judge_persistent_volume(const struct rules *r, const void *object);
void judge_claim(const struct rules *r, const void *object);
void judge_workload(const struct rules *r, const void *object);

/* rules_foreign.c: warnings of labels and annotations, those of 'path', that mean
 * something to others and nothing here. */
void judge_foreign(const struct rules *r, const char *path, const struct mf_meta *meta);

/* Annotations of pods that are to be made, at 'path'; 'meta' may be NULL. */
void judge_template_meta(const struct rules *r, const char *path,
                         const struct mf_meta *meta);

/* Name, labels and annotations of any object; 'name_max' bounds the name. */
void judge_meta(const struct rules *r, const struct mf_meta *meta, size_t name_max);

#endif
