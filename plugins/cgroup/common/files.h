/* SPDX-License-Identifier: Apache-2.0
 *
 * files.h - small files of a kernel that are written and read whole
 *
 * 'dir' is below the directory 'at'; "" is that directory itself. Results are 0 or
 * -Exxx.
 */
#ifndef BERTH_CGROUP_FILES_H
#define BERTH_CGROUP_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <berth/cgroup.h>

#define FILE_TEXT_MAX 16384

int err_say(struct berth_cgroup_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Open 'name' in 'dir'; the descriptor or -Exxx. */
int file_open(int at, const char *dir, const char *name, int flags);
/* Write 'text' to 'fd', which is closed. */
int file_put(int fd, const char *text);
int file_write(int at, const char *dir, const char *name, const char *text);
int file_write_number(int at, const char *dir, const char *name, uint64_t number);
/* At most size - 1 bytes, NUL-terminated; "" when it cannot be read. */
int file_read(int at, const char *dir, const char *name, char *text, size_t size);
/* The number in a file; "max" is UINT64_MAX. */
int file_number(int at, const char *dir, const char *name, uint64_t *ret);
int file_exists(int at, const char *dir, const char *name);

/* Whether there is a directory. */
int dir_exists(int at, const char *dir);
/* Names of the directories in 'dir': a heap vector of heap strings; NULL: none. */
char **dir_children(int at, const char *dir);
void names_free(char **names);
/* Cut the last component off; 0 when there was none left. */
int path_up(char *path);

#endif
