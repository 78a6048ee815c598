/* SPDX-License-Identifier: Apache-2.0
 *
 * strv.h - NULL-terminated vectors of heap strings: arguments, environments
 *
 * A vector is a 'char **' that owns its strings; NULL is an empty one.
 */
#ifndef BERTH_BASE_STRV_H
#define BERTH_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

#define strv_foreach(s, v) for (char **s = (v); s && *s; s++)

void strv_free(char **v);
void strv_freep(char ***v);
size_t strv_len(char *const *v);
char **strv_dup(char *const *v);
bool strv_has(char *const *v, const char *s);

/* Append a copy of 's' / take over the heap string 's'. */
void strv_add(char ***v, const char *s);
void strv_take(char ***v, char *s);

/* Split 's' at any byte of 'seps'; empty pieces are dropped. */
char **strv_split(const char *s, const char *seps);
char *strv_join(char *const *v, const char *sep);

/* Environments, "NAME=value". strv_getenv returns NULL when absent. */
const char *strv_getenv(char *const *env, const char *name);
void strv_setenv(char ***env, const char *name, const char *value);
void strv_unsetenv(char **env, const char *name);

#endif
