/* SPDX-License-Identifier: Apache-2.0
 *
 * walk.h - walk a document's tree by tables of fields
 *
 * One table for each kind of object: the keys it may have, and what reads each. A
 * key that no table has is refused: what it would have changed is not known.
 */
#ifndef BERTH_CDI_WALK_H
#define BERTH_CDI_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "tree/tree.h"

struct walk {
    const char *file;
    struct err *err;
    char path[160]; /* "devices[2].containerEdits": where we are */
    size_t len;
};

typedef int read_fn(struct walk *walk, const struct ynode *node, void *into);

struct field {
    const char *name;
    read_fn *read;
    size_t offset; /* of what it reads into, in the object */
    bool is_required;
};

/* -EINVAL, with file, line, path and these words. */
int walk_refuse(struct walk *walk, const struct ynode *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Read a map; each key at most once. */
int walk_map(struct walk *walk, const struct ynode *node, const struct field *fields,
             size_t n, void *into);
/* Read a list of at most 'max' objects of 'size' bytes, which are zero before. *items
 * and *n are right after each item, also when one fails. */
int walk_list(struct walk *walk, const struct ynode *node, size_t max, size_t size,
              read_fn *read, void **items, size_t *n);

/* Into a 'char *': a text of at most 4,095 bytes, not empty. */
read_fn walk_text;
/* The same, which begins with a '/'. */
read_fn walk_path;
/* Into a 'char **' (strv): a list of texts; of "NAME=value". */
read_fn walk_texts;
read_fn walk_env;
/* Into a 'uint32_t'. */
read_fn walk_number;
/* Any value, which counts for nothing. */
read_fn walk_anything;

#endif
