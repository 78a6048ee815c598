/* SPDX-License-Identifier: Apache-2.0
 *
 * node_json.h - nodes in Slurm's JSON
 */
#ifndef BERTH_SLURM_NODE_JSON_H
#define BERTH_SLURM_NODE_JSON_H

#include "slurm/json.h"
#include "slurm/node_row.h"

/* Print all of them as sinfo --json and scontrol show node --json do. */
void node_json_print(const struct site *site, enum json_form form);

#endif
