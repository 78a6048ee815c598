/* SPDX-License-Identifier: Apache-2.0
 *
 * node_query.h - ask for nodes by the names on a command line
 */
#ifndef BERTH_CLI_NODE_QUERY_H
#define BERTH_CLI_NODE_QUERY_H

#include "client/berth.h"

/* The names in 'words' (n host lists). -EINVAL for a bad one, which has been said. */
int node_names_expand(int n, char *const *words, char ***ret_names);

/* The nodes that 'words' (n host lists; none means all) name. -EINVAL for a bad
 * host list, -EIO for all else; the failure has been said. */
int node_query_send(const char *config, int n, char *const *words,
                    Berth__NodeList **ret_list);

#endif
