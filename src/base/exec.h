/* SPDX-License-Identifier: Apache-2.0
 *
 * exec.h - become a program, in a child that still has its parent's memory
 */
#ifndef BERTH_BASE_EXEC_H
#define BERTH_BASE_EXEC_H

/* For functions that run on a stack that is used again and again, one child after the
 * other: the address sanitizer would take what an earlier user left for poison. */
#define ON_BORROWED_STACK __attribute__((no_sanitize("address"), noinline))

/* Execute argv[0] from the first directory of 'path' ("/bin:/usr/bin", an empty one is
 * ".") that has it, as execvpe does, but without its fallback to a shell. Returns the
 * errno value that says most. For a borrowed stack. */
int exec_in_path(const char *path, char *const *argv, char *const *env);

#endif
