/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_log.h - what of a bag has ended, kept so that it can be gone on with
 *
 * A text file of one line for each attempt that ended, columns divided by tabs:
 *
 *     # berth bag log 1
 *     # index attempt code signal node start seconds hash command
 *     17   1   0   0   n2   1699999999.123   0.004   af63dc4c8601ec8c   ./task 17
 *     # complete
 *
 * Lines are appended in the order of the ends. A last line without newline was being
 * written when the machine stopped: it does not count, nor does what comes after a line
 * that cannot be read. The last line of a bag that was seen to its end says so.
 */
#ifndef BERTH_CLI_BAG_LOG_H
#define BERTH_CLI_BAG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strbuf.h"

struct bag_entry {
    uint64_t index, hash; /* bag_argv_hash of its command */
    uint32_t attempt;
    int code, signo;
    int64_t start_usec; /* since the epoch */
    uint64_t usec;
    const char *node;    /* borrowed */
    const char *command; /* for people, one line; not read back */
};

/* ------------------------------------------------------------------ format */
void bag_entry_format(const struct bag_entry *entry, struct strbuf *sb);
/* Of a line without its newline: index, hash, attempt, code and signo. False when it is
 * none. */
bool bag_entry_parse(const char *line, size_t len, struct bag_entry *ret);

struct bag_done; /* commands that succeeded */

/* Read a whole log. *ret_len: how far it can be read; *ret_complete: its bag was seen
 * to the end. -EINVAL when it is no log of a bag. */
int bag_done_read(const char *bytes, size_t len, struct bag_done **ret, size_t *ret_len,
                  bool *ret_complete, struct err *err);
void bag_done_destroy(struct bag_done *done);
bool bag_done_has(const struct bag_done *done, uint64_t index, uint64_t hash);
/* Entries of a success in it. */
size_t bag_done_count(const struct bag_done *done);

/* -------------------------------------------------------------------- file */
struct bag_log;

/* Open 'path' for the ends to come. With 'resume' it may hold those of an earlier run,
 * which *ret_done gets; else one that was broken off is refused (-EEXIST), and one that
 * is complete is begun anew. -EBUSY while another bag writes it. */
int bag_log_open(const char *path, bool resume, struct bag_log **ret,
                 struct bag_done **ret_done, struct err *err);
/* Note an end. It is on its way to the file, and on disk a second later. */
void bag_log_add(struct bag_log *log, const struct bag_entry *entry);
/* Write and sync what is due by 'now' (monotonic ms), or all. 0 or -Exxx, words once.
 */
int bag_log_flush(struct bag_log *log, int64_t now, bool all, struct err *err);
/* When bag_log_flush has something to do: ms from 'now'; -1: never. */
int64_t bag_log_due_in(const struct bag_log *log, int64_t now);
/* The bag was seen to its end. */
void bag_log_complete(struct bag_log *log);
void bag_log_close(struct bag_log *log);

#endif
