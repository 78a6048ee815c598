/* SPDX-License-Identifier: Apache-2.0
 *
 * object_tally.h - how much each user keeps in the table of objects
 */
#ifndef BERTH_CONTROLLER_OBJECT_TALLY_H
#define BERTH_CONTROLLER_OBJECT_TALLY_H

#include "controller/objects/objects.h"

/* It comes (1) or goes (-1). */
void object_tally_add(struct controller *ctl, const struct ctl_object *object,
                      int sign);
/* -EDQUOT with words when 'uid' may not have so many more, with so many bytes. */
int object_tally_check(const struct controller *ctl, uint32_t uid, size_t more,
                       size_t bytes, struct err *err);
void object_tally_clear(struct controller *ctl);

#endif
