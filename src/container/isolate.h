/* SPDX-License-Identifier: Apache-2.0
 *
 * isolate.h - what init gains and gives up around building the root
 */
#ifndef BERTH_CONTAINER_ISOLATE_H
#define BERTH_CONTAINER_ISOLATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Init keeps its socket here; 0, 1 and 2 are /dev/null. */
#define INIT_SOCK 3

/* Close all descriptors above 2 but these, which are put in order; those below 0 are
 * passed over. For who must not show others that the caller has. */
void isolate_keep_only(int *fds, size_t n);

/* First of all: enter the control groups that 'fds' lead into, close these, and be as
 * open to the user as other processes of his. */
int isolate_enter_groups(const int *fds, size_t n, struct err *err);

/* The caller may be one that the kernel spares when memory is short; what runs inside
 * is not: its oom_score_adj becomes 'score', when that is above 0, else 0 if it was
 * below. Nobody is refused one that is raised. */
int isolate_oom_score(int score, struct err *err);

/* Map the caller's one uid and gid (as seen outside) into the user namespace
 * just made: to themselves, or to 0. */
int isolate_map_ids(uid_t uid, gid_t gid, uid_t inside_uid, gid_t inside_gid,
                    struct err *err);

/* Let go of what was inherited: descriptors and signal dispositions. Dies
 * with the caller from now on. */
int isolate_detach(int sock, struct err *err);

/* In a network namespace just made: let the loopback device carry packets. */
int isolate_raise_loopback(struct err *err);
/* Likewise: let anybody in it listen to ports below 1024, and ping. Where the kernel
 * does not let us, a program that wants that is told by the kernel. */
void isolate_open_ports(void);

/* After the root is built: a keyring of its own; nobody may trace init or gain
 * privileges by exec, and unless 'keep_caps' no program started from here on has a
 * capability. */
int isolate_seal(bool keep_caps, struct err *err);

/* For a task, before exec: no capability at all. Async-signal-safe; 0 or -1 and
 * errno. */
int isolate_drop_caps(void);

#endif
