/* SPDX-License-Identifier: Apache-2.0
 *
 * credential.c - MUNGE: make a credential, read one
 */
#include "wire/credential.h"

#include <errno.h>
#include <munge.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"

static void ctx_destroyp(munge_ctx_t *ctx)
{
    munge_ctx_destroy(*ctx);
}

static munge_ctx_t ctx_create(const char *munge_socket)
{
    munge_ctx_t ctx = munge_ctx_create();

    BUG_ON(!ctx);
    if (munge_socket)
        BUG_ON(munge_ctx_set(ctx, MUNGE_OPT_SOCKET, munge_socket) != EMUNGE_SUCCESS);
    return ctx;
}

/* Why munged's socket would not do. */
static int socket_fault(munge_ctx_t ctx, struct err *err)
{
    const char *path = "(unknown)";

    (void)munge_ctx_get(ctx, MUNGE_OPT_SOCKET, &path);
    if (access(path, W_OK) < 0 && errno == EACCES)
        return err_set(err, EACCES,
                       "munged's socket %s may not be used by this account", path);
    return err_set(err, ENOENT, "munged is not running at %s", path);
}

static int credential_fault(munge_ctx_t ctx, munge_err_t code, struct err *err)
{
    if (code == EMUNGE_SOCKET || code == EMUNGE_TIMEOUT)
        return socket_fault(ctx, err);
    if (code == EMUNGE_CRED_REPLAYED)
        return err_set(err, EPERM, "replayed: this credential was used before");
    if (code == EMUNGE_CRED_EXPIRED)
        return err_set(err, EPERM,
                       "expired: the credential is too old, or a clock is wrong");
    if (code == EMUNGE_CRED_UNAUTHORIZED)
        return err_set(err, EPERM, "wrong uid: the credential is for another reader");
    if (code == EMUNGE_CRED_REWOUND)
        return err_set(err, EPERM,
                       "rewound: the credential is from the future, a clock is wrong");
    if (code == EMUNGE_CRED_INVALID)
        return err_set(err, EPERM,
                       "munge: %s: is munge's key the same on both machines?",
                       munge_strerror(code));
    return err_set(err, EPERM, "munge: %s", munge_strerror(code));
}

int credential_make(const char *munge_socket, uid_t reader, const void *payload,
                    size_t len, char **ret_credential, struct err *err)
{
    cleanup(ctx_destroyp) munge_ctx_t ctx = ctx_create(munge_socket);
    munge_err_t code;

    if (reader != (uid_t)-1)
        BUG_ON(munge_ctx_set(ctx, MUNGE_OPT_UID_RESTRICTION, reader) != EMUNGE_SUCCESS);
    code = munge_encode(ret_credential, ctx, payload, (int)len);
    if (code == EMUNGE_SUCCESS)
        return 0;
    if (code == EMUNGE_SOCKET || code == EMUNGE_TIMEOUT)
        return socket_fault(ctx, err);
    return err_set(err, EIO, "munge: %s", munge_strerror(code));
}

int credential_read(const char *munge_socket, const void *credential, size_t len,
                    void **ret_payload, size_t *ret_len, uid_t *ret_uid, gid_t *ret_gid,
                    struct err *err)
{
    cleanup(ctx_destroyp) munge_ctx_t ctx = ctx_create(munge_socket);
    cleanup(freep) char *text = xstrndup(credential, len);
    cleanup(freep) void *payload = NULL;
    munge_err_t code;
    int payload_len = 0;
    uid_t uid;
    gid_t gid;

    code = munge_decode(text, ctx, &payload, &payload_len, &uid, &gid);
    if (code != EMUNGE_SUCCESS)
        return credential_fault(ctx, code, err);
    *ret_uid = uid;
    *ret_gid = gid;
    *ret_len = (size_t)payload_len;
    *ret_payload = take(payload);
    return 0;
}
