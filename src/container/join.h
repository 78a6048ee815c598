/* SPDX-License-Identifier: Apache-2.0
 *
 * join.h - a second process to take orders, in a container that stands
 */
#ifndef BERTH_CONTAINER_JOIN_H
#define BERTH_CONTAINER_JOIN_H

#include "container/container.h"

/* The calling process's own, in the order in which they are entered. */
int join_open_namespaces(int ret_fds[CONTAINER_NAMESPACES], struct err *err);

/* In a child of the caller's: enter, fork what follows orders on 'sock' as a child of
 * the caller's as well, report it (REPORT_JOINED) or why not (REPORT_FAILED), end. */
void join_main(const struct container_spec *spec,
               const int namespaces[CONTAINER_NAMESPACES], int sock)
    __attribute__((noreturn));

/* The same for a new container in spec->sandbox: what is forked is its first process.
 */
void join_sandbox_main(const struct container_spec *spec, int sock)
    __attribute__((noreturn));

/* Words for why namespaces could not be made. */
int container_explain_clone(int code, struct err *err);

#endif
