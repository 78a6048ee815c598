/* SPDX-License-Identifier: Apache-2.0
 *
 * test_tree.c - accounts and users: added, moved, removed, refused with words
 */
#include "fixture.h"

static int setup(void **state)
{
    *state = small_table();
    return 0;
}

static int teardown(void **state)
{
    assoc_check_invariants(*state);
    assoc_destroy(*state);
    return 0;
}

static void what_was_added_is_found(void **state)
{
    struct assoc *a = *state;
    struct assoc_object object;
    assert_true(assoc_get(a, assoc_find(a, "biology", "dora", NULL), &object));
    assert_string_equal(object.account, "biology");
    assert_string_equal(object.user, "dora");
    assert_int_equal(object.shares, 1);
    assert_int_equal(object.parent, assoc_find(a, "biology", NULL, NULL));
    assert_int_equal(assoc_find(a, "biology", "alice", NULL), ASSOC_NONE);
    assert_false(assoc_get(a, assoc_count(a), &object));
}

static void assert_refused(int rc, int code, const struct err *err, const char *words)
{
    assert_int_equal(rc, -code);
    assert_string_equal(err->text, words);
}

static void mistakes_are_refused_with_words(void **state)
{
    struct assoc *a = *state;
    struct err err;
    assert_refused(assoc_add_account(a, "physics", NULL, NULL, &err), EEXIST, &err,
                   "account physics is there already");
    assert_refused(assoc_add_account(a, "x", "phisics", NULL, &err), ENOENT, &err,
                   "there is no account 'phisics' (did you mean physics?)");
    assert_refused(assoc_add_user(a, "bob", "physics", NULL, NULL, &err), EEXIST, &err,
                   "user bob is in account physics already");
    assert_refused(assoc_add_account(a, "a b", NULL, NULL, &err), EINVAL, &err,
                   "account 'a b': a name has letters, digits and _ . @ + -, and "
                   "begins with a letter, a digit or _");
    assert_refused(assoc_remove(a, ASSOC_ROOT, &err), EINVAL, &err,
                   "account root cannot be removed");
    assert_refused(assoc_remove(a, assoc_find(a, "biology", NULL, NULL), &err), EBUSY,
                   &err, "account biology has user dora: remove that first");
}

static void nesting_is_bounded(void **state)
{
    struct assoc *a = *state;
    char name[16], above[16] = "root";
    int rc = 0, depth;
    for (depth = 0; rc == 0; depth++) {
        snprintf(name, sizeof name, "deep%d", depth);
        rc = assoc_add_account(a, name, above, NULL, NULL);
        memcpy(above, name, sizeof above);
    }
    assert_int_equal(rc, -EINVAL);
    assert_true(depth > 20);
    assert_int_equal(
        assoc_move(a, assoc_find(a, "chemistry", NULL, NULL), "deep28", NOW, NULL),
        -EINVAL);
}

static void one_with_jobs_stays(void **state)
{
    struct assoc *a = *state;
    struct assoc_handle h = resolve(a, "dora", NULL);
    struct err err;
    assoc_submitted(a, &h, 2);
    assert_refused(assoc_remove(a, h.leaf, &err), EBUSY, &err,
                   "user dora has 2 jobs that wait or run");
    assoc_unsubmitted(a, &h, 2);
    assert_int_equal(assoc_remove(a, h.leaf, NULL), 0);
    assert_int_equal(assoc_remove(a, assoc_find(a, "biology", NULL, NULL), NULL), 0);
    assert_int_equal(assoc_find(a, "biology", NULL, NULL), ASSOC_NONE);
}

static void past_usage_stays_with_the_account(void **state)
{
    struct assoc *a = *state;
    struct assoc_usage usage;
    uint32_t physics = assoc_find(a, "physics", NULL, NULL);
    use(a, "bob", 500, NOW + 1);
    assert_int_equal(assoc_remove(a, assoc_find(a, "physics", "bob", NULL), NULL), 0);
    assoc_check_invariants(a);
    assoc_usage_of(a, physics, NOW + 1, &usage);
    assert_close(usage.amount[TRES_CORES], 500);
    assoc_settled(a, physics, NOW + 1, &usage);
    assert_close(usage.amount[TRES_CORES], 500);
}

static void an_account_moves_with_what_it_holds_and_used(void **state)
{
    struct assoc *a = *state;
    struct assoc_handle h = resolve(a, "dora", NULL);
    struct assoc_usage usage;
    uint32_t biology = assoc_find(a, "biology", NULL, NULL);
    use(a, "dora", 300, NOW);
    start(a, &h, 4, 600, NOW);
    assert_int_equal(assoc_move(a, biology, "physics", NOW + 10, NULL), 0);
    assoc_check_invariants(a);
    assoc_usage_of(a, assoc_find(a, "physics", NULL, NULL), NOW + 20, &usage);
    assert_close(usage.amount[TRES_CORES], 300 + 4 * 20);
    assoc_usage_of(a, assoc_find(a, "chemistry", NULL, NULL), NOW + 20, &usage);
    assert_close(usage.amount[TRES_CORES], 0);
    end(a, &h, 4, 600, NOW, NOW + 20);
    struct err err;
    assert_refused(
        assoc_move(a, assoc_find(a, "physics", NULL, NULL), "biology", NOW, &err),
        ELOOP, &err, "account physics: biology is below it, or it itself");
}

static void the_first_account_is_the_default_until_another_is_chosen(void **state)
{
    struct assoc *a = *state;
    assert_string_equal(assoc_default_account(a, "alice"), "physics");
    add_user(a, "alice", "biology");
    assert_string_equal(assoc_default_account(a, "alice"), "physics");
    assert_int_equal(assoc_set_default_account(a, "alice", "biology", NULL), 0);
    assert_string_equal(assoc_default_account(a, "alice"), "biology");
    assert_int_equal(assoc_set_default_account(a, "alice", "chemistry", NULL), -ENOENT);
    assert_int_equal(assoc_remove(a, assoc_find(a, "biology", "alice", NULL), NULL), 0);
    assert_string_equal(assoc_default_account(a, "alice"), "physics");
    assert_int_equal(assoc_remove(a, assoc_find(a, "physics", "alice", NULL), NULL), 0);
    assert_null(assoc_default_account(a, "alice"));
    assert_null(assoc_default_account(a, "nobody"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_added_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_refused_with_words, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nesting_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(one_with_jobs_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(past_usage_stays_with_the_account, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_account_moves_with_what_it_holds_and_used,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            the_first_account_is_the_default_until_another_is_chosen, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
