/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.h - those who are told of every change, once and in order
 *
 * A watch is a place in the journal. While it is near the end, events come from
 * memory; one that is behind, since its client reads slowly or has come back, reads the
 * journal a page at a time, as fast as its connection takes them. So a slow client
 * costs no memory, and is told that it must begin again only when the journal no
 * longer has what comes next.
 */
#ifndef BERTH_CONTROLLER_WATCH_H
#define BERTH_CONTROLLER_WATCH_H

#include "controller/controller.h"

struct watch;

/* Events up to the store's revision are on disk: send them on. */
void watch_committed(struct controller *ctl);
/* An event was appended; heap, owned from now on. Only while somebody watches
 * (watch_wants). */
bool watch_wants(const struct controller *ctl);
void watch_appended(struct controller *ctl, Berth__Event *event);
/* The connection is gone. */
void watch_forget_conn(struct conn *conn);
/* Free what is kept in memory. */
void watch_clear(struct controller *ctl);

#endif
