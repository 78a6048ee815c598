/* SPDX-License-Identifier: Apache-2.0
 *
 * test_grant.c - a grant is believed only as the controller signed it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/grant.h"
#include "wire/pack.h"

static uint8_t public_key[GRANT_PUBLIC_KEY_BYTES], secret_key[GRANT_SECRET_KEY_BYTES];

static Berth__SignedGrant *sign(const Berth__JobSpec *spec)
{
    Berth__NodeShare shares[2] = {BERTH__NODE_SHARE__INIT, BERTH__NODE_SHARE__INIT};
    Berth__NodeShare *list[] = {&shares[0], &shares[1]};
    Berth__Placement placement = BERTH__PLACEMENT__INIT;
    Berth__Grant grant = BERTH__GRANT__INIT;
    char n1[] = "n1", n2[] = "n2";
    uint8_t digest[32];

    shares[0].node = n1;
    shares[1].node = n2;
    placement.shares = list;
    placement.n_shares = 2;
    grant.job_id = 17;
    grant.expires_at = 1000;
    grant.placement = &placement;
    digest_message(&spec->base, digest);
    grant.spec_digest.data = digest;
    grant.spec_digest.len = sizeof(digest);
    return grant_sign(&grant, secret_key);
}

static int setup(void **state)
{
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;

    grant_keypair(public_key, secret_key);
    *state = sign(&spec);
    return 0;
}

static int teardown(void **state)
{
    free_message(*state);
    return 0;
}

static int verify(void **state, const char *node, int64_t now, struct err *err)
{
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    uint32_t index = 99;
    int rc = grant_verify(*state, public_key, node, now, &grant, &index, err);

    if (rc == 0)
        assert_int_equal(index, node[1] - '1');
    return rc;
}

static void a_signed_grant_is_good_for_its_nodes_until_it_expires(void **state)
{
    struct err err;

    assert_int_equal(verify(state, "n1", 1000, &err), 0);
    assert_int_equal(verify(state, "n2", 0, &err), 0);
    assert_int_equal(verify(state, "n1", 1001, &err), -ETIME);
    assert_string_equal(err.text, "job 17: the grant expired 1 s ago");
    assert_int_equal(verify(state, "n3", 0, &err), -EXDEV);
    assert_string_equal(err.text, "job 17: the grant is not for node n3");
}

static void a_changed_grant_is_refused(void **state)
{
    Berth__SignedGrant *sgn = *state;

    for (size_t i = 0; i < sgn->grant.len; i++) {
        sgn->grant.data[i] ^= 4;
        assert_int_equal(verify(state, "n1", 0, NULL), -EPERM);
        sgn->grant.data[i] ^= 4;
    }
    sgn->signature.len--;
    assert_int_equal(verify(state, "n1", 0, NULL), -EPERM);
    sgn->signature.len++;
    assert_int_equal(verify(state, "n1", 0, NULL), 0);
}

static void another_controllers_grant_is_refused(void **state)
{
    struct err err;

    grant_keypair(public_key, secret_key);
    assert_int_equal(verify(state, "n1", 0, &err), -EPERM);
    assert_non_null(strstr(err.text, "not signed by this cluster's controller"));
}

static void a_grant_is_for_its_own_spec_only(void **state)
{
    Berth__JobSpec spec = BERTH__JOB_SPEC__INIT;
    cleanup(free_messagep) Berth__Grant *grant = NULL;
    uint32_t index;

    assert_int_equal(grant_verify(*state, public_key, "n1", 0, &grant, &index, NULL),
                     0);
    assert_int_equal(grant_check_spec(grant, &spec, NULL), 0);
    spec.nodes_min = 1;
    assert_int_equal(grant_check_spec(grant, &spec, NULL), -EPERM);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_signed_grant_is_good_for_its_nodes_until_it_expires),
        T(a_changed_grant_is_refused),
        T(another_controllers_grant_is_refused),
        T(a_grant_is_for_its_own_spec_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
