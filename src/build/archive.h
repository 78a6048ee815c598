/* SPDX-License-Identifier: Apache-2.0
 *
 * archive.h - ADD's archives
 */
#ifndef BERTH_BUILD_ARCHIVE_H
#define BERTH_BUILD_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* When 'fd' is a tar (plain, gzip, bzip2, xz, zstd), take it apart below the empty
 * directory 'target' and set '*ret_done'; otherwise rewind it. '*skipped' grows by
 * the entries left out. */
int archive_unpack(int fd, const char *target, bool *ret_done, uint64_t *skipped,
                   struct err *err);

/* Make 'target' empty again. */
int archive_clear(const char *target, struct err *err);

#endif
