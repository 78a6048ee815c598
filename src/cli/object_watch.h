/* SPDX-License-Identifier: Apache-2.0
 *
 * object_watch.h - objects as they change: for lists that go on, and for waits
 */
#ifndef BERTH_CLI_OBJECT_WATCH_H
#define BERTH_CLI_OBJECT_WATCH_H

#include "cli/object_names.h"

/* How an object stands now. */
struct object_news {
    const Berth__ObjectRecord *record; /* with its manifest */
    bool is_gone;
    int64_t now;
};

/* All objects of the group, then each change of one, for ever. -Exxx with words. */
int object_watch(struct berth *berth, const struct object_group *group,
                 const struct object_scope *scope,
                 void (*tell)(const struct object_news *news, void *ctx), void *ctx,
                 struct berth_err *err);

/* Look at the objects of the group, and again whenever something of their kind has
 * changed, until 'is_enough' says so by returning other than 0, which is returned.
 * 'seconds' < 0: for ever; -ETIMEDOUT past it. Otherwise -Exxx with words. */
int object_watch_until(struct berth *berth, const struct object_group *group,
                       const struct object_scope *scope, int64_t seconds,
                       int (*is_enough)(const Berth__ObjectList *list, void *ctx),
                       void *ctx, struct berth_err *err);

#endif
