/* SPDX-License-Identifier: Apache-2.0
 *
 * object_pick.h - the order in which objects that came are shown
 *
 * Pure. Any field of the document may be named; one that is not there is "".
 */
#ifndef BERTH_CLI_OBJECT_PICK_H
#define BERTH_CLI_OBJECT_PICK_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

/* In order of the value at a path of the document, numbers as such, what lacks it
 * first. -EINVAL with words. */
int object_list_sort(Berth__ObjectList *list, const char *path, struct err *err);

#endif
