/* SPDX-License-Identifier: Apache-2.0
 *
 * test_best.c - random requests: placements are right, and nearly the best
 *
 * 'Best' is found by trying every set of nodes and, on one node, every set of
 * cores. Seeds are fixed, so a failure comes back.
 */
#include "cluster.h"
#include "judge.h"

#define ROUNDS 400

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static bool chance(uint32_t *seed, uint32_t percent)
{
    return next_random(seed) % 100 < percent;
}

static const struct switch_def leaves[] = {{.name = "top", .switches = "a,b,c"},
                                           {.name = "a", .nodes = "n[0-2]"},
                                           {.name = "b", .nodes = "n[3-5]"},
                                           {.name = "c", .nodes = "n[6-7]"}};

static void take_random_cores(struct cluster *c, uint32_t *seed)
{
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t percent = chance(seed, 40) ? 0 : next_random(seed) % 100;
        cleanup(bitset_destroyp) struct bitset *used = bitset_create(c->topo->n_cores);
        struct place_share share = {.node = i, .cores = used};
        for (uint32_t core = 0; core < c->topo->n_cores; core++)
            if (chance(seed, percent))
                bitset_set(used, core);
        place_cluster_take(c->cluster, &share);
    }
}

static struct place_request random_request(uint32_t *seed)
{
    struct place_request req = {.cpus_per_task = 1 + next_random(seed) % 3};
    if (chance(seed, 50))
        req.nodes_min = 1 + next_random(seed) % 5;
    if (chance(seed, 20))
        req.nodes_max = req.nodes_min + next_random(seed) % 3;
    if (chance(seed, 70))
        req.tasks = 1 + next_random(seed) % 20;
    if (chance(seed, 20))
        req.tasks_per_node = 1 + next_random(seed) % 4;
    if (chance(seed, 20))
        req.mem_per_cpu = next_random(seed) % 3000;
    else if (chance(seed, 20))
        req.mem_per_node = next_random(seed) % 16384;
    req.exclusive = chance(seed, 10);
    req.overcommit = chance(seed, 10);
    req.policy = chance(seed, 20) ? PLACE_SPREAD : PLACE_COMPACT;
    req.bind = (enum place_bind)(next_random(seed) % 5);
    return req;
}

/* The sets are the caller's to destroy. */
static void add_random_sets(const struct cluster *c, struct place_request *req,
                            struct bitset *sets[2], uint32_t *seed)
{
    sets[0] = bitset_create(c->n);
    sets[1] = bitset_create(c->n);
    if (chance(seed, 80))
        return;
    for (size_t i = 0; i < c->n; i++)
        if (chance(seed, 40))
            bitset_set(sets[chance(seed, 50)], i);
    req->required = sets[0];
    req->excluded = sets[1];
}

static void check_share(const struct cluster *c, const struct place_request *req,
                        const struct place_share *share)
{
    const struct place_node *node = place_cluster_node(c->cluster, share->node);
    cleanup(bitset_destroyp) struct bitset *seen = bitset_create(c->topo->n_cores);
    assert_true(bitset_is_subset(share->cores, node->free_cores));
    assert_int_not_equal(bitset_count(share->cores), 0);
    assert_true(share->memory <= place_node_free_memory(node));
    if (req->mem_per_cpu && !req->exclusive)
        assert_int_equal(share->memory, req->mem_per_cpu * bitset_count(share->cores));
    if (req->tasks_per_node)
        assert_true(share->tasks <= req->tasks_per_node);
    for (uint32_t task = 0; task < share->tasks; task++) {
        const struct bitset *own = share->task_cores[task];
        assert_true(bitset_is_subset(own, share->cores));
        assert_int_not_equal(bitset_count(own), 0);
        if (req->overcommit || req->bind != BIND_CORE)
            continue;
        assert_int_equal(bitset_count(own), req->cpus_per_task);
        for (size_t i = bitset_next(own, 0); i < own->nbits;
             i = bitset_next(own, i + 1)) {
            assert_false(bitset_test(seen, i));
            bitset_set(seen, i);
        }
    }
}

static void check_result(const struct cluster *c, const struct place_request *req,
                         const struct place_result *r)
{
    uint32_t tasks = 0;
    for (size_t i = 0; i < r->n_shares; i++) {
        assert_true(i == 0 || r->shares[i - 1].node < r->shares[i].node);
        check_share(c, req, &r->shares[i]);
        tasks += r->shares[i].tasks;
    }
    uint32_t required = 0;
    for (size_t i = 0; i < r->n_shares; i++) {
        required += req->required && bitset_test(req->required, r->shares[i].node);
        assert_false(req->excluded && bitset_test(req->excluded, r->shares[i].node));
    }
    assert_int_equal(required, req->required ? bitset_count(req->required) : 0);
    assert_true(r->n_shares >= req->nodes_min);
    if (req->nodes_max)
        assert_true(r->n_shares <= req->nodes_max);
    if (req->tasks)
        assert_int_equal(tasks, req->tasks);
}

/* Could these nodes hold it? Written apart from what it checks. */
static bool set_holds(const struct cluster *c, const struct place_request *req,
                      uint32_t set)
{
    uint64_t room = 0;
    uint32_t n = (uint32_t)__builtin_popcount(set);
    uint32_t min = req->nodes_min ? req->nodes_min : 1;
    uint32_t max = req->nodes_max   ? req->nodes_max
                   : req->nodes_min ? req->nodes_min
                   : req->tasks     ? CLUSTER_MAX
                                    : 1;
    if (n < min || n > max)
        return false;
    for (size_t i = 0; i < c->n; i++) {
        bool is_member = set & 1u << i;
        if (req->required && bitset_test(req->required, i) && !is_member)
            return false;
        if (!is_member)
            continue;
        if (req->excluded && bitset_test(req->excluded, i))
            return false;
        const struct place_node *node = place_cluster_node(c->cluster, (uint32_t)i);
        uint64_t cores = node->n_free, memory = place_node_free_memory(node);
        if (memory < req->mem_per_node || cores == 0 ||
            (req->exclusive && cores < c->topo->n_cores))
            return false;
        if (req->mem_per_cpu && memory / req->mem_per_cpu < cores)
            cores = memory / req->mem_per_cpu;
        uint64_t tasks =
            req->overcommit ? (cores ? 1000 : 0) : cores / req->cpus_per_task;
        if (req->tasks_per_node && tasks > req->tasks_per_node)
            tasks = req->tasks_per_node;
        uint32_t least = req->tasks || !req->tasks_per_node ? 1 : req->tasks_per_node;
        if (tasks < least)
            return false;
        room += tasks;
    }
    return room >= req->tasks;
}

/* The fewest levels that any set of nodes which holds it spans; -1: none. */
static int fewest_levels(const struct cluster *c, const struct place_request *req,
                         int *ret_nodes)
{
    int best = -1;
    *ret_nodes = CLUSTER_MAX + 1;
    for (uint32_t set = 1; set < 1u << c->n; set++) {
        uint32_t members[CLUSTER_MAX];
        size_t n = 0;
        if (!set_holds(c, req, set))
            continue;
        for (uint32_t i = 0; i < c->n; i++)
            if (set & 1u << i)
                members[n++] = i;
        int levels = (int)switch_tree_span(c->tree, members, n);
        if (best < 0 || levels < best)
            best = levels;
        if ((int)n < *ret_nodes)
            *ret_nodes = (int)n;
    }
    return best;
}

static void compare_with_all_sets(const struct cluster *c,
                                  const struct place_request *req)
{
    struct place_result *r = NULL;
    int rc = place_choose(c->cluster, req, &place_weights_default, 0, &r, NULL);
    int fewest, levels = fewest_levels(c, req, &fewest);
    assert_int_equal(rc == 0, levels >= 0);
    if (rc < 0)
        return;
    check_result(c, req, r);
    assert_int_equal(r->parts.nodes, r->n_shares);
    if (req->tasks || !req->nodes_max)
        assert_int_equal(r->parts.levels, levels);
    assert_true((int)r->n_shares >= fewest);
    place_result_destroy(r);
}

static void a_placement_is_found_when_there_is_one_under_the_lowest_switch(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t seed = round;
        struct cluster c;
        cluster_init(&c, "synthetic:pack:2 [numa] l3:2 core:2 pu:1", 8, leaves, 4);
        take_random_cores(&c, &seed);
        for (int i = 0; i < 5; i++) {
            struct bitset *sets[2];
            struct place_request req = random_request(&seed);
            add_random_sets(&c, &req, sets, &seed);
            compare_with_all_sets(&c, &req);
            bitset_destroy(sets[0]);
            bitset_destroy(sets[1]);
        }
        cluster_fini(&c);
    }
}

/* The best score of any set of 'n' free nodes; -1: there are not so many. */
static double best_of_sets(const struct cluster *c, uint32_t n)
{
    double best = -1;
    for (uint32_t set = 1; set < 1u << c->n; set++) {
        uint32_t members[CLUSTER_MAX], count = 0, switches = 0;
        bool is_free = (uint32_t)__builtin_popcount(set) == n;
        for (uint32_t i = 0; i < c->n && is_free; i++) {
            bool seen = false;
            if (!(set & 1u << i))
                continue;
            is_free = place_cluster_node(c->cluster, i)->n_free == c->topo->n_cores;
            for (uint32_t k = 0; k < count; k++)
                seen |= switch_tree_switch_of(c->tree, members[k]) ==
                        switch_tree_switch_of(c->tree, i);
            switches += !seen;
            members[count++] = i;
        }
        if (!is_free)
            continue;
        double score = place_weights_default.switch_levels *
                       (switch_tree_span(c->tree, members, n) + switches - 1);
        if (best < 0 || score < best)
            best = score;
    }
    return best;
}

static void whole_nodes_lie_as_near_to_each_other_as_can_be(void **state)
{
    (void)state;
    static const struct switch_def deep[] = {
        {.name = "top", .switches = "x,y"}, {.name = "x", .switches = "a,b"},
        {.name = "y", .switches = "c,d"},   {.name = "a", .nodes = "n[0-3]"},
        {.name = "b", .nodes = "n[4-6]"},   {.name = "c", .nodes = "n[7,9,11]"},
        {.name = "d", .nodes = "n[8,10]"}};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t seed = round;
        struct cluster c;
        cluster_init(&c, "synthetic:core:2 pu:1", 12, deep, ARRAY_SIZE(deep));
        for (uint32_t i = 0; i < 12; i++)
            if (chance(&seed, 30))
                cluster_use(&c, i, "0");
        for (uint32_t n = 1; n <= 6; n++) {
            struct place_request req = {.nodes_min = n, .exclusive = true};
            struct place_result *r = NULL;
            double best = best_of_sets(&c, n);
            int rc = place_choose(c.cluster, &req, &place_weights_default, 0, &r, NULL);
            assert_int_equal(rc == 0, best >= 0);
            if (rc == 0 && r->score != best)
                fail_msg("round %u, %u nodes: %g, not %g", round, n, r->score, best);
            place_result_destroy(r);
        }
        cluster_fini(&c);
    }
}

static void the_same_question_gets_the_same_answer(void **state)
{
    (void)state;
    struct cluster c;
    uint32_t seed = 4711;
    cluster_init(&c, "synthetic:pack:2 [numa] l3:2 core:2 pu:1", 8, leaves, 4);
    take_random_cores(&c, &seed);
    for (int i = 0; i < 100; i++) {
        struct place_request req = random_request(&seed);
        cleanup(freep) char *first = cluster_place(&c, &req);
        cleanup(freep) char *second = cluster_place(&c, &req);
        assert_string_equal(first, second);
    }
    cluster_fini(&c);
}

/* Score of one task on the cores of 'mask' of node n0. */
static double score_of(const struct cluster *c, const struct place_request *req,
                       uint32_t mask)
{
    struct bitset *cores = bitset_create(c->topo->n_cores);
    for (uint32_t i = 0; i < c->topo->n_cores; i++)
        if (mask & 1u << i)
            bitset_set(cores, i);
    struct place_share share = {.cores = cores,
                                .n_cores = req->cpus_per_task,
                                .tasks = 1,
                                .task_cores = &cores};
    struct place_result result = {.shares = &share, .n_shares = 1};
    struct place_parts parts;
    judge_result(c->cluster, req, &result, &parts);
    bitset_destroy(cores);
    return judge_score(&parts, &place_weights_default);
}

static double best_score(const struct cluster *c, const struct place_request *req)
{
    double best = -1;
    for (uint32_t mask = 1; mask < 1u << c->topo->n_cores; mask++) {
        bool is_free = (uint32_t)__builtin_popcount(mask) == req->cpus_per_task;
        for (uint32_t i = 0; i < c->topo->n_cores && is_free; i++)
            is_free = !(mask & 1u << i) || bitset_test(cluster_free(c, 0), i);
        if (!is_free)
            continue;
        double score = score_of(c, req, mask);
        if (best < 0 || score < best)
            best = score;
    }
    return best;
}

static void the_cores_of_a_task_score_as_well_as_nearly_any(void **state)
{
    (void)state;
    uint32_t placed = 0, optimal = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t seed = round;
        struct cluster c;
        cluster_init(&c, "synthetic:pack:2 [numa] l3:2 core:2 pu:1", 1, NULL, 0);
        take_random_cores(&c, &seed);
        struct place_request req = {.tasks = 1, .cpus_per_task = 1 + round % 8};
        struct place_result *r = NULL;
        int rc = place_choose(c.cluster, &req, &place_weights_default, 0, &r, NULL);
        double best = best_score(&c, &req);
        assert_int_equal(rc == 0, best >= 0);
        /* One L3 too many counts for the task and for the share. */
        if (rc == 0)
            assert_true(r->score <= best + 2 * place_weights_default.l3);
        optimal += rc == 0 && r->score == best;
        placed += rc == 0;
        place_result_destroy(r);
        cluster_fini(&c);
    }
    assert_true(optimal * 100 >= placed * 95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_placement_is_found_when_there_is_one_under_the_lowest_switch),
        cmocka_unit_test(whole_nodes_lie_as_near_to_each_other_as_can_be),
        cmocka_unit_test(the_same_question_gets_the_same_answer),
        cmocka_unit_test(the_cores_of_a_task_score_as_well_as_nearly_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
