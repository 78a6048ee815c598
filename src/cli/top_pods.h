/* SPDX-License-Identifier: Apache-2.0
 *
 * top_pods.h - what running pods use now
 */
#ifndef BERTH_CLI_TOP_PODS_H
#define BERTH_CLI_TOP_PODS_H

#include "cli/object_names.h"

struct top_pods_wish {
    struct object_scope scope;
    char **names; /* a strv; NULL: all */
    bool by_container;
    bool json;
    int64_t delay_ms; /* between two looks */
};

/* Look twice, print, and return an exit status. */
int top_pods(struct berth *berth, const struct top_pods_wish *wish);

#endif
