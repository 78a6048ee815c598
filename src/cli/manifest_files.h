/* SPDX-License-Identifier: Apache-2.0
 *
 * manifest_files.h - the files that -f names: files, directories, stdin
 */
#ifndef BERTH_CLI_MANIFEST_FILES_H
#define BERTH_CLI_MANIFEST_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/opts.h"

/* Add what 'name' stands for to 'paths' (a strv): itself, or the files of a directory
 * that end in .yaml, .yml or .json, in order of their names, with 'is_deep' those below
 * too. "-" is stdin. -EINVAL for an address of the web. */
int manifest_files_add(const char *name, bool is_deep, char ***paths, struct err *err);

/* The text of one; 'ret_name' (static or 'path') is what words call it. */
int manifest_file_read(const char *path, char **ret_text, size_t *ret_len,
                       const char **ret_name, struct err *err);

/* -f, as often as it is said: one more name for the strv at opt->offset. */
int opt_file(const struct opt *opt, const char *value, void *ctx, struct err *err);

#endif
