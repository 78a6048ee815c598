/* SPDX-License-Identifier: Apache-2.0
 *
 * test_node_labels.c - selectors, tolerations and preferences over six nodes
 */
#include "place_text.h"

#include <errno.h>

static int setup(void **state)
{
    static const char *const texts[N_NODES] = {"zone=a,cores=8",  "zone=a,cores=16",
                                               "zone=b,cores=-1", "zone=b,quiet",
                                               "cores=many",      "zone=c"};
    struct node_labels *labels = node_labels_create(node_names, N_NODES);

    for (uint32_t i = 0; i < N_NODES; i++)
        assert_int_equal(node_labels_read(labels, i, texts[i], NULL), 0);
    assert_int_equal(node_taints_read(labels, 1, "dedicated=bio:NoSchedule", NULL), 0);
    assert_int_equal(node_taints_read(labels, 2, "slow:PreferNoSchedule", NULL), 0);
    *state = labels;
    return 0;
}

static int teardown(void **state)
{
    node_labels_destroy(*state);
    return 0;
}

static void assert_selects(void *labels, Berth__PodPlace *place, const char *expected)
{
    cleanup(bitset_destroyp) struct bitset *set = bitset_create(N_NODES);

    node_select(labels, place, set);
    assert_nodes(set, expected);
    place_free(place);
}

static Berth__PodPlace *tolerant(const char *key, const char *value, const char *effect)
{
    Berth__PodPlace *place = place_new();
    Berth__PodToleration *t = xmalloc(sizeof(*t));

    berth__pod_toleration__init(t);
    t->key = xstrdup(key);
    t->value = xstrdup(value ? value : "");
    t->any_value = value == NULL;
    t->effect = xstrdup(effect);
    ADD(place->tolerations, place->n_tolerations, t);
    return place;
}

static Berth__PodPlace *with_terms(const char *first, const char *second)
{
    Berth__PodPlace *place = tolerant("", NULL, "");

    add_term(place, 0, first);
    if (second)
        add_term(place, 0, second);
    return place;
}

static void each_operator_is_as_the_api_has_it(void **state)
{
    assert_selects(*state, with_terms("zone In a c", NULL), "0-1,5");
    assert_selects(*state, with_terms("zone NotIn a b", NULL), "4-5");
    assert_selects(*state, with_terms("quiet Exists", NULL), "3");
    assert_selects(*state, with_terms("zone DoesNotExist", NULL), "4");
    assert_selects(*state, with_terms("cores Gt 8", NULL), "1");
    assert_selects(*state, with_terms("cores Lt 8", NULL), "2");
    assert_selects(*state, with_terms("kubernetes.io/hostname In n4 n9", NULL), "4");
    assert_selects(*state, with_terms("kubernetes.io/hostname NotIn n4", NULL),
                   "0-3,5");
    assert_selects(*state, with_terms("nothing NotIn a", NULL), "0-5");
    assert_selects(*state, with_terms("zone Like a", NULL), "");
}

static void conditions_of_a_term_all_hold_and_one_term_is_enough(void **state)
{
    assert_selects(*state, with_terms("zone In b, quiet Exists", NULL), "3");
    assert_selects(*state, with_terms("zone In c", "cores In many"), "4-5");
    assert_selects(*state, with_terms("", NULL), "");
}

static void taints_keep_away_who_does_not_tolerate_them(void **state)
{
    assert_selects(*state, place_new(), "0,2-5");
    assert_selects(*state, tolerant("dedicated", "bio", "NoSchedule"), "0-5");
    assert_selects(*state, tolerant("dedicated", "bio", ""), "0-5");
    assert_selects(*state, tolerant("dedicated", NULL, ""), "0-5");
    assert_selects(*state, tolerant("", NULL, ""), "0-5");
    assert_selects(*state, tolerant("dedicated", "math", ""), "0,2-5");
    assert_selects(*state, tolerant("dedicated", "bio", "NoExecute"), "0,2-5");
    assert_selects(*state, tolerant("slow", NULL, ""), "0,2-5");
}

static void assert_why(void *labels, Berth__PodPlace *place, const char *expected)
{
    struct err err = {0};

    assert_int_equal(node_select_why(labels, place, &err), -EINVAL);
    assert_string_equal(err.text, expected);
    place_free(place);
}

static void what_nobody_meets_is_named_with_the_nearest_label(void **state)
{
    Berth__PodPlace *bio = place_new();

    assert_why(*state, with_terms("zome In a", NULL),
               "no node has the label 'zome'; did you mean 'zone'?");
    assert_why(*state, with_terms("speed Exists", NULL),
               "no node has the label 'speed'");
    assert_why(*state, with_terms("cores In manny", NULL),
               "no node has 'cores' In 'manny'; did you mean 'many'?");
    assert_why(*state, with_terms("kubernetes.io/hostname In n55", NULL),
               "no node has 'kubernetes.io/hostname' In 'n55'; did you mean 'n5'?");
    assert_why(*state, with_terms("zone In a, quiet Exists", NULL),
               "no node meets all conditions of one term");
    add_term(bio, 0, "cores In 16");
    assert_why(*state, bio,
               "the nodes that fit have taints that it does not tolerate: "
               "dedicated=bio:NoSchedule");
}

static void levels_follow_weights_and_soft_taints(void **state)
{
    Berth__PodPlace *place = place_new();
    struct node_level *levels;
    size_t n;

    add_term(place, 30, "zone In a");
    add_term(place, 20, "cores In 16");
    n = node_levels(*state, place, &levels);
    assert_int_equal(n, 4);
    assert_nodes(levels[0].nodes, "1");
    assert_nodes(levels[1].nodes, "0");
    assert_nodes(levels[2].nodes, "3-5");
    assert_nodes(levels[3].nodes, "2");
    assert_int_equal(levels[1].lacks, 20);
    assert_int_equal(levels[2].lacks, 50);
    assert_int_equal(levels[3].lacks, 150);
    node_levels_free(levels, n);
    place_free(place);
    place = tolerant("slow", NULL, "PreferNoSchedule");
    assert_int_equal(node_levels(*state, place, &levels), 0);
    place_free(place);
}

static void texts_that_are_wrong_are_refused_with_words(void **state)
{
    struct err err = {0};

    assert_int_equal(node_taints_read(*state, 0, "a=b", &err), -EINVAL);
    assert_string_equal(err.text, "taints: 'a=b' is not KEY=VALUE:EFFECT");
    assert_int_equal(node_taints_read(*state, 0, "a=b:NoSchedul", &err), -EINVAL);
    assert_string_equal(err.text,
                        "taints: 'a=b:NoSchedul' has no effect that is known; "
                        "did you mean 'NoSchedule'?");
    assert_int_equal(node_labels_read(*state, 0, "=b", &err), -EINVAL);
}

static void a_node_shows_its_labels_and_taints(void **state)
{
    cleanup(strv_freep) char **labels = node_labels_list(*state, 1);
    cleanup(strv_freep) char **taints = node_taints_list(*state, 1);

    assert_string_equal(labels[0], "kubernetes.io/hostname=n1");
    assert_string_equal(labels[1], "zone=a");
    assert_string_equal(labels[2], "cores=16");
    assert_null(labels[3]);
    assert_string_equal(taints[0], "dedicated=bio:NoSchedule");
}

static void a_passing_taint_bars_nodes_and_refuses_none(void **state)
{
    cleanup(bitset_destroyp) struct bitset *barred = bitset_create(N_NODES);
    Berth__PodPlace *any = place_new(), *bio = tolerant("maintenance", NULL, "");
    struct err err = {0};

    assert_false(node_select_barred(*state, any, barred));
    assert_int_equal(node_taint_set(*state, 4, "maintenance:NoExecute", true, &err), 0);
    assert_int_equal(node_taint_set(*state, 5, "maintenance:NoSchedule", true, &err),
                     0);
    assert_int_equal(node_taint_set(*state, 3, "soft:PreferNoSchedule", true, &err), 0);
    assert_int_equal(node_taint_set(*state, 4, "maintenance:NoExecute", true, &err),
                     -EEXIST);
    assert_int_equal(node_taint_set(*state, 4, "=x:NoExecute", true, &err), -EINVAL);
    assert_true(node_select_barred(*state, any, barred));
    assert_nodes(barred, "4-5");
    assert_false(node_select_barred(*state, bio, barred));
    place_free(bio);
    assert_int_equal(node_taint_set(*state, 4, "maintenance:NoExecute", false, &err),
                     0);
    assert_int_equal(node_taint_set(*state, 4, "maintenance:NoExecute", false, &err),
                     -ENOENT);
    assert_string_equal(err.text, "node n4 has no taint maintenance:NoExecute");
    assert_true(node_select_barred(*state, any, barred));
    assert_nodes(barred, "5");
    /* Nodes that it could ever use are as before. */
    assert_selects(*state, any, "0,2-5");
}

static void a_stay_is_that_of_the_first_toleration_that_fits(void **state)
{
    static const struct {
        const char *key, *value, *effect;
        int64_t seconds; /* as stored: + 1 */
        int64_t stay;
    } rows[] = {
        {"down", NULL, "NoExecute", 0, STAYS_FOR_EVER},
        {"down", NULL, "NoExecute", 31, 30},
        {"down", NULL, "NoExecute", 1, 0},
        {"down", NULL, "", 0, STAYS_FOR_EVER},
        {"", NULL, "", 0, STAYS_FOR_EVER},
        {"down", "hard", "NoExecute", 6, 5},
        {"down", "soft", "NoExecute", 6, 0},
        {"down", NULL, "NoSchedule", 0, 0},
        {"up", NULL, "NoExecute", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Berth__PodPlace *place = tolerant(rows[i].key, rows[i].value, rows[i].effect);

        place->tolerations[0]->seconds = rows[i].seconds;
        if (taint_stay(place, "down", "hard", "NoExecute") != rows[i].stay)
            fail_msg("row %zu", i);
        place_free(place);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_operator_is_as_the_api_has_it),
        TEST(conditions_of_a_term_all_hold_and_one_term_is_enough),
        TEST(taints_keep_away_who_does_not_tolerate_them),
        TEST(what_nobody_meets_is_named_with_the_nearest_label),
        TEST(levels_follow_weights_and_soft_taints),
        TEST(texts_that_are_wrong_are_refused_with_words),
        TEST(a_passing_taint_bars_nodes_and_refuses_none),
        TEST(a_stay_is_that_of_the_first_toleration_that_fits),
        TEST(a_node_shows_its_labels_and_taints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
