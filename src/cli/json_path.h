/* SPDX-License-Identifier: Apache-2.0
 *
 * json_path.h - kubectl's jsonpath: parts of a document, and a template of them
 *
 *     {.metadata.name}  {.items[*].status.phase}  {.spec.containers[0].image}
 *     {.metadata.labels['app.kubernetes.io/name']}  {.items[-1:]} is {.items[-1]}
 *     {.status.conditions[?(@.type=="Ready")].status}
 *     {..name}: wherever it is
 *     {range .items[*]}{.metadata.name}{"\t"}{.status.phase}{"\n"}{end}
 *
 * Not taken, and said so: unions, slices of more than one item.
 */
#ifndef BERTH_CLI_JSON_PATH_H
#define BERTH_CLI_JSON_PATH_H

#include <jansson.h>

#include "base/err.h"
#include "base/strbuf.h"

/* What 'path' (with or without braces) leads to, as a new array; empty when nothing is
 * there. -EINVAL with words. */
int json_path_find(const char *path, json_t *root, json_t **ret, struct err *err);

/* Append what 'template' makes of the document. Several values of a path are joined by
 * blanks; what is not there is nothing. */
int json_path_print(const char *template, json_t *root, struct strbuf *out,
                    struct err *err);

#endif
