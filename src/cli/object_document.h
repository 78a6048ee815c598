/* SPDX-License-Identifier: Apache-2.0
 *
 * object_document.h - an object of the cluster as Kubernetes' API would show it
 *
 *     apiVersion, kind
 *     metadata    of the manifest; uid, resourceVersion, creationTimestamp, owners
 *     spec, data  of the manifest
 *     status      of the record
 *
 * Pure: no clock, no connection.
 */
#ifndef BERTH_CLI_OBJECT_DOCUMENT_H
#define BERTH_CLI_OBJECT_DOCUMENT_H

#include <jansson.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

/* A new reference. A manifest that is no JSON counts as {}. */
json_t *object_document(const Berth__ObjectRecord *record);
/* The same without what all of a pod's spec has to be read for (qosClass): of lists. */
json_t *object_document_quick(const Berth__ObjectRecord *record);

/* {"apiVersion": "v1", "kind": "List", "items": [...]}; steals 'items'. */
json_t *object_list_document(json_t *items);

/* "True", "False", "Unknown" of a condition of the document, compared without regard
 * to case; NULL: it has none such. */
const char *object_condition(json_t *document, const char *type);

/* The value at keys that follow each other, NULL at the end; NULL: not there. */
json_t *object_at(json_t *document, ...) __attribute__((sentinel));
/* The same of a text; "" when it is none. */
const char *object_text(json_t *document, ...) __attribute__((sentinel));

/* Write it as YAML that reads back as the same; steals the reference. -EIO. */
int object_print_yaml(json_t *document, FILE *out);

#endif
