/* SPDX-License-Identifier: Apache-2.0
 *
 * object_pick.h - which of the objects that came are shown, and in which order
 *
 *     status.phase=Running,spec.nodeName!=n1     all of them hold
 *
 * Pure. Any field of the document may be named; one that is not there is "".
 */
#ifndef BERTH_CLI_OBJECT_PICK_H
#define BERTH_CLI_OBJECT_PICK_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

/* -EINVAL with words when it is none such. */
int object_fields_check(const char *fields, struct err *err);
/* Whether the object has them; 'fields' has been checked. */
bool object_fields_hold(const char *fields, const Berth__ObjectRecord *record);
/* Free the objects of the list that have not. */
void object_list_pick(Berth__ObjectList *list, const char *fields);

/* In order of the value at a path of the document, numbers as such, what lacks it
 * first. -EINVAL with words. */
int object_list_sort(Berth__ObjectList *list, const char *path, struct err *err);

#endif
