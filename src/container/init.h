/* SPDX-License-Identifier: Apache-2.0
 *
 * init.h - the container's first process
 */
#ifndef BERTH_CONTAINER_INIT_H
#define BERTH_CONTAINER_INIT_H

#include <sys/types.h>

#include "container/container.h"

/* Live as PID 1 of the new namespaces: build the root from 'spec', report on
 * 'sock', follow orders until the caller is gone. 'uid' and 'gid' are the
 * caller's, as it sees them. All signals are blocked on entry. */
void init_main(const struct container_spec *spec, int sock, uid_t uid, gid_t gid)
    __attribute__((noreturn));

/* Live in a container that stands, whose namespaces have been entered: follow orders
 * until the caller is gone, then end all that was started. */
void init_joiner_main(const struct container_spec *spec, int sock)
    __attribute__((noreturn));

/* Live as a container's first process in a sandbox that has been entered. */
void init_sandbox_main(const struct container_spec *spec, int sock)
    __attribute__((noreturn));

/* The rest of that life, for a root that stands: of 'spec' only what concerns the
 * tasks counts. All signals are blocked. */
void init_serve(const struct container_spec *spec) __attribute__((noreturn));

/* Tell why there will be no container, and exit. */
void init_fail(int sock, const struct err *err) __attribute__((noreturn));

#endif
