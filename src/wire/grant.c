/* SPDX-License-Identifier: Apache-2.0
 *
 * grant.c - sign a grant, and check one without asking back
 */
#include "wire/grant.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "wire/pack.h"

_Static_assert(GRANT_PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(GRANT_SECRET_KEY_BYTES == crypto_sign_SECRETKEYBYTES, "Ed25519");

void grant_keypair(uint8_t public_key[GRANT_PUBLIC_KEY_BYTES],
                   uint8_t secret_key[GRANT_SECRET_KEY_BYTES])
{
    BUG_ON(sodium_init() < 0);
    (void)crypto_sign_keypair(public_key, secret_key);
}

Berth__SignedGrant *grant_sign(const Berth__Grant *grant,
                               const uint8_t secret_key[GRANT_SECRET_KEY_BYTES])
{
    Berth__SignedGrant *sgn = xmalloc(sizeof(*sgn));

    BUG_ON(sodium_init() < 0);
    berth__signed_grant__init(sgn);
    sgn->grant.data = pack_message(&grant->base, &sgn->grant.len);
    sgn->signature.len = crypto_sign_BYTES;
    sgn->signature.data = xmalloc(crypto_sign_BYTES);
    (void)crypto_sign_detached(sgn->signature.data, NULL, sgn->grant.data,
                               sgn->grant.len, secret_key);
    return sgn;
}

static int find_share(const Berth__Grant *grant, const char *node, uint32_t *ret_index)
{
    size_t n = grant->placement ? grant->placement->n_shares : 0;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(grant->placement->shares[i]->node, node) == 0) {
            *ret_index = (uint32_t)i;
            return 0;
        }
    }
    return -ENOENT;
}

int grant_verify(const Berth__SignedGrant *sgn,
                 const uint8_t public_key[GRANT_PUBLIC_KEY_BYTES], const char *node,
                 int64_t now, Berth__Grant **ret_grant, uint32_t *ret_index,
                 struct err *err)
{
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    uint32_t index;

    BUG_ON(sodium_init() < 0);
    if (sgn->signature.len != crypto_sign_BYTES ||
        crypto_sign_verify_detached(sgn->signature.data, sgn->grant.data,
                                    sgn->grant.len, public_key) != 0)
        return err_set(err, EPERM,
                       "the grant is not signed by this cluster's controller");
    grant = unpack_message(&berth__grant__descriptor, sgn->grant.data, sgn->grant.len);
    if (!grant)
        return err_set(err, EPERM, "the grant cannot be read");
    if (grant->expires_at && now > grant->expires_at)
        return err_set(err, ETIME, "job %u: the grant expired %lld s ago",
                       grant->job_id, (long long)(now - grant->expires_at));
    if (find_share(grant, node, &index) < 0)
        return err_set(err, EXDEV, "job %u: the grant is not for node %s",
                       grant->job_id, node);
    *ret_index = index;
    *ret_grant = take(grant);
    return 0;
}

int grant_check_spec(const Berth__Grant *grant, const Berth__JobSpec *spec,
                     struct err *err)
{
    uint8_t digest[32];

    digest_message(&spec->base, digest);
    if (grant->spec_digest.len != sizeof(digest) ||
        sodium_memcmp(grant->spec_digest.data, digest, sizeof(digest)) != 0)
        return err_set(err, EPERM, "job %u: the grant was made for another job spec",
                       grant->job_id);
    return 0;
}
