/* SPDX-License-Identifier: Apache-2.0
 *
 * node_row.h - nodes and partitions as Slurm's commands speak of them
 *
 * Nodes are the controller's word; what partitions are like stands in the
 * configuration. Pure, but for loading.
 */
#ifndef BERTH_SLURM_NODE_ROW_H
#define BERTH_SLURM_NODE_ROW_H

#include "client/berth.h"
#include "config/config.h"
#include "slurm/fields.h"

/* States of a node: "idle", "mix", "drng*"; "IDLE", "MIXED", "DRAINING*". */
enum node_form { NODE_SHORT, NODE_LONG };
void node_put_state(const Berth__NodeInfo *node, enum node_form form,
                    struct strbuf *out);
/* "MIXED+DRAIN+NOT_RESPONDING" */
void node_put_flags(const Berth__NodeInfo *node, struct strbuf *out);
/* Slurm's word for what is beneath the flags: "idle", "mixed", "down". */
const char *node_base(const Berth__NodeInfo *node);
/* Whether 'word' (in any case, short or long) means a state that it is in; the second
 * whether any node could be. */
bool node_is_in(const Berth__NodeInfo *node, const char *word);
bool node_state_exists(const char *word);

/* Why it is kept from work, or does not answer; "none". */
const char *node_reason(const Berth__NodeInfo *node);
bool node_is_up(const Berth__NodeInfo *node);
uint32_t node_sockets(const Berth__NodeInfo *node);
uint32_t node_cores_a_socket(const Berth__NodeInfo *node);
uint32_t node_threads_a_core(const Berth__NodeInfo *node);

/* The whole cluster. */
struct site {
    struct config *config;
    Berth__NodeList *nodes;
};
/* 'names' (n of them, 0: all) are nodes. A failure has been said. */
int site_load(struct berth *berth, char **names, size_t n, struct site *ret);
void site_fini(struct site *site);
/* NULL: there is none. */
const struct config_partition *site_partition(const struct site *site,
                                              const char *name);
bool site_is_default(const struct site *site, const struct config_partition *p);
bool node_is_of(const Berth__NodeInfo *node, const char *partition);

#endif
