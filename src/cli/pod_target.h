/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_target.h - a pod where a job could be named: "web", "pod/web", "job/sweep"
 *
 * A word that is the number of a job ("17", "17_3", "17.0") means that job, so a pod
 * whose name is one is "pod/17". Of a Job, one of its pods is meant.
 */
#ifndef BERTH_CLI_POD_TARGET_H
#define BERTH_CLI_POD_TARGET_H

#include <stdbool.h>

#include "cli/object_names.h"
#include "client/berth.h"

/* Whether the word means a pod, not a job by its number. */
bool pod_target_is_meant(const char *word);

struct pod_target {
    Berth__ObjectRecord *record; /* the pod */
    int64_t now;
};

/* Find the pod that 'word' means. -Exxx when the failure has been said. */
int pod_target_find(struct berth *berth, const char *word,
                    const struct object_scope *scope, struct pod_target *ret);
void pod_target_fini(struct pod_target *target);

/* Which of its containers is meant: 'name', or without one (NULL) the one that the pod
 * names in an annotation, or its first, which is said when there are several and
 * 'is_said'. The caller frees it. NULL when there is none such, which has been said. */
char *pod_target_container(const Berth__ObjectRecord *pod, const char *name,
                           bool is_said);
/* All of them, init containers first: a strv. */
char **pod_target_containers(const Berth__ObjectRecord *pod);

/* Call the pod's lead. -Exxx when the failure has been said: why the pod does not run,
 * for one. */
int pod_target_call(struct berth *berth, const Berth__ObjectRecord *pod,
                    struct berth_steps **ret);
/* The same without words: -ESRCH when it has no node, else they are in 'err'. */
int pod_target_reach(struct berth *berth, const Berth__ObjectRecord *pod,
                     struct berth_steps **ret, struct berth_err *err);

/* Call the daemon of the node that the pod was on, for what is kept there after its
 * end: -ESRCH when it has had none, or the node is not there any more. Nothing is
 * said. */
int pod_target_reach_node(struct berth *berth, const Berth__ObjectRecord *pod,
                          struct berth_steps **ret, struct berth_err *err);

/* All of it: find the pod, its container, and call its lead. The caller frees
 * *ret_container in any case. -Exxx when the failure has been said. */
int pod_target_open(struct berth *berth, const char *word,
                    const struct object_scope *scope, const char *container,
                    struct berth_steps **ret, char **ret_container);

#endif
