/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_document.h - the status of a pod as Kubernetes' API would show it
 */
#ifndef BERTH_CLI_POD_DOCUMENT_H
#define BERTH_CLI_POD_DOCUMENT_H

#include <jansson.h>

#include "wire/messages.pb-c.h"

/* Fill 'status' of a pod's 'document', and what its spec gets from where it runs. */
void pod_document_fill(json_t *document, json_t *status,
                       const Berth__ObjectRecord *record);

/* Add which quality of service its requests and limits come to. */
void pod_document_quality(json_t *status, const Berth__ObjectRecord *record);

#endif
