/* SPDX-License-Identifier: Apache-2.0
 *
 * query.h - jobs and nodes as clients see them
 */
#ifndef BERTH_CONTROLLER_QUERY_H
#define BERTH_CONTROLLER_QUERY_H

#include "controller/conn.h"

struct ctl_job;

/* A message's field that is only read: fields are 'char *'. NULL reads as "". */
char *query_field(const char *text);

/* Cores that a job asks for. */
uint32_t query_asked_cpus(const Berth__JobSpec *spec);

/* A job as this client may see it, with its placement but without its script; the
 * caller's (free_message). */
Berth__JobInfo *query_job_info(const struct conn *conn, const struct ctl_job *cj);

/* What the scheduler says of a job that it knows as one that waits; nothing when it
 * knows none. */
void query_explain_waiting(const struct controller *ctl, uint32_t job,
                           Berth__Explanation *ret);

/* What became of one of several, 'err' all zero: it was done. The caller's. */
Berth__Status *query_status(const struct err *err);

/* Ids in one request: each may cost a kilobyte to answer. */
#define QUERY_IDS_MAX 100000
/* -E2BIG with words when there are more. */
int query_check_ids(size_t n_ids, struct err *err);

/* Answer request 'id' with these jobs; those that are gone are left out. */
void query_reply_ids(struct conn *conn, uint64_t id, const uint32_t *ids, size_t n_ids);

/* Why a pending job waits: "Priority". */
const char *query_reason(const struct controller *ctl, const struct ctl_job *cj);

/* Gives up a question that the history will not answer (history_drop). */
void query_history_drop(void *asked);

/* A bit for each state named in 'words' (none: 0). -EINVAL with words. */
int query_states(char *const *words, size_t n_words, uint32_t *ret_mask,
                 struct err *err);

#endif
