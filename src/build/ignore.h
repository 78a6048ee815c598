/* SPDX-License-Identifier: Apache-2.0
 *
 * ignore.h - .containerignore: what of a context is not sent
 *
 * Pure. One pattern a line: '*' and '?' stay within a name, "[a-z]", "**" is any
 * number of directories, '!' takes a path back in, '#' begins a comment. The last
 * one that matches a path, or a directory above it, decides.
 */
#ifndef BERTH_BUILD_IGNORE_H
#define BERTH_BUILD_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define IGNORE_RULES_MAX 4096

struct ignore_rule {
    char *pattern; /* clean, relative */
    bool keeps;    /* '!' */
};

struct ignore {
    struct ignore_rule *rules;
    size_t n_rules;
    bool has_keeps; /* so that a directory left out may have parts that are not */
};

/* -EINVAL with the line for a pattern that is none. */
int ignore_parse(const char *text, struct ignore *ret, struct err *err);
/* One more pattern, as --exclude gives it. */
int ignore_add(struct ignore *ignore, const char *pattern, struct err *err);
void ignore_fini(struct ignore *ignore);

/* Is 'path' (clean, relative) left out? */
bool ignore_matches(const struct ignore *ignore, const char *path);

/* Does all of 'path' match 'pattern'? "**" as above. */
bool path_matches(const char *pattern, const char *path);
/* Does the text have a character that makes it a pattern? */
bool path_is_pattern(const char *text);

#endif
