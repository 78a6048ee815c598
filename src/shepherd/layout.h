/* SPDX-License-Identifier: Apache-2.0
 *
 * layout.h - which nodes, tasks and cores of an allocation a step gets
 *
 * Pure: the lead keeps one 'struct layout' for its allocation, asks it for room,
 * and gives room back.
 */
#ifndef BERTH_SHEPHERD_LAYOUT_H
#define BERTH_SHEPHERD_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bitset.h"
#include "base/err.h"
#include "wire/messages.pb-c.h"

struct layout;

/* The allocation of 'grant' for the job that 'spec' describes (both borrowed
 * for the layout's life). -EBADMSG when its core lists cannot be read. */
int layout_create(const Berth__Grant *grant, const Berth__JobSpec *spec,
                  struct layout **ret, struct err *err);
void layout_destroy(struct layout *layout);

/* Whether a step could be placed if nobody else used anything. -EINVAL with words. */
int layout_check(const struct layout *layout, const Berth__StepSpec *spec,
                 struct err *err);

/* Place a step: fills nodes of 'launch' (heap, owned by it) and marks what it got as
 * used. One that 'passes' another gets nothing that is claimed. Returns 0; -EAGAIN
 * when it has to wait for other steps (words say for what of theirs); -EINVAL when it
 * can never fit (words name the option at fault). */
int layout_take(struct layout *layout, const Berth__StepSpec *spec, bool passes,
                Berth__LaunchStep *launch, struct err *err);

/* A step has to wait: claim what it needs, in place of what was claimed before. It is
 * there when all that run now have ended, whatever passes meanwhile. */
void layout_claim(struct layout *layout, const Berth__StepSpec *spec);
void layout_unclaim(struct layout *layout);

/* Give back what layout_take marked for 'launch'. */
void layout_give(struct layout *layout, const Berth__LaunchStep *launch);

/* Free the nodes that layout_take made. */
void layout_clear_nodes(Berth__LaunchStep *launch);

#endif
