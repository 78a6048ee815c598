/* SPDX-License-Identifier: Apache-2.0
 *
 * test_resolve.c - who may use which account and QOS
 */
#include "fixture.h"

static int setup(void **state)
{
    struct assoc *a = *state = small_table();
    struct qos qos = {.name = "high", .priority = 10, .usage_factor = 2};
    assoc_qos_set(a, &qos, NULL, NULL);
    struct qos low = {.name = "low", .usage_factor = 0.5};
    assoc_qos_set(a, &low, NULL, NULL);
    return 0;
}

static int teardown(void **state)
{
    assoc_destroy(*state);
    return 0;
}

static void assert_refused(struct assoc *a, struct assoc_who who, int code,
                           const char *words)
{
    struct assoc_handle h;
    struct err err;
    assert_int_equal(assoc_resolve(a, &who, &h, &err), -code);
    assert_string_equal(err.text, words);
}

static struct assoc_object found(struct assoc *a, struct assoc_who who)
{
    struct assoc_handle h;
    struct assoc_object object;
    struct err err;
    if (assoc_resolve(a, &who, &h, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(assoc_get(a, h.leaf, &object));
    return object;
}

static void without_accounts_everybody_is_in_root(void **state)
{
    (void)state;
    struct assoc *a = table_without_fading();
    struct assoc_object object =
        found(a, (struct assoc_who){.user = "eve", .account = "whatever"});
    assert_string_equal(object.account, "root");
    assert_string_equal(object.user, "eve");
    assert_true(object.implicit);
    assoc_destroy(a);
}

static void with_accounts_a_user_needs_one(void **state)
{
    assert_refused(*state, (struct assoc_who){.user = "eve"}, EACCES,
                   "user eve is in no account: an administrator can help with "
                   "'berth account add-user eve ACCOUNT'");
    assert_refused(*state, (struct assoc_who){.user = "alice", .account = "chemistry"},
                   EACCES,
                   "--account=chemistry: user alice is not in it (but in physics)");
    assert_refused(*state, (struct assoc_who){.user = "alice", .account = "phisics"},
                   EINVAL,
                   "--account=phisics: there is no account 'phisics' (did you mean "
                   "physics?)");
    assert_refused(*state, (struct assoc_who){.user = "eve", .account = "physics"},
                   EACCES, "--account=physics: user eve is in no account");
}

static void root_may_be_anywhere(void **state)
{
    struct assoc_object object = found(
        *state,
        (struct assoc_who){.user = "root", .account = "biology", .privileged = true});
    assert_string_equal(object.account, "biology");
    object = found(*state, (struct assoc_who){.user = "root", .privileged = true});
    assert_string_equal(object.account, "root");
}

static void a_member_of_root_is_not_one_any_more_once_there_are_accounts(void **state)
{
    (void)state;
    struct assoc *a = table_without_fading();
    resolve(a, "eve", NULL);
    add_account(a, "physics", NULL);
    assert_refused(a, (struct assoc_who){.user = "eve", .account = "root"}, EACCES,
                   "--account=root: user eve is in no account");
    add_user(a, "eve", "root");
    assert_string_equal(found(a, (struct assoc_who){.user = "eve"}).account, "root");
    assoc_destroy(a);
}

static void an_association_for_the_partition_goes_first(void **state)
{
    struct assoc *a = *state;
    assert_int_equal(assoc_add_user(a, "alice", "physics", "gpu", NULL, NULL), 0);
    assert_string_equal(
        found(a, (struct assoc_who){.user = "alice", .partition = "gpu"}).partition,
        "gpu");
    assert_null(
        found(a, (struct assoc_who){.user = "alice", .partition = "cpu"}).partition);
}

static void the_nearest_list_of_qos_decides(void **state)
{
    struct assoc *a = *state;
    const char *low = "low", *high = "high";
    uint32_t physics = assoc_find(a, "physics", NULL, NULL);
    assert_int_equal(assoc_set_qos(a, ASSOC_ROOT, &low, 1, NULL), 0);
    assert_refused(a, (struct assoc_who){.user = "alice", .qos = "high"}, EACCES,
                   "--qos=high: user alice may use low");
    assert_int_equal(assoc_set_qos(a, physics, &high, 1, NULL), 0);
    found(a, (struct assoc_who){.user = "alice", .qos = "high"});
    assert_refused(a, (struct assoc_who){.user = "carol", .qos = "hihg"}, EINVAL,
                   "--qos=hihg: there is no QOS 'hihg' (did you mean high?)");
    assert_int_equal(assoc_set_qos(a, physics, NULL, 0, NULL), 0);
    found(a, (struct assoc_who){.user = "alice", .qos = "low"});
}

static void the_default_qos_comes_from_the_nearest_above(void **state)
{
    struct assoc *a = *state;
    struct assoc_handle h = resolve(a, "dora", NULL);
    assert_int_equal(h.qos, QOS_NORMAL);
    uint32_t chemistry = assoc_find(a, "chemistry", NULL, NULL);
    assert_int_equal(assoc_set_default_qos(a, chemistry, "high", NULL), 0);
    h = resolve(a, "dora", NULL);
    assert_string_equal(assoc_qos(a, h.qos)->name, "high");
    assert_true(h.usage_factor == 2);
    assert_int_equal(assoc_set_default_qos(a, h.leaf, "low", NULL), 0);
    h = resolve(a, "dora", NULL);
    assert_string_equal(assoc_qos(a, h.qos)->name, "low");
}

static void the_partitions_qos_is_taken_unless_it_is_the_jobs(void **state)
{
    struct assoc *a = *state;
    struct assoc_who who = {.user = "dora", .partition_qos = "high"};
    struct assoc_handle h;
    assert_int_equal(assoc_resolve(a, &who, &h, NULL), 0);
    assert_string_equal(assoc_qos(a, h.part_qos)->name, "high");
    who.qos = "high";
    assert_int_equal(assoc_resolve(a, &who, &h, NULL), 0);
    assert_int_equal(h.part_qos, ASSOC_NONE);
}

static void qos_are_kept_while_something_refers_to_them(void **state)
{
    struct assoc *a = *state;
    struct err err;
    uint32_t low;
    assert_int_equal(assoc_qos_find(a, "low", &low, NULL), 0);
    struct qos high = *assoc_qos(a, 1);
    high.preempts = &low;
    high.n_preempts = 1;
    assert_int_equal(assoc_qos_set(a, &high, NULL, NULL), 0);
    assert_true(assoc_qos_preempts(a, 1, low));
    assert_false(assoc_qos_preempts(a, low, 1));
    assert_int_equal(assoc_qos_remove(a, "low", &err), -EBUSY);
    assert_string_equal(err.text, "QOS low is preempted by QOS high");
    assoc_set_default_qos(a, ASSOC_ROOT, "high", NULL);
    assert_int_equal(assoc_qos_remove(a, "high", &err), -EBUSY);
    assert_string_equal(err.text, "QOS high is used by account root");
    assoc_set_default_qos(a, ASSOC_ROOT, NULL, NULL);
    assert_int_equal(assoc_qos_remove(a, "high", NULL), 0);
    assert_int_equal(assoc_qos_remove(a, "low", NULL), 0);
    assert_int_equal(assoc_qos_remove(a, "normal", NULL), -EINVAL);
    assert_null(assoc_qos(a, low));
}

static void priority_is_relative_to_the_highest(void **state)
{
    struct assoc *a = *state;
    assert_close(assoc_qos_factor(a, 1), 1);
    assert_close(assoc_qos_factor(a, QOS_NORMAL), 0);
    struct qos top = {.name = "top", .priority = 40, .usage_factor = 1};
    assoc_qos_set(a, &top, NULL, NULL);
    assert_close(assoc_qos_factor(a, 1), 0.25);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_accounts_everybody_is_in_root),
        TEST(with_accounts_a_user_needs_one),
        TEST(root_may_be_anywhere),
        TEST(a_member_of_root_is_not_one_any_more_once_there_are_accounts),
        TEST(an_association_for_the_partition_goes_first),
        TEST(the_nearest_list_of_qos_decides),
        TEST(the_default_qos_comes_from_the_nearest_above),
        TEST(the_partitions_qos_is_taken_unless_it_is_the_jobs),
        TEST(qos_are_kept_while_something_refers_to_them),
        TEST(priority_is_relative_to_the_highest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
