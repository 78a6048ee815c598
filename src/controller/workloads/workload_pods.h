/* SPDX-License-Identifier: Apache-2.0
 *
 * workload_pods.h - pods of Jobs: from a template, and as plans see them
 */
#ifndef BERTH_CONTROLLER_WORKLOAD_PODS_H
#define BERTH_CONTROLLER_WORKLOAD_PODS_H

#include "controller/objects/objects.h"
#include "workload/job_plan.h"

/* All pods of a Job. Pointers into records: good for as long as these do not change. */
struct workload_pods {
    struct job_pod *pods;
    struct ctl_object **objects; /* of each */
    size_t n;
};
void workload_pods_read(const struct ctl_object *job, struct workload_pods *ret);
void workload_pods_fini(struct workload_pods *pods);

/* One alone: ends with workload_pod_fini. */
void workload_pod_read(const struct ctl_object *object, struct job_pod *ret);
void workload_pod_fini(struct job_pod *pod);

/* The manifest of a pod of 'job', heap. 'name' is its name. */
char *workload_pod_text(struct ctl_object *job, const struct job_start *start,
                        const char *name, size_t *ret_len);
/* "sweep-17-x7k2p": another one each time. Heap. */
char *workload_pod_name(const char *job, int64_t index);

/* A tree of its own for an object that is made of a part of another: "{apiVersion,
 * kind, metadata: {name, labels, annotations}, spec}", 'meta' (NULL: none) and 'spec'
 * being copied. */
struct made_text {
    struct node_tree *tree;
    struct node *root, *labels, *annotations, *spec;
};
void made_text_init(struct made_text *text, const char *api_version, const char *kind,
                    const char *name, const struct node *meta, const struct node *spec);
void made_text_set(struct made_text *text, struct node *map, const char *key,
                   const char *value);
/* Annotations of Berth, berth/partition and its kind, of the object that has the
 * template: 'meta' is its own. What the template says goes first. */
void made_text_inherit(struct made_text *text, const struct node *meta);
/* Ends 'text'. Heap. */
char *made_text_print(struct made_text *text, size_t *ret_len);

#endif
