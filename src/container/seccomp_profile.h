/* SPDX-License-Identifier: Apache-2.0
 *
 * seccomp_profile.h - a profile in the JSON form of Docker, Podman and OCI
 */
#ifndef BERTH_CONTAINER_SECCOMP_PROFILE_H
#define BERTH_CONTAINER_SECCOMP_PROFILE_H

#include <stddef.h>

#include "base/err.h"
#include "container/seccomp_filter.h"

/* A longer text is refused before it is read. Docker's own has 15 KiB. */
#define SECCOMP_PROFILE_MAX (256u << 10)

/* The rules that 'text' has for a program without capabilities on this machine, as
 * a libseccomp context (to be given to seccomp_release). Names of calls that this
 * machine does not have are skipped; what could not be kept, such as asking another
 * process (SCMP_ACT_NOTIFY), is refused. -EINVAL, -E2BIG, and words that name the
 * place. */
int seccomp_profile_read(const char *text, size_t len, scmp_filter_ctx *ret,
                         struct err *err);

/* The same, compiled; the caller's to free. */
int seccomp_profile_compile(const char *text, size_t len, struct seccomp_filter **ret,
                            struct err *err);

#endif
