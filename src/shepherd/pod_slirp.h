/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_slirp.h - user-mode networking: slirp4netns beside a pod's sandbox
 *
 * Runs as the job's user. The pod reaches others through it; nobody reaches the pod.
 */
#ifndef BERTH_SHEPHERD_POD_SLIRP_H
#define BERTH_SHEPHERD_POD_SLIRP_H

#include <stdbool.h>
#include <uv.h>

#include "base/err.h"

/* What it makes of a network: the pod's address, and who resolves names there. */
#define POD_SLIRP_ADDRESS "10.0.2.100"
#define POD_SLIRP_SERVER "10.0.2.3"

struct pod_slirp;

/* Start it in these namespaces, which are borrowed for the call. 'fn' is called once,
 * from the loop, with whether it works. NULL with words when it cannot be started
 * (ENOENT: it is not installed). It ends with pod_slirp_stop, or with this process. */
struct pod_slirp *pod_slirp_start(uv_loop_t *loop, int user_ns, int net_ns,
                                  void (*fn)(void *ctx, bool works), void *ctx,
                                  struct err *err);
/* NULL is fine. */
void pod_slirp_stop(struct pod_slirp *slirp);

#endif
