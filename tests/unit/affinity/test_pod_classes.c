/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_classes.c - affinity, anti-affinity and spread over six nodes, three zones
 */
#include "place_text.h"

#include "affinity/pod_classes.h"

struct world {
    struct node_labels *labels;
    struct pod_classes *classes;
};

/* Zones a: n0 n1, b: n2 n3, c: n4; n5 is in none. */
static int setup(void **state)
{
    static struct world w;

    w.labels = node_labels_create(node_names, N_NODES);
    for (uint32_t i = 0; i < 5; i++)
        node_labels_set(w.labels, i, "zone", i < 2 ? "a" : i < 4 ? "b" : "c");
    w.classes = pod_classes_create(w.labels);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    pod_classes_destroy(w->classes);
    node_labels_destroy(w->labels);
    return 0;
}

static Berth__PodPlace *pod_of(const char *label)
{
    Berth__PodPlace *place = place_new();

    ADD(place->labels, place->n_labels, xstrdup(label));
    return place;
}

static Berth__PodPlace *with_relation(const char *label, const char *pods,
                                      const char *domain, bool is_apart)
{
    Berth__PodPlace *place = pod_of(label);
    Berth__PodRelation *relation = xmalloc(sizeof(*relation));

    berth__pod_relation__init(relation);
    relation->pods = rules_of(pods, &relation->n_pods);
    relation->domain = xstrdup(domain);
    relation->is_apart = is_apart;
    ADD(place->relations, place->n_relations, relation);
    return place;
}

static Berth__PodPlace *with_spread(const char *label, const char *domain,
                                    uint32_t max_skew, uint32_t min_domains)
{
    Berth__PodPlace *place = pod_of(label);
    Berth__PodSpread *spread = xmalloc(sizeof(*spread));

    berth__pod_spread__init(spread);
    spread->pods = rules_of("app In web", &spread->n_pods);
    spread->domain = xstrdup(domain);
    spread->max_skew = max_skew;
    spread->min_domains = min_domains;
    ADD(place->spreads, place->n_spreads, spread);
    return place;
}

static uint32_t class_of(struct world *w, Berth__PodPlace *place)
{
    uint32_t class = pod_classes_find(w->classes, place);

    assert_int_equal(pod_classes_find(w->classes, place), class);
    place_free(place);
    return class;
}

static void assert_may(struct world *w, uint32_t class, const char *expected)
{
    cleanup(bitset_destroyp) struct bitset *all = bitset_create(N_NODES);
    cleanup(bitset_destroyp) struct bitset *nodes = NULL;

    bitset_set_range(all, 0, N_NODES);
    nodes = bitset_dup(all);
    pod_classes_narrow(w->classes, class, all, nodes);
    assert_nodes(nodes, expected);
}

static void alike_pods_are_one_class(void **state)
{
    uint32_t web = class_of(*state, pod_of("app=web"));

    assert_int_equal(web, 1);
    assert_int_equal(class_of(*state, pod_of("app=db")), 2);
    assert_int_equal(class_of(*state, pod_of("app=web")), 1);
    assert_false(pod_class_depends(((struct world *)*state)->classes, web));
}

static void two_that_want_to_be_apart_are_on_two_nodes(void **state)
{
    struct world *w = *state;
    uint32_t web =
        class_of(w, with_relation("app=web", "app In web", LABEL_HOSTNAME, true));

    assert_true(pod_class_depends(w->classes, web));
    assert_may(w, web, "0-5");
    pod_classes_moved(w->classes, web, 2, 1);
    assert_may(w, web, "0-1,3-5");
    pod_classes_moved(w->classes, web, 2, -1);
    assert_may(w, web, "0-5");
}

static void who_wants_nobody_beside_it_keeps_later_ones_away(void **state)
{
    struct world *w = *state;
    uint32_t lone = class_of(w, with_relation("app=db", "app In web", "zone", true));
    uint32_t web = class_of(w, pod_of("app=web"));
    uint32_t other = class_of(w, pod_of("app=cron"));

    assert_may(w, web, "0-5");
    pod_classes_moved(w->classes, lone, 0, 1);
    assert_may(w, web, "2-5");
    assert_may(w, other, "0-5");
    pod_classes_moved(w->classes, lone, 0, -1);
    assert_may(w, web, "0-5");
}

static void who_wants_company_goes_where_it_is(void **state)
{
    struct world *w = *state;
    uint32_t db = class_of(w, pod_of("app=db"));
    uint32_t web = class_of(w, with_relation("app=web", "app In db", "zone", false));

    assert_may(w, web, "");
    pod_classes_moved(w->classes, db, 3, 1);
    assert_may(w, web, "2-3");
}

static void the_first_of_those_who_want_each_other_begins_anywhere(void **state)
{
    struct world *w = *state;
    uint32_t web = class_of(w, with_relation("app=web", "app In web", "zone", false));

    assert_may(w, web, "0-4");
    pod_classes_moved(w->classes, web, 4, 1);
    assert_may(w, web, "4");
}

static void other_namespaces_are_not_meant_unless_they_are_named(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *foreign = pod_of("app=web"), *wide;
    uint32_t own =
        class_of(w, with_relation("app=x", "app In web", LABEL_HOSTNAME, true));

    free(foreign->name_space);
    foreign->name_space = xstrdup("theirs");
    wide = with_relation("app=x", "app In web", LABEL_HOSTNAME, true);
    ADD(wide->relations[0]->name_spaces, wide->relations[0]->n_name_spaces,
        xstrdup("theirs"));
    pod_classes_moved(w->classes, class_of(w, foreign), 1, 1);
    assert_may(w, own, "0-5");
    assert_may(w, class_of(w, wide), "0,2-5");
}

static void spread_keeps_zones_within_the_skew(void **state)
{
    struct world *w = *state;
    uint32_t web = class_of(w, with_spread("app=web", "zone", 1, 0));

    assert_may(w, web, "0-4");
    pod_classes_moved(w->classes, web, 0, 1);
    assert_may(w, web, "2-4");
    pod_classes_moved(w->classes, web, 4, 1);
    assert_may(w, web, "2-3");
    pod_classes_moved(w->classes, web, 3, 1);
    assert_may(w, web, "0-4");
}

static void with_fewer_domains_than_asked_the_least_is_none(void **state)
{
    struct world *w = *state;
    uint32_t web = class_of(w, with_spread("app=web", "zone", 1, 4));

    for (uint32_t i = 0; i < 5; i += 2)
        pod_classes_moved(w->classes, web, i, 1);
    assert_may(w, web, "");
}

/* ------------------------------------------------------------------ how many */

static struct pod_class_counts counts_of(const struct world *w)
{
    return pod_classes_counts(w->classes);
}

static void what_nobody_keeps_is_forgotten(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *place = with_spread("app=web", "zone", 1, 0);
    uint32_t web = pod_classes_find(w->classes, place);

    assert_int_equal(counts_of(w).named, 1);
    pod_classes_keep(w->classes, web, 1);
    pod_classes_keep(w->classes, web, -1);
    assert_int_equal(counts_of(w).classes, 1);
    pod_classes_keep(w->classes, web, -1);
    assert_int_equal(counts_of(w).classes, 0);
    assert_int_equal(counts_of(w).crowds, 0);
    assert_int_equal(counts_of(w).named, 0);
    assert_int_equal(pod_classes_find(w->classes, place), web);
    pod_classes_keep(w->classes, web, -1);
    place_free(place);
}

static Berth__PodPlace *pod_of_job(uint32_t job)
{
    cleanup(freep) char *name = xasprintf("job-name=j%u", job);
    Berth__PodPlace *place = pod_of("app=web");

    ADD(place->labels, place->n_labels, xstrdup(name));
    return place;
}

/* Ten are there at a time; each runs for a while, and no selection names its Job. */
static void ten_thousand_jobs_leave_nothing_behind(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *spread = with_spread("app=web", "zone", 1, 0);
    uint32_t running[10] = {0}, web = pod_classes_find(w->classes, spread);

    for (uint32_t i = 0; i < 10000; i++) {
        Berth__PodPlace *place = pod_of_job(i);
        uint32_t *slot = &running[i % 10];

        if (*slot) {
            pod_classes_moved(w->classes, *slot, i % N_NODES, -1);
            pod_classes_keep(w->classes, *slot, -1);
        }
        *slot = pod_classes_find(w->classes, place);
        pod_classes_moved(w->classes, *slot, (i + 10) % N_NODES, 1);
        place_free(place);
        assert_in_range(counts_of(w).classes, 2, 11);
        assert_int_equal(counts_of(w).crowds, 1);
    }
    assert_int_equal(counts_of(w).numbers, 11);
    for (uint32_t i = 0; i < 10; i++) {
        pod_classes_moved(w->classes, running[i], (9990 + i + 10) % N_NODES, -1);
        pod_classes_keep(w->classes, running[i], -1);
    }
    assert_int_equal(counts_of(w).classes, 1);
    assert_may(w, web, "0-4");
    place_free(spread);
}

static void a_label_that_is_named_late_tells_apart_who_runs(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *from =
        with_relation("app=x", "job-name In j1", LABEL_HOSTNAME, true);
    uint32_t one = class_of(w, pod_of_job(1)), two = class_of(w, pod_of_job(2)), late;

    pod_classes_moved(w->classes, one, 1, 1);
    pod_classes_moved(w->classes, two, 2, 1);
    assert_int_equal(counts_of(w).crowds, 1);
    late = pod_classes_find(w->classes, from);
    assert_int_equal(counts_of(w).crowds, 3);
    assert_may(w, late, "0,2-5");
    pod_classes_moved(w->classes, one, 4, 1);
    assert_may(w, late, "0,2-3,5");
    pod_classes_keep(w->classes, late, -1);
    pod_classes_moved(w->classes, one, 1, -1);
    assert_int_equal(pod_classes_find(w->classes, from), late);
    assert_may(w, late, "0-3,5");
    place_free(from);
}

static void domains_that_no_node_has_are_not_remembered(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 100; i++) {
        cleanup(freep) char *domain = xasprintf("nothing-%d", i);
        Berth__PodPlace *place = with_relation("app=x", "app In x", domain, false);
        uint32_t class = pod_classes_find(w->classes, place);

        assert_may(w, class, "");
        pod_classes_keep(w->classes, class, -1);
        place_free(place);
    }
    assert_int_equal(counts_of(w).domains, 0);
    assert_int_equal(counts_of(w).numbers, 1);
}

static void a_selector_of_everybody_sees_pods_without_labels(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *bare = place_new();
    uint32_t lone = class_of(w, with_relation("app=x", "", LABEL_HOSTNAME, true));

    pod_classes_moved(w->classes, class_of(w, bare), 3, 1);
    assert_may(w, lone, "0-2,4-5");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(alike_pods_are_one_class),
        TEST(two_that_want_to_be_apart_are_on_two_nodes),
        TEST(who_wants_nobody_beside_it_keeps_later_ones_away),
        TEST(who_wants_company_goes_where_it_is),
        TEST(the_first_of_those_who_want_each_other_begins_anywhere),
        TEST(other_namespaces_are_not_meant_unless_they_are_named),
        TEST(spread_keeps_zones_within_the_skew),
        TEST(with_fewer_domains_than_asked_the_least_is_none),
        TEST(what_nobody_keeps_is_forgotten),
        TEST(ten_thousand_jobs_leave_nothing_behind),
        TEST(a_label_that_is_named_late_tells_apart_who_runs),
        TEST(domains_that_no_node_has_are_not_remembered),
        TEST(a_selector_of_everybody_sees_pods_without_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
