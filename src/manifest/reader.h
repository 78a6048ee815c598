/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.h - YAML or JSON text as documents
 *
 * JSON is read as the YAML that it is; what differs is settled before libyaml sees it:
 * several values one after another, and pairs of \u escapes that make one character.
 *
 * Refused: keys that stand twice, aliases that grow out of bounds or contain
 * themselves, tags other than YAML's own, characters that are none, keys that are no
 * single value.
 * '<<' merges as in YAML 1.1: what a group says itself is stronger, earlier groups of a
 * list are stronger than later ones.
 */
#ifndef BERTH_MANIFEST_READER_H
#define BERTH_MANIFEST_READER_H

#include "manifest/node.h"

#define READER_DOCUMENTS_MAX 10000
#define READER_ANCHORS_MAX 1000 /* in one document */
#define READER_MERGED_MAX 4096  /* keys and values of a group that '<<' adds to */

struct documents {
    struct node_tree *tree; /* owns all nodes */
    struct node **roots;    /* documents with something in them */
    size_t n;
};

/* 'name' is what words call the text: "name:12: ...". */
int documents_read(const char *name, const char *text, size_t len,
                   struct documents *ret, struct err *err);
void documents_fini(struct documents *documents);

/* The JSON values of 'text', which begins with '{' or '[', each on a line of its own or
 * not, as one YAML stream with the same lines. The caller frees it. (json_text.c) */
char *json_text_as_yaml(const char *text, size_t len, size_t *ret_len);
bool json_text_is_meant(const char *text, size_t len);

#endif
