/* SPDX-License-Identifier: Apache-2.0
 *
 * tar.h - headers of tar streams: ustar, with pax and GNU records for what is long
 *
 * Pure. What is read may be hostile: names are as they stand there, sizes are bounded
 * by who reads.
 */
#ifndef BERTH_CLI_TAR_H
#define BERTH_CLI_TAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

#define TAR_BLOCK 512
#define TAR_RECORD_MAX (1u << 20) /* of a pax or GNU record */

enum tar_type {
    TAR_FILE = '0',
    TAR_HARDLINK = '1',
    TAR_SYMLINK = '2',
    TAR_DIR = '5',
};

struct tar_entry {
    char type; /* enum tar_type, or another that is not known here */
    char *name, *link;
    uint64_t size;
    uint32_t mode;
    int64_t mtime;
};

void tar_entry_fini(struct tar_entry *entry);

/* Append the header of 'entry', and of what it needs before it. */
void tar_put(struct strbuf *out, const struct tar_entry *entry);

/* Take a header block into 'entry', over what records before it have said: 1 for an
 * entry, 2 for a record of entry->size bytes that tar_record wants, 0 for the end of
 * the stream, -EBADMSG with words. */
int tar_get(const uint8_t block[TAR_BLOCK], struct tar_entry *entry, struct err *err);

/* Take the bytes of a record of this type ('x', 'L', 'K'; others are skipped) into what
 * the next tar_get is given. -EBADMSG with words. */
int tar_record(char type, const char *bytes, size_t len, struct tar_entry *entry,
               struct err *err);

#endif
