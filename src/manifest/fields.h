/* SPDX-License-Identifier: Apache-2.0
 *
 * fields.h - what the table of fields does to an object: check, fill, decode
 *
 *     fields_check    any tree     --> errors and warnings
 *     fields_fill     a right one  --> defaults put in, quantities in canonical form
 *     fields_decode   a filled one --> the C struct of its type
 */
#ifndef BERTH_MANIFEST_FIELDS_H
#define BERTH_MANIFEST_FIELDS_H

#include "manifest/node.h"
#include "manifest/report.h"
#include "manifest/schema.h"

/* Rules compare items of one list or map with each other: more than this are refused.
 */
#define FIELD_ITEMS_MAX 2048
#define FIELD_KEYS_MAX 8192

/* Compare all of 'node' with 'type': unknown fields, types, words, bounds, what is
 * missing, what is warned of or refused. */
void fields_check(const struct mf_type *type, const struct node *node,
                  struct report *report);

/* Of a tree without errors: a field that is null is one that is not there. */
void fields_drop_nulls(const struct mf_type *type, struct node *node);

/* Put defaults into such a tree. */
void fields_fill(const struct mf_type *type, struct node_tree *tree, struct node *node);

/* A new struct of the type (type->size bytes), NULL when it has none. Ended with
 * fields_free, which takes NULL. */
void *fields_decode(const struct mf_type *type, const struct node *node);
void fields_free(const struct mf_type *type, void *object);

/* The text of a quantity: a number, or a text. NULL: neither. */
const char *quantity_text(const struct node *node, char *buf, size_t size);

#endif
