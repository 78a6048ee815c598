/* SPDX-License-Identifier: Apache-2.0
 *
 * test_usage.c - usage grows while jobs run, fades, and survives a restart
 */
#include "fixture.h"

#define DAY 86400

static double used(const struct assoc *a, const char *account, const char *user,
                   int64_t now)
{
    struct assoc_usage usage;
    assoc_usage_of(a, assoc_find(a, account, user, NULL), now, &usage);
    return usage.amount[TRES_CORES];
}

static struct assoc *fading_table(int64_t half_life)
{
    struct assoc_options options = assoc_options_default;
    options.half_life = half_life;
    struct assoc *a = assoc_create(&options, NOW);
    add_account(a, "physics", NULL);
    add_user(a, "alice", "physics");
    add_user(a, "bob", "physics");
    return a;
}

static void a_running_job_is_charged_as_it_runs(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    struct assoc_handle h = resolve(a, "dora", NULL);
    struct assoc_usage usage;
    start(a, &h, 4, 600, NOW);
    assert_close(used(a, "biology", "dora", NOW + 100), 400);
    assert_close(used(a, "chemistry", NULL, NOW + 100), 400);
    assoc_settled(a, h.leaf, NOW + 100, &usage);
    assert_close(usage.amount[TRES_CORES], 0);
    end(a, &h, 4, 600, NOW, NOW + 150);
    assert_close(used(a, "root", NULL, NOW + 900), 600);
    assoc_usage_of(a, h.leaf, NOW + 900, &usage);
    assert_close(usage.amount[TRES_MEM], 4 * 1024 * 150);
    assert_close(usage.amount[TRES_NODES], 150);
    assert_close(usage.amount[TRES_N], 150);
    assoc_settled(a, h.leaf, NOW + 900, &usage);
    assert_close(usage.amount[TRES_CORES], 600);
    assoc_destroy(a);
}

static void half_is_left_after_a_half_life(void **state)
{
    (void)state;
    struct assoc *a = fading_table(7 * DAY);
    use(a, "alice", 1 << 20, NOW + 1);
    double before = used(a, "physics", NULL, NOW + 1);
    assert_close(used(a, "physics", NULL, NOW + 1 + 7 * DAY), before / 2);
    assert_close(used(a, "physics", NULL, NOW + 1 + 14 * DAY), before / 4);
    assoc_destroy(a);
}

static void fading_twice_is_fading_once(void **state)
{
    (void)state;
    for (int64_t split = 0; split <= 40 * DAY; split += 4 * DAY) {
        struct assoc *once = fading_table(DAY), *twice = fading_table(DAY);
        use(once, "alice", 1000000, NOW + 1);
        use(twice, "alice", 1000000, NOW + 1);
        assoc_refresh(twice, NOW + 1 + split);
        assoc_refresh(twice, NOW + 1 + 40 * DAY);
        assert_close(used(twice, "physics", NULL, NOW + 1 + 40 * DAY),
                     used(once, "physics", NULL, NOW + 1 + 40 * DAY));
        assoc_destroy(once);
        assoc_destroy(twice);
    }
}

static void a_steady_job_reaches_the_level_that_fading_allows(void **state)
{
    (void)state;
    struct assoc *a = fading_table(DAY);
    struct assoc_handle h = resolve(a, "alice", NULL);
    start(a, &h, 10, TIME_UNLIMITED, NOW);
    /* du/dt = 10 - u ln2/H, so u rises to 10 H/ln2; many moves of the origin. */
    for (int64_t day = 1; day <= 400; day++)
        assoc_refresh(a, NOW + day * DAY);
    assert_close(used(a, "physics", NULL, NOW + 400 * DAY), 10 * DAY / M_LN2);
    assoc_check_invariants(a);
    end(a, &h, 10, TIME_UNLIMITED, NOW, NOW + 400 * DAY);
    assert_close(used(a, "physics", "alice", NOW + 400 * DAY), 10 * DAY / M_LN2);
    struct assoc_usage settled;
    assoc_settled(a, h.leaf, NOW + 400 * DAY, &settled);
    assert_close(settled.amount[TRES_CORES], 10 * DAY / M_LN2);
    assoc_destroy(a);
}

static void a_factor_of_the_qos_weighs_usage_not_limits(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    struct qos cheap = {.name = "cheap", .usage_factor = 0.25};
    assoc_qos_set(a, &cheap, NULL, NULL);
    struct assoc_handle h = resolve(a, "alice", "cheap");
    struct assoc_share share;
    start(a, &h, 8, 600, NOW);
    assoc_refresh(a, NOW + 100);
    assoc_share_of(a, h.leaf, &share);
    assert_close(share.usage, 200);
    assert_int_equal(share.in_use.cores, 8);
    end(a, &h, 8, 600, NOW, NOW + 100);
    struct assoc_usage usage;
    assoc_qos_usage_of(a, h.qos, NOW + 100, &usage);
    assert_close(usage.amount[TRES_CORES], 200);
    assoc_destroy(a);
}

static void what_is_kept_gives_the_same_after_a_restart(void **state)
{
    (void)state;
    struct assoc *a = fading_table(3 * DAY), *b = fading_table(3 * DAY);
    struct assoc_handle alice = resolve(a, "alice", NULL);
    struct assoc_usage kept, qos_kept;
    use(a, "alice", 123456, NOW + 5);
    start(a, &alice, 16, 2 * DAY, NOW + 100);
    assoc_settled(a, alice.leaf, NOW + 200, &kept);
    assoc_qos_settled(a, QOS_NORMAL, NOW + 200, &qos_kept);

    struct assoc_handle again = resolve(b, "alice", NULL);
    struct tres t = cores(16);
    assoc_set_settled(b, again.leaf, &kept, NOW + DAY);
    assoc_qos_set_settled(b, QOS_NORMAL, &qos_kept, NOW + DAY);
    assoc_started(b, &again, &t, 2 * DAY, NOW + 100, NOW + DAY);
    assoc_check_invariants(b);
    assert_close(used(b, "physics", NULL, NOW + DAY),
                 used(a, "physics", NULL, NOW + DAY));
    end(a, &alice, 16, 2 * DAY, NOW + 100, NOW + 2 * DAY);
    end(b, &again, 16, 2 * DAY, NOW + 100, NOW + 2 * DAY);
    assert_close(used(b, "physics", "alice", NOW + 9 * DAY),
                 used(a, "physics", "alice", NOW + 9 * DAY));
    struct assoc_usage qa, qb;
    assoc_qos_usage_of(a, QOS_NORMAL, NOW + 9 * DAY, &qa);
    assoc_qos_usage_of(b, QOS_NORMAL, NOW + 9 * DAY, &qb);
    assert_close(qb.amount[TRES_CORES], qa.amount[TRES_CORES]);
    assoc_destroy(a);
    assoc_destroy(b);
}

static void what_ended_is_named_once_to_be_saved(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    bool is_qos, seen[2] = {false, false};
    uint32_t index, n = 0;
    assert_false(assoc_next_unsaved(a, &is_qos, &index));
    use(a, "alice", 10, NOW + 1);
    use(a, "alice", 20, NOW + 2);
    while (assoc_next_unsaved(a, &is_qos, &index)) {
        assert_int_equal(index,
                         is_qos ? QOS_NORMAL : assoc_find(a, "physics", "alice", NULL));
        seen[is_qos] = true;
        n++;
    }
    assert_true(seen[0] && seen[1]);
    assert_int_equal(n, 2);
    /* A removed user's usage is the account's now. */
    assert_int_equal(assoc_remove(a, assoc_find(a, "physics", "alice", NULL), NULL), 0);
    assert_true(assoc_next_unsaved(a, &is_qos, &index));
    assert_false(is_qos);
    assert_int_equal(index, assoc_find(a, "physics", NULL, NULL));
    assert_false(assoc_next_unsaved(a, &is_qos, &index));
    assoc_destroy(a);
}

static void usage_comes_back_to_members_nobody_added(void **state)
{
    (void)state;
    struct assoc *a = table_without_fading();
    struct assoc_usage usage = {.stamp = NOW, .amount = {[TRES_CORES] = 77}};
    assert_true(assoc_restore_usage(a, "root", "eve", NULL, &usage, NOW));
    assert_false(assoc_restore_usage(a, "gone", "eve", NULL, &usage, NOW));
    assert_close(used(a, "root", "eve", NOW), 77);
    assert_close(used(a, "root", NULL, NOW), 77);
    assoc_destroy(a);
}

static void usage_that_was_reset_stays_so_over_a_restart(void **state)
{
    (void)state;
    struct assoc *a = small_table(), *b = small_table();
    struct assoc_handle h = resolve(a, "dora", NULL), again = resolve(b, "dora", NULL);
    struct assoc_usage kept;
    struct tres t = cores(4);
    use(a, "carol", 500, NOW + 1);
    start(a, &h, 4, 6000, NOW);
    assoc_reset_usage(a, assoc_find(a, "chemistry", NULL, NULL), NOW + 100);
    assoc_check_invariants(a);
    assert_close(used(a, "chemistry", NULL, NOW + 100), 0);
    assert_close(used(a, "root", NULL, NOW + 100), 0);
    assoc_settled(a, h.leaf, NOW + 100, &kept);
    assoc_set_settled(b, again.leaf, &kept, NOW + 150);
    assoc_started(b, &again, &t, 6000, NOW, NOW + 150);
    end(a, &h, 4, 6000, NOW, NOW + 200);
    end(b, &again, 4, 6000, NOW, NOW + 200);
    assert_close(used(a, "chemistry", NULL, NOW + 200), 400);
    assert_close(used(b, "chemistry", NULL, NOW + 200), 400);
    assoc_destroy(a);
    assoc_destroy(b);
}

static void another_half_life_counts_from_then_on(void **state)
{
    (void)state;
    struct assoc *a = fading_table(DAY);
    struct assoc_options options = assoc_options_default;
    use(a, "alice", 1000, NOW + 1);
    options.half_life = 0;
    assoc_set_options(a, &options, NOW + 1 + DAY);
    assert_close(used(a, "physics", NULL, NOW + 1 + 50 * DAY),
                 used(a, "physics", NULL, NOW + 1 + DAY));
    options.half_life = 2 * DAY;
    double before = used(a, "physics", NULL, NOW + 1 + DAY);
    assoc_set_options(a, &options, NOW + 1 + 3 * DAY);
    assert_close(used(a, "physics", NULL, NOW + 1 + 5 * DAY), before / 2);
    assoc_destroy(a);
}

static void a_clock_set_back_stands_still(void **state)
{
    (void)state;
    struct assoc *a = small_table();
    struct assoc_handle h = resolve(a, "alice", NULL);
    start(a, &h, 2, 600, NOW + 100);
    assoc_refresh(a, NOW + 50);
    end(a, &h, 2, 600, NOW + 100, NOW + 90);
    assert_close(used(a, "physics", NULL, NOW + 200), 0);
    assoc_check_invariants(a);
    assoc_destroy(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_running_job_is_charged_as_it_runs),
        cmocka_unit_test(half_is_left_after_a_half_life),
        cmocka_unit_test(fading_twice_is_fading_once),
        cmocka_unit_test(a_steady_job_reaches_the_level_that_fading_allows),
        cmocka_unit_test(a_factor_of_the_qos_weighs_usage_not_limits),
        cmocka_unit_test(what_is_kept_gives_the_same_after_a_restart),
        cmocka_unit_test(what_ended_is_named_once_to_be_saved),
        cmocka_unit_test(usage_comes_back_to_members_nobody_added),
        cmocka_unit_test(usage_that_was_reset_stays_so_over_a_restart),
        cmocka_unit_test(another_half_life_counts_from_then_on),
        cmocka_unit_test(a_clock_set_back_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
