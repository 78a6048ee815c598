/* SPDX-License-Identifier: Apache-2.0
 *
 * credential.h - MUNGE: make a credential, read one
 *
 * Both block for as long as munged takes. Each call uses a MUNGE context of its
 * own, so they may run on any thread.
 */
#ifndef BERTH_WIRE_CREDENTIAL_H
#define BERTH_WIRE_CREDENTIAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Vouch for 'payload' as our own uid. 'reader' is the only uid that may read it;
 * (uid_t)-1: anyone. 'munge_socket' NULL is MUNGE's default. -ENOENT and -EACCES:
 * munged cannot be reached; -EIO: it would not. The caller frees the text. */
int credential_make(const char *munge_socket, uid_t reader, const void *payload,
                    size_t len, char **ret_credential, struct err *err);

/* Who made the credential, and its payload, which the caller frees. -EPERM with
 * "replayed", "expired", "wrong uid" or "munge: ..." when it is refused. */
int credential_read(const char *munge_socket, const void *credential, size_t len,
                    void **ret_payload, size_t *ret_len, uid_t *ret_uid, gid_t *ret_gid,
                    struct err *err);

#endif
