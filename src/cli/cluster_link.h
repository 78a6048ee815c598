/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster_link.h - open the cluster, or say in one sentence why not
 */
#ifndef BERTH_CLI_CLUSTER_LINK_H
#define BERTH_CLI_CLUSTER_LINK_H

#include "client/berth.h"

/* A handle on the cluster of 'config' (NULL: found); -Exxx when the failure has
 * been said. */
int link_open(const char *config, struct berth **ret_berth);
void link_closep(struct berth **berth);

/* Whether 'names' (--clusters; NULL: not given) are this cluster. -Exxx when not,
 * which has been said. 'ret_name' may be NULL; else it is the cluster's name, which
 * the caller frees, or NULL when there are no names. */
int link_check_cluster(struct berth *berth, const char *names, char **ret_name);

/* A reply of libberth that frees itself: cleanup(reply_freep). */
void reply_freep(void *pp);

/* Parse 'n' operands that are job ids. The caller frees *ret_ids. -Exxx when the
 * mistake has been said. */
int parse_job_ids(int n, char *const *words, uint32_t **ret_ids);

#endif
