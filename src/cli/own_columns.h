/* SPDX-License-Identifier: Apache-2.0
 *
 * own_columns.h - a table whose columns somebody has chosen: TITLE:FIELD,...
 */
#ifndef BERTH_CLI_OWN_COLUMNS_H
#define BERTH_CLI_OWN_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* -EINVAL with words when these are no columns. */
int own_columns_check(const char *columns, struct err *err);

/* A row for each of 'documents' (a list); what is not there is "<none>", several values
 * are joined by commas. 'columns' has been checked. */
void own_columns_print(const char *columns, json_t *documents, bool has_header,
                       FILE *out);

#endif
