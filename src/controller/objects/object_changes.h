/* SPDX-License-Identifier: Apache-2.0
 *
 * object_changes.h - what may be changed of an object that is there
 *
 * Pure. The rules are Kubernetes' own, and stricter for pods that run already.
 */
#ifndef BERTH_CONTROLLER_OBJECT_CHANGES_H
#define BERTH_CONTROLLER_OBJECT_CHANGES_H

#include "manifest/node.h"

/* Whether 'now' asks for something else than 'was', in '*ret_differs' (the order of
 * keys is no difference). -EINVAL with the field that cannot be changed. 'has_begun':
 * a pod runs, a Job has made pods. */
int object_change_check(const char *kind, const struct node *was,
                        const struct node *now, bool has_begun, bool *ret_differs,
                        struct err *err);

#endif
