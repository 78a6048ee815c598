/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pod_liking.c - wishes for and against other pods, and to be spread
 */
#include "place_text.h"

#include <math.h>
#include <stdio.h>

#include "affinity/pod_classes.h"

struct world {
    struct node_labels *labels;
    struct pod_classes *classes;
};

/* As in test_pod_classes: zones a: n0 n1, b: n2 n3, c: n4; n5 is in none. */
static const char *const zones[N_NODES] = {"a", "a", "b", "b", "c", ""};

static int setup(void **state)
{
    static struct world w;

    w.labels = node_labels_create(node_names, N_NODES);
    for (uint32_t i = 0; i < N_NODES; i++)
        if (*zones[i])
            node_labels_set(w.labels, i, "zone", zones[i]);
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

static void add_wish(Berth__PodPlace *place, const char *pods, const char *domain,
                     int weight)
{
    Berth__PodRelation *relation = xmalloc(sizeof(*relation));

    berth__pod_relation__init(relation);
    relation->pods = rules_of(pods, &relation->n_pods);
    relation->domain = xstrdup(domain);
    relation->is_apart = weight < 0;
    relation->weight = (uint32_t)abs(weight);
    ADD(place->relations, place->n_relations, relation);
}

static void add_spread(Berth__PodPlace *place, const char *pods, const char *domain,
                       uint32_t skew)
{
    Berth__PodSpread *spread = xmalloc(sizeof(*spread));

    berth__pod_spread__init(spread);
    spread->pods = rules_of(pods, &spread->n_pods);
    spread->domain = xstrdup(domain);
    spread->max_skew = skew;
    spread->is_wish = true;
    ADD(place->spreads, place->n_spreads, spread);
}

static uint32_t class_of(struct world *w, Berth__PodPlace *place)
{
    uint32_t class = pod_classes_find(w->classes, place);

    place_free(place);
    return class;
}

/* "0 0 10 10 5 0" of all nodes; "": they are all alike. */
static void assert_costs(struct world *w, uint32_t class, const char *expected)
{
    cleanup(bitset_destroyp) struct bitset *all = bitset_create(N_NODES);
    uint32_t costs[N_NODES];
    char text[128] = "";
    size_t len = 0;

    bitset_set_range(all, 0, N_NODES);
    if (pod_classes_like(w->classes, class, all, costs))
        for (size_t i = 0; i < N_NODES; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u",
                                    i ? " " : "", costs[i]);
    assert_string_equal(text, expected);
}

static void nobody_wishes_anything(void **state)
{
    struct world *w = *state;
    uint32_t web = class_of(w, pod_of("app=web"));

    pod_classes_moved(w->classes, web, 0, 1);
    assert_costs(w, web, "");
}

static void a_wish_to_be_beside_others_counts_each_of_them(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *place = pod_of("app=web");
    uint32_t db = class_of(w, pod_of("app=db")), web;

    add_wish(place, "app In db", "zone", 10);
    web = class_of(w, place);
    assert_false(pod_class_depends(w->classes, web));
    assert_costs(w, web, "");
    pod_classes_moved(w->classes, db, 2, 1);
    assert_costs(w, web, "10 10 0 0 10 10");
    pod_classes_moved(w->classes, db, 0, 1);
    pod_classes_moved(w->classes, db, 1, 1);
    assert_costs(w, web, "0 0 10 10 20 20");
}

static void a_wish_to_be_apart_is_kept_for_those_that_come_later(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *place = pod_of("app=db");
    uint32_t shy, web = class_of(w, pod_of("app=web"));

    add_wish(place, "app In web", LABEL_HOSTNAME, -30);
    shy = class_of(w, place);
    pod_classes_moved(w->classes, shy, 4, 1);
    assert_costs(w, web, "0 0 0 0 30 0");
    pod_classes_moved(w->classes, web, 1, 1);
    assert_costs(w, shy, "0 30 0 0 0 0");
    pod_classes_moved(w->classes, shy, 4, -1);
    assert_costs(w, web, "");
}

static void wishes_weigh_against_each_other(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *place = pod_of("app=web");
    uint32_t db = class_of(w, pod_of("app=db")), noise = class_of(w, pod_of("app=x")),
             web;

    add_wish(place, "app In db", "zone", 50);
    add_wish(place, "app In x", LABEL_HOSTNAME, -80);
    web = class_of(w, place);
    pod_classes_moved(w->classes, db, 2, 1);
    pod_classes_moved(w->classes, noise, 3, 1);
    assert_costs(w, web, "50 50 0 80 50 50");
}

static void those_in_other_namespaces_are_not_meant(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *place = pod_of("app=web"), *foreign = pod_of("app=db");
    uint32_t web;

    free(foreign->name_space);
    foreign->name_space = xstrdup("theirs");
    add_wish(place, "app In db", "zone", 10);
    web = class_of(w, place);
    pod_classes_moved(w->classes, class_of(w, foreign), 2, 1);
    assert_costs(w, web, "");
}

/* The fullest domain is at 100, an empty one at 0, and none at all is as bad. */
static void spread_goes_where_fewest_are(void **state)
{
    struct world *w = *state;
    Berth__PodPlace *place = pod_of("app=web");
    uint32_t web;

    add_spread(place, "app In web", "zone", 1);
    web = class_of(w, place);
    assert_costs(w, web, "0 0 0 0 0 100");
    pod_classes_moved(w->classes, web, 0, 1);
    pod_classes_moved(w->classes, web, 1, 1);
    pod_classes_moved(w->classes, web, 2, 1);
    assert_costs(w, web, "100 100 50 50 0 100");
    pod_classes_moved(w->classes, web, 4, 1);
    assert_costs(w, web, "50 50 0 0 0 100");
}

/* ------------------------------------------------------------------ an oracle */

#define PODS_MAX 40

struct wish {
    char app;
    bool by_zone;
    int weight; /* of a relation, below 0: apart; 0: spread */
};

struct model_pod {
    char app;
    struct wish wishes[3];
    size_t n;
    uint32_t class, node;
};

struct model {
    struct world *w;
    uint32_t seed;
    struct model_pod pods[PODS_MAX];
    size_t n;
};

static uint32_t pick(struct model *m, uint32_t below)
{
    m->seed = m->seed * 1664525u + 1013904223u;
    return (m->seed >> 8) % below;
}

static bool is_together(bool by_zone, uint32_t a, uint32_t b)
{
    if (!by_zone)
        return a == b;
    return *zones[a] && strcmp(zones[a], zones[b]) == 0;
}

static struct model_pod invent(struct model *m)
{
    struct model_pod pod = {.app = (char)('a' + pick(m, 3)), .n = pick(m, 4)};
    Berth__PodPlace *place;
    char label[] = "app=?";

    label[4] = pod.app;
    place = pod_of(label);
    for (size_t i = 0; i < pod.n; i++) {
        struct wish *wish = &pod.wishes[i];
        char rule[] = "app In ?";
        const char *domain;

        *wish = (struct wish){.app = (char)('a' + pick(m, 3)),
                              .by_zone = pick(m, 2),
                              .weight = (int)pick(m, 201) - 100};
        rule[7] = wish->app;
        domain = wish->by_zone ? "zone" : LABEL_HOSTNAME;
        if (wish->weight == 0 || pick(m, 4) == 0) {
            wish->weight = 0;
            add_spread(place, rule, domain, 1);
        } else {
            add_wish(place, rule, domain, wish->weight);
        }
    }
    pod.class = class_of(m->w, place);
    pod.node = pick(m, N_NODES);
    return pod;
}

static int64_t weights_between(const struct model_pod *by, const struct model_pod *of,
                               uint32_t here, uint32_t there)
{
    int64_t sum = 0;

    for (size_t i = 0; i < by->n; i++)
        if (by->wishes[i].app == of->app &&
            is_together(by->wishes[i].by_zone, here, there))
            sum += by->wishes[i].weight;
    return sum;
}

static int64_t likes_of(const struct model *m, const struct model_pod *pod,
                        uint32_t node)
{
    int64_t sum = 0;

    for (size_t i = 0; i < m->n; i++)
        sum += weights_between(pod, &m->pods[i], node, m->pods[i].node) +
               weights_between(&m->pods[i], pod, m->pods[i].node, node);
    return sum;
}

/* INFINITY: it is in no domain of one of them. */
static double crowd_of(const struct model *m, const struct model_pod *pod,
                       uint32_t node)
{
    double sum = 0;

    for (size_t k = 0; k < pod->n; k++) {
        const struct wish *wish = &pod->wishes[k];
        uint32_t n = 0;

        if (wish->weight != 0)
            continue;
        if (wish->by_zone && !*zones[node])
            return INFINITY;
        for (size_t i = 0; i < m->n; i++)
            n += m->pods[i].app == wish->app &&
                 is_together(wish->by_zone, node, m->pods[i].node);
        sum += n * log(wish->by_zone ? 5.0 : N_NODES + 2.0);
    }
    return sum;
}

static void expect(const struct model *m, const struct model_pod *pod, uint32_t *ret)
{
    int64_t likes[N_NODES], best = INT64_MIN;
    double crowd[N_NODES], least = INFINITY, most = 0;

    for (uint32_t i = 0; i < N_NODES; i++) {
        likes[i] = likes_of(m, pod, i);
        crowd[i] = crowd_of(m, pod, i);
        best = likes[i] > best ? likes[i] : best;
        least = fmin(least, crowd[i]);
        most = isfinite(crowd[i]) ? fmax(most, crowd[i]) : most;
    }
    for (uint32_t i = 0; i < N_NODES; i++) {
        int64_t of_crowd = 0;

        if (!isfinite(crowd[i]))
            of_crowd = 100;
        else if (most > 0)
            of_crowd = llround(100 * (crowd[i] - least) / most);
        ret[i] = (uint32_t)(best - likes[i] + of_crowd);
    }
}

static void check(struct model *m, const struct model_pod *pod)
{
    cleanup(bitset_destroyp) struct bitset *all = bitset_create(N_NODES);
    uint32_t costs[N_NODES] = {0}, expected[N_NODES];
    bool differs = false, says;

    bitset_set_range(all, 0, N_NODES);
    expect(m, pod, expected);
    for (size_t i = 0; i < N_NODES; i++)
        differs |= expected[i] != expected[0];
    says = pod_classes_like(m->w->classes, pod->class, all, costs);
    assert_int_equal(says, differs);
    for (size_t i = 0; differs && i < N_NODES; i++)
        if (costs[i] != expected[i])
            fail_msg("node %zu: %u, not %u", i, costs[i], expected[i]);
}

static void random_pods_like_what_each_of_them_says(void **state)
{
    static struct model m;

    m = (struct model){.w = *state, .seed = 20261126};
    for (int step = 0; step < 2000; step++) {
        struct model_pod pod = invent(&m);

        check(&m, &pod);
        if (m.n == PODS_MAX || (m.n > 0 && pick(&m, 3) == 0)) {
            size_t gone = pick(&m, (uint32_t)m.n);

            pod_classes_moved(m.w->classes, m.pods[gone].class, m.pods[gone].node, -1);
            m.pods[gone] = m.pods[--m.n];
        } else {
            pod_classes_moved(m.w->classes, pod.class, pod.node, 1);
            m.pods[m.n++] = pod;
        }
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_wishes_anything),
        TEST(a_wish_to_be_beside_others_counts_each_of_them),
        TEST(a_wish_to_be_apart_is_kept_for_those_that_come_later),
        TEST(wishes_weigh_against_each_other),
        TEST(those_in_other_namespaces_are_not_meant),
        TEST(spread_goes_where_fewest_are),
        TEST(random_pods_like_what_each_of_them_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
