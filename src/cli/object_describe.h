/* SPDX-License-Identifier: Apache-2.0
 *
 * object_describe.h - an object in full, for people
 *
 * Pure: no connection. What the queue knows and what happened is added by the command.
 */
#ifndef BERTH_CLI_OBJECT_DESCRIBE_H
#define BERTH_CLI_OBJECT_DESCRIBE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "wire/messages.pb-c.h"

void object_describe(const Berth__ObjectRecord *record, int64_t now, FILE *out);

/* Parts of it (pod_describe.c). */

/* "What:              text", indented by 'indent' levels of two. */
void describe_line(FILE *out, int indent, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A map, one pair a line: the first beside 'what'; "<none>" for none. */
void describe_map(FILE *out, int indent, const char *what, json_t *map);
/* Containers, conditions, volumes of a pod, whose document this is. */
void describe_pod(json_t *document, FILE *out);
/* Containers and volumes of a template, indented. */
void describe_template(json_t *template, FILE *out);

#endif
