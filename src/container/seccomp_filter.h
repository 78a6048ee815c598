/* SPDX-License-Identifier: Apache-2.0
 *
 * seccomp_filter.h - which system calls a container's programs may make
 *
 * A filter is compiled once, by the caller, and installed by each container's
 * first process with one system call. Filters add up: of what they say about a
 * call, the strictest holds.
 */
#ifndef BERTH_CONTAINER_SECCOMP_FILTER_H
#define BERTH_CONTAINER_SECCOMP_FILTER_H

#include <seccomp.h>
#include <stddef.h>

#include "base/err.h"

struct sock_filter;

struct seccomp_filter {
    struct sock_filter *code;
    unsigned short n;
};

/* Berth's own filter, for the programs of an image: compiled at the first call
 * and kept for the life of the process. */
int seccomp_filter_default(const struct seccomp_filter **ret, struct err *err);

/* Calls that give a file or the process another owner, and that make devices,
 * succeed and do nothing: programs that expect to be root go on. Kept like the
 * default. It forbids nothing. */
int seccomp_filter_fake_ids(const struct seccomp_filter **ret, struct err *err);

/* What 'ctx' compiles to; -E2BIG when it is longer than the kernel takes. */
int seccomp_filter_export(scmp_filter_ctx ctx, struct seccomp_filter **ret,
                          struct err *err);
void seccomp_filter_free(struct seccomp_filter *filter);
void seccomp_filter_freep(struct seccomp_filter **filter);

/* For this thread and all it starts; no_new_privs must be set. */
int seccomp_filter_install(const struct seccomp_filter *filter, struct err *err);

#endif
