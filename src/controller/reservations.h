/* SPDX-License-Identifier: Apache-2.0
 *
 * reservations.h - what is set aside: in memory, in the store and in the scheduler
 * alike
 */
#ifndef BERTH_CONTROLLER_RESERVATIONS_H
#define BERTH_CONTROLLER_RESERVATIONS_H

#include "controller/controller.h"

struct ctl_reservation {
    Berth__ReservationRecord *record;
    bool is_gone; /* none of its nodes is in the configuration any more */
    struct ctl_reservation *prev, *next;
};

/* NULL: there is none. */
struct ctl_reservation *reservations_find(const struct controller *ctl,
                                          const char *name);

/* Read them from the store, after the nodes and before the jobs. -EBADMSG. */
int reservations_load(struct controller *ctl, struct err *err);

/* Tell the scheduler of a record. Nodes that left the configuration are passed
 * over; -ENOENT when none is left. Else as sched_reserve. */
int reservations_tell(struct controller *ctl, const Berth__ReservationRecord *record,
                      bool ignore_running, struct err *err);

/* Put a record in the table and into the open batch, in the place of one of that
 * name. Owns it; the scheduler knows it already. */
struct ctl_reservation *reservations_put(struct controller *ctl,
                                         Berth__ReservationRecord *record);
/* Out of the table, the scheduler and the store. */
void reservations_remove(struct controller *ctl, struct ctl_reservation *reservation);

/* Its present or next time at 'now'. */
void reservations_times(const Berth__ReservationRecord *record, int64_t now,
                        int64_t *ret_start, int64_t *ret_end);

/* Forget those that are over and do not recur. */
void reservations_purge(struct controller *ctl, int64_t now);
void reservations_clear(struct controller *ctl);

/* Change the table as a message says, with the batch; the one that was changed, NULL
 * when it was deleted. Words name the option at fault. */
int reservation_change_apply(struct controller *ctl, uid_t by,
                             const Berth__ReservationChange *change,
                             struct ctl_reservation **ret, struct err *err);

#endif
