/* SPDX-License-Identifier: Apache-2.0
 *
 * opening.c - who are you: the two frames that open a connection
 */
#include "wire/opening.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/credential.h"
#include "wire/pack.h"

#define PURPOSE_HELLO "berth-hello"
#define PURPOSE_REPLY "berth-reply"
#define DIGEST 32

_Static_assert(WIRE_VERSION_MIN == WIRE_VERSION_MAX, "with two versions, choose one");

void opening_fini(struct opening *o)
{
    free(o->hello);
    free(o->reply);
    sodium_memzero(o, sizeof(*o));
}

/* BLAKE2b-256 of the Hello without its credential, which cannot hold itself. */
static void digest_hello(const Berth__Hello *hello, uint8_t digest[DIGEST])
{
    Berth__Hello bare = *hello;

    bare.credential.data = NULL;
    bare.credential.len = 0;
    digest_message(&bare.base, digest);
}

/* A credential that carries our public key and says what it is for. */
static int make_secret(struct opening *o, const struct wire_auth *auth, uid_t reader,
                       char *purpose, uint8_t bound_to[DIGEST], char **ret_credential,
                       struct err *err)
{
    cleanup(freep) uint8_t *payload = NULL;
    Berth__HelloSecret secret = BERTH__HELLO_SECRET__INIT;
    size_t len;

    session_keys_make(&o->own);
    secret.purpose = purpose;
    secret.public_key.data = o->own.public_key;
    secret.public_key.len = SESSION_KEY;
    secret.bound_to.data = bound_to;
    secret.bound_to.len = DIGEST;
    payload = pack_message(&secret.base, &len);
    return credential_make(auth->munge_socket, reader, payload, len, ret_credential,
                           err);
}

static int check_secret(struct opening *o, const Berth__HelloSecret *secret,
                        const char *purpose, const uint8_t bound_to[DIGEST],
                        struct err *err)
{
    if (!secret || secret->public_key.len != SESSION_KEY)
        return err_set(err, EPERM, "munge: the credential does not carry a berth key");
    if (strcmp(secret->purpose, purpose) != 0 || secret->bound_to.len != DIGEST ||
        sodium_memcmp(secret->bound_to.data, bound_to, DIGEST) != 0)
        return err_set(err, EPERM,
                       "not bound to this connection: the credential was made "
                       "for another one");
    memcpy(o->peer_key, secret->public_key.data, SESSION_KEY);
    return 0;
}

/* Learn from a credential who made it, and the maker's public key. */
static int read_secret(struct opening *o, const struct wire_auth *auth,
                       const ProtobufCBinaryData *credential, const char *purpose,
                       const uint8_t bound_to[DIGEST], struct peer *peer,
                       struct err *err)
{
    cleanup(free_messagep) Berth__HelloSecret *secret = NULL;
    cleanup(freep) void *payload = NULL;
    size_t len;
    int rc;

    if (credential->len == 0)
        return err_set(err, EPERM, "truncated: there is no credential");
    rc = credential_read(auth->munge_socket, credential->data, credential->len,
                         &payload, &len, &peer->uid, &peer->gid, err);
    if (rc < 0)
        return rc;
    secret = unpack_message(&berth__hello_secret__descriptor, payload, len);
    return check_secret(o, secret, purpose, bound_to, err);
}

int opening_hello(struct opening *o, const struct wire_auth *auth, const char *target,
                  struct err *err)
{
    cleanup(freep) char *credential = NULL;
    cleanup(freep) char *name = xstrdup(target);
    Berth__Hello hello = BERTH__HELLO__INIT;
    uint8_t digest[DIGEST];
    int rc;

    if (strlen(target) > OPENING_TARGET_MAX)
        return err_set(err, EINVAL,
                       "oversized: the target's name has over %d characters",
                       OPENING_TARGET_MAX);
    hello.magic = WIRE_MAGIC;
    hello.version_min = WIRE_VERSION_MIN;
    hello.version_max = WIRE_VERSION_MAX;
    hello.target = name;
    digest_hello(&hello, digest);
    rc = make_secret(o, auth, (uid_t)-1, (char[]){PURPOSE_HELLO}, digest, &credential,
                     err);
    if (rc < 0)
        return rc;
    hello.credential.data = (uint8_t *)credential;
    hello.credential.len = strlen(credential);
    o->hello = pack_message(&hello.base, &o->hello_len);
    if (o->hello_len > WIRE_HELLO_MAX)
        return err_set(err, EINVAL,
                       "oversized: the Hello takes %zu bytes, at most %u may go",
                       o->hello_len, WIRE_HELLO_MAX);
    return 0;
}

static int check_hello(const Berth__Hello *hello, struct err *err)
{
    if (hello->magic != WIRE_MAGIC)
        return err_set(err, EPERM, "bad magic: 0x%08x is not a berth program's",
                       hello->magic);
    if (hello->version_min > WIRE_VERSION_MAX || hello->version_max < WIRE_VERSION_MIN)
        return err_set(
            err, EPERM,
            "no common version: the caller speaks %u to %u, this end %u to %u",
            hello->version_min, hello->version_max, WIRE_VERSION_MIN, WIRE_VERSION_MAX);
    if (strlen(hello->target) > OPENING_TARGET_MAX)
        return err_set(err, EPERM,
                       "oversized: the target's name has over %d characters",
                       OPENING_TARGET_MAX);
    return 0;
}

int opening_read_hello(const void *hello, size_t len, Berth__Hello **ret_hello,
                       struct err *err)
{
    cleanup(free_messagep) Berth__Hello *h = NULL;
    int rc;

    if (len > WIRE_HELLO_MAX)
        return err_set(err, EPERM,
                       "oversized: a Hello of %zu bytes, at most %u may come", len,
                       WIRE_HELLO_MAX);
    h = unpack_message(&berth__hello__descriptor, hello, len);
    if (!h)
        return err_set(err, EPERM, "truncated: %zu bytes are not a whole Hello", len);
    rc = check_hello(h, err);
    if (rc == 0)
        *ret_hello = take(h);
    return rc;
}

static int admit(const struct wire_auth *auth, uid_t uid, struct err *err)
{
    if (!auth->own_uid_only || uid == 0 || uid == geteuid())
        return 0;
    return err_set(err, EPERM, "wrong uid: %u may not call here, only %u and root", uid,
                   geteuid());
}

static int judge_hello(struct opening *o, const struct wire_auth *auth,
                       const void *hello, size_t len, struct peer *peer,
                       struct err *err)
{
    cleanup(free_messagep) Berth__Hello *h = NULL;
    uint8_t digest[DIGEST];
    int rc;

    rc = opening_read_hello(hello, len, &h, err);
    if (rc < 0)
        return rc;
    digest_hello(h, digest);
    rc = read_secret(o, auth, &h->credential, PURPOSE_HELLO, digest, peer, err);
    if (rc < 0)
        return rc;
    return admit(auth, peer->uid, err);
}

/* Our credential, which only the caller's uid can read, bound to the whole Hello. */
static int vouch(struct opening *o, const struct wire_auth *auth, const void *hello,
                 size_t len, uid_t reader, char **ret_credential, struct err *err)
{
    uint8_t digest[DIGEST];

    (void)crypto_generichash(digest, DIGEST, hello, len, NULL, 0);
    return make_secret(o, auth, reader, (char[]){PURPOSE_REPLY}, digest, ret_credential,
                       err);
}

void opening_refuse(struct opening *o, const char *words)
{
    cleanup(freep) char *text = xstrdup(words);
    Berth__HelloReply reply = BERTH__HELLO_REPLY__INIT;

    reply.refusal = text;
    free(o->reply);
    o->reply = pack_message(&reply.base, &o->reply_len);
}

int opening_answer(struct opening *o, const struct wire_auth *auth, const void *hello,
                   size_t len, struct peer *peer, struct err *err)
{
    cleanup(freep) char *credential = NULL;
    Berth__HelloReply reply = BERTH__HELLO_REPLY__INIT;
    struct err why = {0};
    int rc;

    rc = judge_hello(o, auth, hello, len, peer, &why);
    if (rc == 0)
        rc = vouch(o, auth, hello, len, peer->uid, &credential, &why);
    if (rc < 0) {
        opening_refuse(o, why.text);
        return err_set(err, EPERM, "%s", why.text);
    }
    reply.version = WIRE_VERSION_MAX;
    reply.credential.data = (uint8_t *)credential;
    reply.credential.len = strlen(credential);
    o->reply = pack_message(&reply.base, &o->reply_len);
    return 0;
}

/* A stranger's words, fit for a terminal and a log. */
static int refused(char *words, struct err *err)
{
    for (char *c = words; *c; c++) {
        if (!isprint((unsigned char)*c))
            *c = '?';
    }
    return err_set(err, EPERM, "refused: %.300s", words);
}

int opening_finish(struct opening *o, const struct wire_auth *auth, const void *reply,
                   size_t len, uid_t allow_uid, struct peer *peer, struct err *err)
{
    cleanup(free_messagep) Berth__HelloReply *r = NULL;
    uint8_t digest[DIGEST];
    int rc;

    r = unpack_message(&berth__hello_reply__descriptor, reply, len);
    if (!r)
        return err_set(err, EPROTO, "truncated: %zu bytes are not a whole HelloReply",
                       len);
    if (r->refusal[0])
        return refused(r->refusal, err);
    if (r->version < WIRE_VERSION_MIN || r->version > WIRE_VERSION_MAX)
        return err_set(err, EPROTO, "no common version: the answer is in version %u",
                       r->version);
    (void)crypto_generichash(digest, DIGEST, o->hello, o->hello_len, NULL, 0);
    rc = read_secret(o, auth, &r->credential, PURPOSE_REPLY, digest, peer, err);
    if (rc < 0)
        return rc;
    if (allow_uid != (uid_t)-1 && peer->uid != 0 && peer->uid != allow_uid)
        return err_set(err, EPERM, "wrong uid: %u answers there, not %u or root",
                       peer->uid, allow_uid);
    return 0;
}
