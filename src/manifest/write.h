/* SPDX-License-Identifier: Apache-2.0
 *
 * write.h - trees as YAML and JSON that read back as the same
 */
#ifndef BERTH_MANIFEST_WRITE_H
#define BERTH_MANIFEST_WRITE_H

#include <stdio.h>

#include "manifest/node.h"

/* One document, without "---". -EIO when it cannot be written. */
int node_write_yaml(const struct node *node, FILE *out);
/* Indented by 'indent' levels of four, without a newline at the end. */
void node_write_json(const struct node *node, unsigned int indent, FILE *out);

#endif
