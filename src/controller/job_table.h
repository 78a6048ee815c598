/* SPDX-License-Identifier: Apache-2.0
 *
 * job_table.h - jobs by columns, for lists of many
 */
#ifndef BERTH_CONTROLLER_JOB_TABLE_H
#define BERTH_CONTROLLER_JOB_TABLE_H

#include "controller/controller.h"

struct job_table;

/* A table with room for 'max' jobs. */
struct job_table *job_table_create(size_t max);
void job_table_destroy(struct job_table *table);

/* One more row; -E2BIG once there is no room. 'reason' is why it waits, borrowed until
 * the table is gone, as all texts of 'cj' are; 'promised' its start, 0: none. */
int job_table_add(struct job_table *table, const struct ctl_job *cj, const char *reason,
                  int64_t priority, int64_t promised);
size_t job_table_count(const struct job_table *table);

/* As a message, which borrows all of it. */
const Berth__JobTable *job_table_message(struct job_table *table);

#endif
