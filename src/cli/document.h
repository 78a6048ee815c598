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

/* A new reference. 'brief' leaves out members that have their default. */
json_t *document_of(const ProtobufCMessage *msg, bool brief);

/* A string, "" for NULL; says so when it is not UTF-8. A new reference. */
json_t *document_text(const char *s);

/* Write 'doc' and a newline; steals the reference. */
void document_print_json(json_t *doc, FILE *out);
/* The same as YAML: strings of several lines as literal blocks. */
int document_print_yaml(json_t *doc, FILE *out);

#endif
