/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_logs.h - what containers of pods wrote
 */
#ifndef BERTH_CLI_POD_LOGS_H
#define BERTH_CLI_POD_LOGS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/object_names.h"

struct pod_logs_wish {
    struct object_scope scope; /* with a selector: of all pods that it means */
    const char *container;     /* NULL: the pod's first */
    bool all_containers;
    bool follow, previous, timestamps, prefix;
    int64_t tail;  /* lines; -1: all, of those of a selector 10 */
    int64_t since; /* seconds since the epoch; 0: all */
    uint64_t limit_bytes;
};

/* Show the logs of the pod that 'word' means (NULL: of those of the selector). An exit
 * status. */
int pod_logs_show(const char *config, const char *word,
                  const struct pod_logs_wish *wish);

#endif
