/* SPDX-License-Identifier: Apache-2.0
 *
 * demand_table.h - what objects of manifests will ask the queue for, one a line
 */
#ifndef BERTH_CLI_DEMAND_TABLE_H
#define BERTH_CLI_DEMAND_TABLE_H

#include "cli/table.h"
#include "objects/manifest.h"

struct table *demand_table_create(void);
/* A row of an object that was accepted; 'name' is what it is called in lists. */
void demand_table_add(struct table *table, const char *name,
                      const struct mf_object *object);

#endif
