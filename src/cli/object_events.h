/* SPDX-License-Identifier: Apache-2.0
 *
 * object_events.h - what happened to objects: asked for, as a table, as documents
 */
#ifndef BERTH_CLI_OBJECT_EVENTS_H
#define BERTH_CLI_OBJECT_EVENTS_H

#include <jansson.h>
#include <stdio.h>

#include "client/berth.h"

/* All pages of the query, in one list; freed with berth_free. */
int object_events_ask(struct berth *berth, const Berth__ObjectEventQuery *query,
                      Berth__ObjectEventList **ret, struct berth_err *err);

struct object_events_view {
    bool has_name_space; /* NAMESPACE comes first */
    bool has_object;     /* OBJECT stands before the words */
    bool has_source;     /* FROM too */
    bool has_header;
};

/* LAST SEEN, TYPE, REASON, OBJECT, MESSAGE. Nothing for no events. */
void object_events_print(const Berth__ObjectEventList *list,
                         const struct object_events_view *view, int64_t now, FILE *out);

/* 'v1 Event' of Kubernetes' API. A new reference. */
json_t *object_event_document(const Berth__ObjectEvent *event);

#endif
