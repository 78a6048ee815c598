/* SPDX-License-Identifier: Apache-2.0
 *
 * node_fields.h - kinds of sinfo's fields, for who groups nodes by them
 */
#ifndef BERTH_SLURM_NODE_FIELDS_H
#define BERTH_SLURM_NODE_FIELDS_H

enum {
    GROUP_SUMS = 1,     /* sums up: nodes of a line may differ in it */
    GROUP_HARDWARE = 2, /* so it does unless lines are to be exact: "4+" */
};

#endif
