/* SPDX-License-Identifier: Apache-2.0
 *
 * topology_conf.h - switches from Slurm's topology.conf, and from blocks
 */
#ifndef BERTH_CONFIG_TOPOLOGY_CONF_H
#define BERTH_CONFIG_TOPOLOGY_CONF_H

#include "config/config.h"

struct switch_list {
    struct config_switch *at;
    size_t n;
};

/* Read lines of SwitchName= Switches= Nodes= (a tree) or BlockName= Nodes= and
 * BlockSizes= (blocks), as topology.conf(5) has them; LinkSpeed is passed over.
 * 'path' is what words call the text. The caller frees the list. 0 or -EINVAL. */
int topology_conf_parse(const char *path, const char *text, size_t len,
                        struct switch_list *ret, struct err *err);

/* Blocks are switches of the lowest level, 'n' from 'first' on. sizes is
 * "4,8,32": nodes of a block, and of groups of neighbouring blocks that get a
 * switch each. 0, or -EINVAL with words. */
int switch_list_add_blocks(struct switch_list *list, size_t first, size_t n,
                           const char *sizes, struct err *err);
struct config_switch *switch_list_add(struct switch_list *list);
void switch_list_free(struct switch_list *list);

#endif
