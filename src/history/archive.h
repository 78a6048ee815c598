/* SPDX-License-Identifier: Apache-2.0
 *
 * archive.h - old runs leave the history, into files for those who want them
 *
 *     intent (which rows, which file) --> file written, synced, renamed --> rows
 * removed
 *
 * After a crash an intent is carried out anew: the same rows into the same file.
 */
#ifndef BERTH_HISTORY_ARCHIVE_H
#define BERTH_HISTORY_ARCHIVE_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

#define ARCHIVE_JOBS 10000 /* of a file */

/* Runs that ended before 'cutoff' go: one JSON object a line, gzip, into files in
 * 'dir' (NULL or "": they are only removed). The writer's connection, outside of
 * transactions. What has been done before a failure stays done. */
int archive(sqlite3 *db, const char *dir, int64_t cutoff,
            Berth__HistoryOrderReply **ret, struct err *err);

#endif
