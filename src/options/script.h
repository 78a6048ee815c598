/* SPDX-License-Identifier: Apache-2.0
 *
 * script.h - the batch script: from a file, from stdin, or wrapped around a
 * command
 */
#ifndef BERTH_OPTIONS_SCRIPT_H
#define BERTH_OPTIONS_SCRIPT_H

#include <stddef.h>

#include "base/err.h"

#define SCRIPT_MAX (4u << 20) /* bytes; sbatch(1)'s default limit */

/* Read the script at 'path' (NULL or "-": stdin) and check it. The caller frees
 * *ret_script, which is NUL-terminated beyond *ret_len. */
int script_read(const char *path, char **ret_script, size_t *ret_len, struct err *err);

/* "#!/bin/sh" and 'command'. */
char *script_wrap(const char *command, size_t *ret_len);

/* Refuse what cannot be a script: empty, only white space, no "#!" line, DOS
 * line breaks, NUL bytes. */
int script_check(const char *script, size_t len, struct err *err);

#endif
