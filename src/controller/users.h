/* SPDX-License-Identifier: Apache-2.0
 *
 * users.h - names of uids, remembered
 */
#ifndef BERTH_CONTROLLER_USERS_H
#define BERTH_CONTROLLER_USERS_H

#include "controller/controller.h"

/* The account's name, or NULL when there is none. The first question for a
 * uid asks the system, later ones do not. */
const char *users_name(struct controller *ctl, uid_t uid);
/* The uid of an account, asked of the system each time. -ENOENT: there is none. */
int users_uid(const char *name, uint32_t *ret);
void users_clear(struct controller *ctl);

#endif
