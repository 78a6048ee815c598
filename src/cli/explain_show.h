/* SPDX-License-Identifier: Apache-2.0
 *
 * explain_show.h - an explanation for people, and as a document for programs
 */
#ifndef BERTH_CLI_EXPLAIN_SHOW_H
#define BERTH_CLI_EXPLAIN_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

/* Why a job waits and until when, why it runs where it runs, or how it ended. */
void explain_show(const Berth__Explanation *explanation, FILE *out);

/* The keys of berth-explain(1). A new reference. */
json_t *explain_document(const Berth__Explanation *explanation);

#endif
