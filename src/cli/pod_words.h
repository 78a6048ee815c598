/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_words.h - how a pod stands, in the words that lists of pods have
 */
#ifndef BERTH_CLI_POD_WORDS_H
#define BERTH_CLI_POD_WORDS_H

#include <jansson.h>

#include "wire/messages.pb-c.h"

/* What STATUS says: "Running", "Init:0/2", "CrashLoopBackOff", "Completed",
 * "Terminating", ... 'document' is object_document of the record, which says which
 * init containers stay. The caller frees it. */
char *pod_words_status(const Berth__ObjectRecord *record, json_t *document);
/* "1/2": containers and sidecars that are ready, of all. */
char *pod_words_ready(const Berth__ObjectRecord *record, json_t *document);
/* "3 (25s ago)", of those that count for READY; before they begin, of the others. */
char *pod_words_restarts(const Berth__ObjectRecord *record, int64_t now);

#endif
