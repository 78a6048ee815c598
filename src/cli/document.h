/* SPDX-License-Identifier: Apache-2.0
 *
 * document.h - messages as JSON and YAML, by reflection
 *
 * Keys are the names of messages.proto. Bytes that are text become a string,
 * others hexadecimal.
 */
#ifndef BERTH_CLI_DOCUMENT_H
#define BERTH_CLI_DOCUMENT_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdio.h>

#include "client/berth.h"

/* A new reference. 'brief' leaves out members that have their default. */
json_t *document_of(const ProtobufCMessage *msg, bool brief);

/* A job as people read it: the record's members, the state and reason in words,
 * the spec under "spec". */
json_t *document_of_job(const Berth__JobInfo *info);

/* Write 'doc' and a newline; steals the reference. */
void document_print_json(json_t *doc, FILE *out);
/* The same as YAML: strings of several lines as literal blocks. */
int document_print_yaml(json_t *doc, FILE *out);

#endif
