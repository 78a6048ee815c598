/* SPDX-License-Identifier: Apache-2.0
 *
 * explain.h - the table of fields as documentation
 */
#ifndef BERTH_OBJECTS_EXPLAIN_H
#define BERTH_OBJECTS_EXPLAIN_H

#include <stdio.h>

#include "objects/kinds.h"

/* What stands at "pod.spec.containers": its type, words and fields. -ENOENT with the
 * nearest name. 'extra' is one more kind, NULL: none. */
int explain_path(const struct mf_kind *extra, const char *path, FILE *out,
                 struct err *err);

/* The same with the names and types of all fields below it, one a line. */
int explain_tree(const struct mf_kind *extra, const char *path, FILE *out,
                 struct err *err);

/* All kinds, one a line. */
void explain_kinds(const struct mf_kind *extra, FILE *out);

/* All kinds that are accepted and their types, as a page in Markdown. */
void explain_page(FILE *out);

#endif
