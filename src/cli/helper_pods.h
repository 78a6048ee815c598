/* SPDX-License-Identifier: Apache-2.0
 *
 * helper_pods.h - pods that a batch job brings along: --pod FILE, or 'pods' of a
 * BatchJob
 *
 *     spec:
 *       nodes: 4
 *       pods:
 *         - metadata: {name: db}
 *           spec: {containers: [{name: redis, image: redis}]}
 *
 * They are read and judged as any Pod, here, without a cluster.
 */
#ifndef BERTH_CLI_HELPER_PODS_H
#define BERTH_CLI_HELPER_PODS_H

#include "objects/kinds.h"
#include "options/job_args.h"

/* What one is: a Pod, whose apiVersion and kind need not be said. Made once. */
const struct mf_type *helper_pods_type(void);
/* Defaults that depend on other fields, of a list that is right by the table. */
void helper_pods_fill(struct node_tree *tree, struct node *list);
/* Judge such a list, which stands at 'path'. */
void helper_pods_judge(const struct rules *r, const char *path,
                       const struct node *list);

/* One that was accepted becomes a helper of 'spec'. -EINVAL with words: no name, one
 * that is too long, or that another has. */
int helper_pods_add(Berth__JobSpec *spec, const struct node *pod, struct err *err);
/* The files of --pod become helpers of args->spec. Words name file, line and field. */
int helper_pods_read(struct job_args *args, struct err *err);
/* "db, cache"; NULL: there are none. The caller frees it. */
char *helper_pods_names(const Berth__JobSpec *spec);

#endif
