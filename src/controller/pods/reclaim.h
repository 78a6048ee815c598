/* SPDX-License-Identifier: Apache-2.0
 *
 * reclaim.h - what becomes of a volume when its claim has gone
 *
 *     Bound --claim gone--> Released --Delete: a node empties it--> gone
 *                            |    |                      '--fails--> Failed
 *                            |    '--deleted by an administrator--> gone
 *                            '------ replaced as a whole (Failed, too) --> Available
 *
 * The node that used it last empties it, as the claim's owner; asked again until it
 * answers, whatever is started anew meanwhile, and not given out before. A volume that
 * shares files with another one is not emptied; nor is one, but for an export, on a
 * node that no pod used it on.
 */
#ifndef BERTH_CONTROLLER_RECLAIM_H
#define BERTH_CONTROLLER_RECLAIM_H

#include "controller/objects/objects.h"

struct conn;

/* The claim has let go of it. It may be gone then. */
void reclaim_release(struct controller *ctl, struct ctl_object *volume,
                     const struct ctl_object *claim);
/* An administrator has replaced it: what it held is his to judge. It stays as it is
 * while a node empties it. */
void reclaim_renew(struct controller *ctl, struct ctl_object *volume);
/* After a restart: a node that was told to empty it may be at it. It is asked again. */
void reclaim_recovered(struct ctl_object *volume);
/* Warn of a volume with Delete that cannot be emptied. */
void reclaim_judge(const struct controller *ctl,
                   const struct mf_persistent_volume *volume, char **warning);
/* Warn of a change while a node empties it. */
void reclaim_judge_change(const struct ctl_object *volume, char **warning);
/* Each second: ask nodes. */
void reclaim_tick(struct controller *ctl, int64_t now);
void handle_volume_reclaimed(struct conn *conn, const Berth__Envelope *env);

#endif
