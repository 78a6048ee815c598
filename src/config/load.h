/* SPDX-License-Identifier: Apache-2.0
 *
 * load.h - the steps from text to struct config, for load.c and its neighbours
 */
#ifndef BERTH_CONFIG_LOAD_H
#define BERTH_CONFIG_LOAD_H

#include "base/err.h"
#include "config/config.h"
#include "config/schema.h"

/* "berth.yaml:12: " and the words; returns -EINVAL. */
int config_refuse(const struct config *config, unsigned int line, struct err *err,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The line of the key at 'path'; 0: the file does not name it. */
unsigned int config_line_of(const struct config *config, const char *path);

/* Where a relative path is looked for: beside the configuration. */
char *config_beside(const struct config *config, const char *path);

/* Expand groups to config->nodes: names, addresses, ports, index by name. Refuses
 * repeated names and two daemons at one address and port. */
int config_expand_nodes(struct config *config, const struct node_group *groups,
                        size_t n, struct err *err);

/* Partitions and switches against the nodes and against each other. */
int config_check_partitions(struct config *config, struct err *err);
int config_check_switches(const struct config *config, struct err *err);

/* Values that are possible one by one and not together. */
int config_check_values(const struct config *config, struct err *err);

/* Network of pods, against the nodes and itself (pods.c). */
int config_check_pods(const struct config *config, struct err *err);

/* ", did you mean 'n1'?" or "", for words; the caller frees it. */
char *config_nearest_node(const struct config *config, const char *name);

/* $HOME, else the account's home directory, else NULL. */
const char *config_home(void);

#endif
