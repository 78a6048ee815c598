/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fair.c - who goes first: fair tree and classic
 */
#include "fixture.h"

static void shares(struct assoc *a, const char *account, const char *user, uint32_t n)
{
    assoc_set_shares(a, assoc_find(a, account, user, NULL), n);
}

static void those_who_used_less_for_their_shares_go_first(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    /* physics has used 300 of 900 for 2 of 3 shares: its users go first, bob with
     * less usage before alice; then dora's account against carol. */
    shares(a, "physics", NULL, 2);
    use(a, "alice", 200, NOW + 1);
    use(a, "bob", 100, NOW + 1);
    use(a, "carol", 400, NOW + 1);
    use(a, "dora", 200, NOW + 1);
    assoc_refresh(a, NOW + 1);
    assert_close(factor(a, "bob"), 1);
    assert_close(factor(a, "alice"), 0.75);
    assert_close(factor(a, "dora"), 0.5);
    assert_close(factor(a, "carol"), 0.25);
    struct assoc_share share;
    assoc_share_of(a, assoc_find(a, "physics", NULL, NULL), &share);
    assert_close(share.norm_shares, 2.0 / 3);
    assert_close(share.norm_usage, 1.0 / 3);
    assert_close(share.level_fs, 2);
    assert_close(share.effective_usage, 1.0 / 3);
    assert_close(share.usage, 300);
    assoc_destroy(a);
}

static void all_of_a_better_account_go_before_all_of_a_worse(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    use(a, "alice", 100000, NOW + 1); /* much, but physics has most shares */
    use(a, "carol", 1, NOW + 1);
    shares(a, "physics", NULL, 1000000);
    assoc_refresh(a, NOW + 1);
    assert_true(factor(a, "alice") > factor(a, "carol"));
    assert_true(factor(a, "alice") > factor(a, "dora"));
    assoc_destroy(a);
}

static void users_that_tie_share_a_rank(void **state)
{
    (void)state;
    struct assoc *a = table_without_fading();
    add_account(a, "physics", NULL);
    add_user(a, "a", "physics");
    add_user(a, "b", "physics");
    add_user(a, "c", "physics");
    use(a, "c", 10, NOW + 1);
    assoc_refresh(a, NOW + 1);
    assert_close(factor(a, "a"), 1);
    assert_close(factor(a, "b"), 1);
    assert_close(factor(a, "c"), 1.0 / 3);
    assoc_destroy(a);
}

static void accounts_that_tie_are_walked_as_one(void **state)
{
    (void)state;
    struct assoc *a = table_without_fading();
    add_account(a, "x", NULL);
    add_account(a, "y", NULL);
    add_user(a, "x1", "x");
    add_user(a, "x2", "x");
    add_user(a, "y1", "y");
    add_user(a, "y2", "y");
    use(a, "x1", 10, NOW + 1);
    use(a, "x2", 90, NOW + 1);
    use(a, "y1", 40, NOW + 1);
    use(a, "y2", 60, NOW + 1);
    assoc_refresh(a, NOW + 1);
    assert_close(factor(a, "x1"), 1);
    assert_close(factor(a, "y1"), 0.75);
    assert_close(factor(a, "y2"), 0.5);
    assert_close(factor(a, "x2"), 0.25);
    assoc_destroy(a);
}

static void a_user_who_ties_with_an_account_ranks_with_its_first(void **state)
{
    (void)state;
    struct assoc *a = table_without_fading();
    add_account(a, "x", NULL);
    add_user(a, "x1", "x");
    add_user(a, "x2", "x");
    add_user(a, "solo", "root");
    use(a, "x1", 10, NOW + 1);
    use(a, "x2", 90, NOW + 1);
    use(a, "solo", 100, NOW + 1);
    assoc_refresh(a, NOW + 1);
    assert_close(factor(a, "solo"), 1);
    assert_close(factor(a, "x1"), 1);
    assert_close(factor(a, "x2"), 1.0 / 3);
    assoc_destroy(a);
}

static void no_shares_come_last(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    shares(a, "physics", "alice", 0);
    use(a, "bob", 1000, NOW + 1);
    assoc_refresh(a, NOW + 1);
    assert_true(factor(a, "bob") > factor(a, "alice"));
    assoc_destroy(a);
}

static void members_of_a_tree_of_one_rank_by_usage(void **state)
{
    (void)state;
    struct assoc *a = table_without_fading();
    use(a, "much", 100, NOW + 1);
    use(a, "little", 10, NOW + 1);
    assoc_refresh(a, NOW + 1);
    assert_close(factor(a, "little"), 1);
    assert_close(factor(a, "much"), 0.5);
    assert_close(factor(a, "new"), 1);
    assoc_destroy(a);
}

static void a_new_user_has_a_factor_at_once(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    use(a, "alice", 10, NOW + 1);
    assoc_refresh(a, NOW + 1);
    add_user(a, "erin", "physics");
    assert_close(factor(a, "erin"), 1);
    assoc_refresh(a, NOW + 1);
    assert_true(factor(a, "erin") > factor(a, "alice"));
    assoc_destroy(a);
}

static void fading_alone_changes_no_rank(void **state)
{
    (void)state;
    struct assoc *a = assoc_create(&assoc_options_default, NOW);
    add_account(a, "x", NULL);
    add_user(a, "x1", "x");
    add_user(a, "x2", "x");
    use(a, "x1", 10, NOW + 1);
    use(a, "x2", 11, NOW + 1);
    for (int64_t day = 0; day < 1000; day += 10) {
        assoc_refresh(a, NOW + 1 + day * 86400);
        assert_close(factor(a, "x1"), 1);
        assert_close(factor(a, "x2"), 0.5);
    }
    assoc_destroy(a);
}

/* Shares 40, 30 and 10, 10, 10 below the second... as in a worked example: S = 0.4,
 * U = 0.5 gives 2^(-1.25). */
static void classic_is_two_to_the_minus_usage_over_shares(void **state)
{
    (void)state;
    struct assoc_options options = assoc_options_default;
    options.form = FAIR_CLASSIC;
    options.half_life = 0;
    struct assoc *a = assoc_create(&options, NOW);
    add_account(a, "x", NULL);
    add_account(a, "y", NULL);
    shares(a, "x", NULL, 40);
    shares(a, "y", NULL, 60);
    add_user(a, "x1", "x");
    add_user(a, "y1", "y");
    add_user(a, "y2", "y");
    use(a, "x1", 50, NOW + 1);
    use(a, "y1", 50, NOW + 1);
    assoc_refresh(a, NOW + 1);
    assert_close(factor(a, "x1"), exp2(-0.5 / 0.4));
    /* y2 used nothing, but half of what its sibling used is charged to it:
     * 0 + (0.5 - 0) * 1/2, over shares of 0.6 * 1/2. */
    assert_close(factor(a, "y2"), exp2(-0.25 / 0.3));
    assert_close(factor(a, "y1"), exp2(-0.5 / 0.3));
    assoc_destroy(a);
}

static void weights_say_what_usage_is(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    struct assoc_options options = assoc_options_default;
    struct assoc_share share;
    options.half_life = 0;
    options.weight[TRES_CORES] = 1;
    options.weight[TRES_GPUS] = 10;
    assoc_set_options(a, &options, NOW);
    struct assoc_handle h = resolve(a, "alice", NULL);
    struct tres t = {.cores = 2, .gpus = 3};
    assoc_started(a, &h, &t, 600, NOW, NOW);
    assoc_refresh(a, NOW + 10);
    assoc_share_of(a, h.leaf, &share);
    assert_close(share.usage, 10 * (2 + 10 * 3));
    assoc_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_used_less_for_their_shares_go_first),
        cmocka_unit_test(all_of_a_better_account_go_before_all_of_a_worse),
        cmocka_unit_test(users_that_tie_share_a_rank),
        cmocka_unit_test(accounts_that_tie_are_walked_as_one),
        cmocka_unit_test(a_user_who_ties_with_an_account_ranks_with_its_first),
        cmocka_unit_test(no_shares_come_last),
        cmocka_unit_test(members_of_a_tree_of_one_rank_by_usage),
        cmocka_unit_test(a_new_user_has_a_factor_at_once),
        cmocka_unit_test(fading_alone_changes_no_rank),
        cmocka_unit_test(classic_is_two_to_the_minus_usage_over_shares),
        cmocka_unit_test(weights_say_what_usage_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
