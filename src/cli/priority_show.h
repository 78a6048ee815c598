/* SPDX-License-Identifier: Apache-2.0
 *
 * priority_show.h - priorities and what they are made of, as a table and a document
 */
#ifndef BERTH_CLI_PRIORITY_SHOW_H
#define BERTH_CLI_PRIORITY_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

struct priority_view {
    bool is_long;      /* all factors, accounts, QOS, promises */
    bool is_norm;      /* factors instead of points */
    bool only_weights; /* the weights, and no jobs */
    bool has_header;
    size_t width; /* of the terminal; 0: any */
};

/* Highest first, then by id. */
void priority_sort(Berth__PriorityList *list);
/* Factors without a weight are left out unless the view is long. */
void priority_show(const Berth__PriorityList *list, const struct priority_view *view,
                   FILE *out);
/* The keys of berth-prio(1). A new reference. */
json_t *priority_document(const Berth__PriorityList *list);

#endif
