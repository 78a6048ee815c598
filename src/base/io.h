/* SPDX-License-Identifier: Apache-2.0
 *
 * io.h - files and descriptors, whole and bounded
 *
 * All return 0 (or a count) or -Exxx and never leave half a file behind.
 * Descriptors they open are O_CLOEXEC.
 */
#ifndef BERTH_BASE_IO_H
#define BERTH_BASE_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* All of 'len' bytes, over short transfers and EINTR. io_read_full returns
 * -ENODATA when the end comes first. For blocking descriptors. */
int io_write_full(int fd, const void *bytes, size_t len);
int io_read_full(int fd, void *bytes, size_t len);
/* Likewise, from the offset 'at' on. */
int io_write_full_at(int fd, const void *bytes, size_t len, off_t at);

/* The whole file, at most 'max' bytes (-EFBIG), NUL-terminated beyond
 * *ret_len. 'ret_len' may be NULL. io_read_fd reads to the end of 'fd'. */
int io_read_file(const char *path, size_t max, char **ret_bytes, size_t *ret_len,
                 struct err *err);
int io_read_fd(int fd, size_t max, char **ret_bytes, size_t *ret_len, struct err *err);

/* Write beside, fsync, rename over: readers see the old or the new file. */
int io_write_file_atomic(const char *path, const void *bytes, size_t len, mode_t mode,
                         struct err *err);

/* Make 'path' and its missing parents (like mkdir -p). */
int io_mkdir_p(const char *path, mode_t mode, struct err *err);

/* Remove a tree without following links or crossing mounts. Absent is fine. */
int io_remove_tree(const char *path, struct err *err);
/* The same with all that an open directory holds; 'path' is for words. */
int io_empty_dir(int dir, const char *path, struct err *err);

/* Give standard streams that the caller closed /dev/null, so that no descriptor
 * opened later passes for one of them. For the start of main. */
void io_open_std(void);

/* Mark every descriptor from 'lowest' up close-on-exec. */
void io_cloexec_from(int lowest);

#endif
