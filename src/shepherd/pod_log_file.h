/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_log_file.h - what one run of a container wrote, in files with times
 *
 * A line of the file is one of the container's, or a part of a long one:
 *
 *     2026-11-26T11:36:18.123456789Z stdout F text
 *
 * F: the line ends here, P: it goes on. This is the form of CRI, so collectors of logs
 * can read it. A file that is full is set aside as PATH.old; there is one of these.
 */
#ifndef BERTH_SHEPHERD_POD_LOG_FILE_H
#define BERTH_SHEPHERD_POD_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define POD_LOG_FILE_MAX (10u << 20)
#define POD_LOG_LINE_MAX 16384u

struct pod_log_file;

/* A new file in the place of what is there. 'max' bounds each of the two; 0:
 * POD_LOG_FILE_MAX. */
int pod_log_file_create(const char *path, uint64_t max, struct pod_log_file **ret,
                        struct err *err);
/* 'len' bytes came on stdout (1) or stderr (2) at 'usec' since the epoch. Lines that
 * are not whole yet are kept. What cannot be written (the disk is full) is lost; the
 * first time that is returned, with words. */
int pod_log_file_write(struct pod_log_file *file, unsigned int stream,
                       const char *bytes, size_t len, int64_t usec, struct err *err);
/* The last bytes of lines that have no end are written. NULL is fine. */
void pod_log_file_close(struct pod_log_file *file, int64_t usec);

/* The end of what is in the files of 'path', without times: 'lines' and 'bytes' at
 * most. "" when there is nothing; the caller frees it. */
char *pod_log_file_tail(const char *path, size_t lines, size_t bytes);

#endif
