/* SPDX-License-Identifier: Apache-2.0
 *
 * changes.h - every change of a job or node as an event, in the commit of the change
 *
 *     change --> store's journal, same batch --(commit)--> history, who watches
 *
 * The journal keeps what the history has not got durably, and beyond that as much as
 * history.events and history.events_age say.
 */
#ifndef BERTH_CONTROLLER_CHANGES_H
#define BERTH_CONTROLLER_CHANGES_H

#include "controller/controller.h"

struct ctl_node;

/* What an event says beside how the job stands now. */
struct change_note {
    const char *what;             /* "submit", "start", ... */
    const char *from;             /* state before; NULL: it is new */
    bool with_spec;               /* what it asks for, too */
    const Berth__JobEnded *ended; /* of the run that is over; NULL: not known */
};

/* Its handles, before anything changes. */
void changes_init(struct controller *ctl);
/* Open the journal's reader and the history, behind the store. */
int changes_open(struct controller *ctl, struct err *err);
/* After recovery: what the history does not know of jobs is told once more. */
void changes_recovered(struct controller *ctl);
/* Stop reading; the controller frees ctl->changes. */
void changes_close(struct controller *ctl);

/* Append an event; the record is the caller's to save. */
void changes_job(struct controller *ctl, const struct ctl_job *cj,
                 const struct change_note *note);
/* Whether a node may work, when that is not what was told last. */
void changes_node(struct controller *ctl, struct ctl_node *node);
/* "added", "modified", "deleted"; 'record' has the revision that this gets. */
void changes_object(struct controller *ctl, const Berth__ObjectRecord *record,
                    const char *verb);
void changes_steps(struct controller *ctl, const Berth__StepReport *report);

/* The oldest revision that the journal has. */
uint64_t changes_first(const struct controller *ctl);
/* As journal_read, on the loop's own reader; a failure is logged. */
int changes_read(struct controller *ctl, uint64_t after, size_t max,
                 int (*each)(uint64_t revision, const void *event, size_t len,
                             void *ctx),
                 void *ctx);

/* Each second: what nobody needs leaves the journal. */
void changes_trim(struct controller *ctl, int64_t now);

/* NULL: it is not kept (history.enabled). */
struct history *changes_history(const struct controller *ctl);

#endif
