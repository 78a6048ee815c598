/* SPDX-License-Identifier: Apache-2.0
 *
 * sources.h - what COPY and ADD are to copy: patterns to paths, paths to a digest
 */
#ifndef BERTH_BUILD_SOURCES_H
#define BERTH_BUILD_SOURCES_H

#include <stddef.h>

#include "base/err.h"
#include "build/ignore.h"

/* A tree to copy from, and what of it does not count. */
struct source_tree {
    int root;
    const char *what;             /* for words: "the context", "stage 'build'" */
    const struct ignore *ignore;  /* or NULL */
    const struct ignore *exclude; /* --exclude, or NULL */
};

/* The paths (relative, clean, in a strv the caller frees) that 'patterns' name, in
 * their order; one pattern's matches are sorted. -ENOENT with the nearest name when
 * one names nothing. */
int sources_find(const struct source_tree *tree, char *const *patterns, char ***ret,
                 struct err *err);

/* SHA-256 (hex) of names, kinds, modes, contents and link targets of all that is
 * below 'paths'; not of times and owners. */
int sources_digest(const struct source_tree *tree, char *const *paths, char **ret,
                   struct err *err);

/* Is 'path' not to be copied? */
int sources_leaves_out(const struct source_tree *tree, const char *path);
/* The names in directory 'path' that count, sorted; a strv. */
int sources_list(const struct source_tree *tree, const char *path, char ***ret,
                 struct err *err);
/* Open 'path' as if the tree's root were "/": a descriptor or -Exxx. */
int sources_open(const struct source_tree *tree, const char *path, int flags);

#endif
