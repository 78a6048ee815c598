/* SPDX-License-Identifier: Apache-2.0
 *
 * history.h - what has become of jobs, kept for years, fed from the store's journal
 *
 *     store's journal --(recorder, a thread)--> history.db --(reader, a thread)-->
 * answers
 *
 * The recorder reads events behind the last revision that it has applied, and writes
 * rows and revision in one transaction: an end of the process at any instruction
 * neither loses an event nor applies one twice. Nothing of it waits for the disk; a
 * machine that loses power loses what the journal still has, which is why the journal
 * keeps all that is not durable here (history_durable).
 *
 * The owner's thread only hands over questions and takes answers; it never waits.
 */
#ifndef BERTH_HISTORY_HISTORY_H
#define BERTH_HISTORY_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "history/select.h"
#include "wire/messages.pb-c.h"

struct history;

struct history_options {
    const char *store;       /* path of the store's file */
    const char *file;        /* of the history, made when it is not there */
    int64_t keep;            /* seconds that ended runs stay, or negative: for ever */
    const char *archive_dir; /* where they go then; NULL or "": nowhere */
    /* An answer waits (history_deliver), or something is to be said (history_trouble).
     * Called on threads of the history. */
    void (*notify)(void *ctx);
    void *ctx;
};

/* Open both files and start. Reads the revision that was reached. */
int history_open(const struct history_options *options, struct history **ret,
                 struct err *err);
/* Ends what is being answered, drops what waits; what was committed to the journal and
 * is not applied will be, next time. NULL is fine. */
void history_close(struct history *history);

/* The journal reaches to 'revision' now. */
void history_committed(struct history *history, uint64_t revision);
/* Up to here it is in the history, whatever happens. */
uint64_t history_durable(struct history *history);
/* It was new when it was opened, or events were missing: false. */
bool history_knows_all(const struct history *history);
/* Why the recorder cannot go on, once for each kind of trouble; it tries again by
 * itself. False: there is nothing to say. */
bool history_trouble(struct history *history, struct err *ret);

/* One of these is asked; the answer is a HistoryList, ReportList or HistoryOrderReply.
 */
struct history_question {
    Berth__HistoryQuery *list;
    Berth__ReportQuery *report;
    Berth__HistoryOrder *order;
};
/* 'message' is NULL when it failed; otherwise a heap message that the callee owns. */
typedef void history_answer(void *message, const struct err *err, void *ctx);

/* Ask; heap messages, owned from now on. All that was committed before shows in the
 * answer. 'answer' is called from history_deliver, or never when the history closes. */
void history_ask(struct history *history, struct history_question question,
                 const struct viewer *viewer, history_answer *answer, void *ctx);
/* Call what has its answer. */
void history_deliver(struct history *history);
/* Hand back the contexts of questions that will not be answered: while it closes. */
void history_drop(struct history *history, void (*drop)(void *ctx));

#endif
