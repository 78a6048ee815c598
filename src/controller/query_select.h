/* SPDX-License-Identifier: Apache-2.0
 *
 * query_select.h - which jobs a question is about
 */
#ifndef BERTH_CONTROLLER_QUERY_SELECT_H
#define BERTH_CONTROLLER_QUERY_SELECT_H

#include "controller/controller.h"

/* Whether the job has one of the names, users, ... that the query lists. */
bool query_is_listed(const Berth__JobQuery *query, const struct ctl_job *cj);
/* Whether the query lists any. */
bool query_has_lists(const Berth__JobQuery *query);

/* A page: up to 'max' jobs in order of their ids that are in one of 'states' (0: any)
 * and that the query means; 'ret_jobs' has room for one more. Looks at so many at most,
 * that others need not wait; *ret_more says whether it ended early, *ret_next where to
 * go on. */
size_t query_select(const struct controller *ctl, const Berth__JobQuery *query,
                    uint32_t states, size_t max, struct ctl_job **ret_jobs,
                    bool *ret_more, uint32_t *ret_next);

#endif
