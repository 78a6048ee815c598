/* SPDX-License-Identifier: Apache-2.0
 *
 * report.h - sums over runs that have ended
 */
#ifndef BERTH_HISTORY_REPORT_H
#define BERTH_HISTORY_REPORT_H

#include <sqlite3.h>

#include "base/err.h"
#include "history/select.h"
#include "wire/messages.pb-c.h"

/* Answer (free_message). A run counts where it ended. -EINVAL with words for a key or
 * an order that is not known. */
int report_make(sqlite3 *db, const Berth__ReportQuery *query,
                const struct viewer *viewer, Berth__ReportList **ret, struct err *err);

#endif
