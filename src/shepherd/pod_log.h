/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_log.h - what a run of a container writes, on its way to its files
 */
#ifndef BERTH_SHEPHERD_POD_LOG_H
#define BERTH_SHEPHERD_POD_LOG_H

#include "shepherd/pod_lead.h"

struct pod_log;

/* The file of run 'attempt' (0, 1, ...) of a container; the caller frees it. */
char *pod_log_path(const struct pod_lead *pl, const char *container,
                   unsigned int attempt);

/* Leave there which container is meant when none is named. */
int pod_log_name_first(const struct pod_lead *pl, struct err *err);

/* Begin the files of this run; those of the run before the last go. */
int pod_log_create(struct pod_member *member, unsigned int attempt,
                   struct pod_log **ret, struct err *err);
/* Read 'fd' from now on, stdout (1) or stderr (2); it is ours. */
void pod_log_read(struct pod_log *log, unsigned int stream, int fd);
/* Give what is written to 'stream' from now on to 'fd' as well, a pipe that is ours; it
 * is closed at the end, and no later than the next such call once its reader has left.
 * Who does not read it in time misses some, and is told. */
void pod_log_copy_to(struct pod_log *log, unsigned int stream, int fd);
/* Nobody writes any more: take what is there, and close. NULL is fine. */
void pod_log_close(struct pod_log *log);

#endif
