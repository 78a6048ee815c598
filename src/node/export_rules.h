/* SPDX-License-Identifier: Apache-2.0
 *
 * export_rules.h - which directories of NFS servers pods may have mounted
 *
 * Pure. "SERVER:/PATH[:rw], ..." as pods.nfs has it: each allows itself and all below.
 */
#ifndef BERTH_NODE_EXPORT_RULES_H
#define BERTH_NODE_EXPORT_RULES_H

#include <stdbool.h>

/* What is to be mounted for 'path' of 'server', the longest that fits: "SERVER:/PATH",
 * heap; NULL: the site allows none. */
char *export_rule_find(const char *rules, const char *server, const char *path,
                       bool *ret_writable);

#endif
