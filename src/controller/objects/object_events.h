/* SPDX-License-Identifier: Apache-2.0
 *
 * object_events.h - what has happened to objects, for a while
 *
 * Kept in memory and in the store, in the batch of what has happened. One that says
 * the same again (object, container, reason, words) is counted up. Those of an hour ago
 * go, and of too many of one user his oldest; of too many of all, the oldest of who has
 * most: nobody's objects push out what is known of another's.
 */
#ifndef BERTH_CONTROLLER_OBJECT_EVENTS_H
#define BERTH_CONTROLLER_OBJECT_EVENTS_H

#include "controller/objects/objects.h"

/* As a lead or the controller tells it; names of the object are filled in. */
void object_events_tell(struct controller *ctl, const struct ctl_object *object,
                        const Berth__ObjectEvent *event);

/* In the order of their last time. */
struct ctl_object_event {
    Berth__ObjectEvent *event;
    char *space;
    char *same; /* what makes two of them one */
    struct event_owner *owner;
    UT_hash_handle hh;
    struct ctl_object_event *prev, *next;         /* of all */
    struct ctl_object_event *own_prev, *own_next; /* of its owner */
};
struct ctl_object_event *object_events_first(const struct controller *ctl);

int object_events_load(struct controller *ctl, struct err *err);
/* Each second. */
void object_events_age(struct controller *ctl, int64_t now);
void object_events_clear(struct controller *ctl);

#endif
