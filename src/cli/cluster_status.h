/* SPDX-License-Identifier: Apache-2.0
 *
 * cluster_status.h - show a cluster
 */
#ifndef BERTH_CLI_CLUSTER_STATUS_H
#define BERTH_CLI_CLUSTER_STATUS_H

#include "cluster/cluster.h"

/* What lives of it: a table for people, one JSON document for programs. */
void cluster_print_status(const struct cluster *cluster);
void cluster_print_json(const struct cluster *cluster);

#endif
