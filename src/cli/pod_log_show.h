/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_log_show.h - what a container of a pod wrote, out of its files
 */
#ifndef BERTH_CLI_POD_LOG_SHOW_H
#define BERTH_CLI_POD_LOG_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pod_log_query {
    int64_t tail;    /* so many of the last lines; -1: all */
    int64_t since;   /* seconds since the epoch; 0: all */
    uint64_t limit;  /* bytes written at most; 0: all */
    bool timestamps; /* before each line */
    int until;       /* go on with what comes until this ends; -1: do not */
};

/* The file of a container's last run in 'dir', or with 'back' 1 of the one before;
 * "": of the container that the pod is known for. -ENOENT with words; the caller frees
 * *ret. */
int pod_log_find(const char *dir, const char *container, unsigned int back, char **ret,
                 struct err *err);

/* Write what 'path' and 'path'.old hold to 'out'; the form is that of
 * shepherd/pod_log_file.h. 0, or -Exxx with words; -EPIPE: nobody reads. */
int pod_log_show(const char *path, const struct pod_log_query *query, int out,
                 struct err *err);

#endif
