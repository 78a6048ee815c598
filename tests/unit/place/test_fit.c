/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fit.c - random tasks on random small nodes against all choices there are
 *
 * Every way to give each task its cores and its GPUs is tried and judged. Seeds
 * are fixed, so a failure comes back.
 */
#include "cluster.h"
#include "judge.h"

#include <string.h>

#define ROUNDS 1500
#define TASKS_MAX 4

static const char *const machines[] = {
    "synthetic:pack:2 [numa] l3:2 core:2 pu:1",
    "synthetic:pack:1 l3:4 [numa] core:2 pu:1",
    "synthetic:pack:2 [numa] core:4 pu:1",
    "synthetic:pack:2 l3:1 [numa] core:4 pu:2",
    "synthetic:pack:3 [numa] l3:1 core:3 pu:1",
    "synthetic:l3:2 core:3 pu:1",
};

static const struct topo_gres gpus[] = {
    {.name = "gpu", .count = 1, .cores = "0-1"},
    {.name = "gpu", .type = "big", .count = 1, .cores = "2-3"},
    {.name = "gpu", .count = 1, .cores = "4-5"},
    {.name = "gpu", .type = "big", .count = 1},
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* One node, and one request for it. */
struct question {
    struct node_topo *bare, *topo;
    struct switch_tree *tree;
    struct place_cluster *cluster;
    struct place_request req;
    struct place_gres gres[2];
};

static void take_some(struct question *q, uint32_t *seed)
{
    struct bitset *cores = bitset_create(q->topo->n_cores);
    struct bitset *devices = bitset_create(q->topo->n_devices);
    struct place_share share = {.cores = cores, .devices = devices};
    uint32_t percent = next_random(seed) % 70;
    for (uint32_t i = 0; i < q->topo->n_cores; i++)
        if (next_random(seed) % 100 < percent)
            bitset_set(cores, i);
    for (uint32_t d = 0; d < q->topo->n_devices; d++)
        if (next_random(seed) % 100 < 25)
            bitset_set(devices, d);
    place_cluster_take(q->cluster, &share);
    bitset_destroy(cores);
    bitset_destroy(devices);
}

static void make_request(struct question *q, uint32_t *seed)
{
    q->req = (struct place_request){.nodes_min = 1};
    q->req.tasks = 1 + next_random(seed) % TASKS_MAX;
    q->req.cpus_per_task = 1 + next_random(seed) % 3;
    if (next_random(seed) % 4 == 0)
        q->req.mem_per_node = next_random(seed) % (q->topo->memory + 1);
    q->req.gres = q->gres;
    if (next_random(seed) % 3 > 0)
        q->gres[q->req.n_gres++] = (struct place_gres){
            .kind = next_random(seed) % 4 == 0
                        ? place_cluster_kind(q->cluster, "gpu", "big")
                        : PLACE_KIND_GPU,
            .count = 1,
            .per = next_random(seed) % 3 == 0 ? PLACE_PER_NODE : PLACE_PER_TASK};
}

static void question_init(struct question *q, uint32_t seed)
{
    static const char *const names[] = {"n0"};
    struct err err;
    *q = (struct question){0};
    const char *machine = machines[next_random(&seed) % ARRAY_SIZE(machines)];
    if (node_topo_load(machine, &q->bare, NULL, &err) < 0 ||
        node_topo_equip(q->bare, gpus, ARRAY_SIZE(gpus), &q->topo, &err) < 0 ||
        switch_tree_build(NULL, 0, names, 1, &q->tree, &err) < 0)
        fail_msg("%s", err.text);
    q->cluster = place_cluster_create(q->tree, names, 1, false);
    place_cluster_set(q->cluster, 0, q->topo, q->topo->memory);
    place_cluster_up(q->cluster, 0, true);
    take_some(q, &seed);
    make_request(q, &seed);
}

static void question_fini(struct question *q)
{
    place_cluster_check(q->cluster);
    place_cluster_destroy(q->cluster);
    switch_tree_destroy(q->tree);
    node_topo_destroy(q->topo);
    node_topo_destroy(q->bare);
}

/* ---------------------------------------------------------- all there is */

struct trial {
    const struct question *q;
    struct place_share share;
    struct bitset *task_cores[TASKS_MAX], *task_devices[TASKS_MAX];
    double best; /* < 0: none yet */
};

static void judge(struct trial *t)
{
    struct place_result result = {.shares = &t->share, .n_shares = 1};
    struct place_parts parts;
    judge_result(t->q->cluster, &t->q->req, &result, &parts);
    double score = judge_score(&parts, &place_weights_default);
    if (t->best < 0 || score < t->best)
        t->best = score;
}

static bool is_of_kind(const struct question *q, uint32_t d)
{
    const struct topo_device *device = &q->topo->devices[d];
    return q->gres[0].kind == PLACE_KIND_GPU ||
           (device->type && strcmp(device->type, "big") == 0);
}

/* A device for this task, or for the share when 'task' is the count of tasks. */
static void try_devices(struct trial *t, uint32_t task)
{
    const struct question *q = t->q;
    bool by_task = q->req.n_gres > 0 && q->gres[0].per == PLACE_PER_TASK;
    uint32_t end = by_task ? q->req.tasks : q->req.n_gres;
    if (task == end) {
        judge(t);
        return;
    }
    for (uint32_t d = 0; d < q->topo->n_devices; d++) {
        if (!bitset_test(place_cluster_node(q->cluster, 0)->free_devices, d) ||
            bitset_test(t->share.devices, d) || !is_of_kind(q, d))
            continue;
        bitset_set(t->share.devices, d);
        if (by_task)
            bitset_set(t->task_devices[task], d);
        try_devices(t, task + 1);
        bitset_clear(t->share.devices, d);
        if (by_task)
            bitset_clear(t->task_devices[task], d);
    }
}

/* 'missing' cores more for this task, from 'core' on. Tasks are alike, so each
 * begins behind the first core of the one before it. */
static void try_cores(struct trial *t, uint32_t task, uint32_t core, uint32_t missing)
{
    const struct question *q = t->q;
    if (missing == 0) {
        if (task + 1 == q->req.tasks)
            try_devices(t, 0);
        else
            try_cores(t, task + 1, (uint32_t)bitset_next(t->task_cores[task], 0) + 1,
                      q->req.cpus_per_task);
        return;
    }
    for (uint32_t i = core; i < q->topo->n_cores; i++) {
        if (!bitset_test(place_cluster_node(q->cluster, 0)->free_cores, i) ||
            bitset_test(t->share.cores, i))
            continue;
        bitset_set(t->share.cores, i);
        bitset_set(t->task_cores[task], i);
        try_cores(t, task, i + 1, missing - 1);
        bitset_clear(t->share.cores, i);
        bitset_clear(t->task_cores[task], i);
    }
}

static double best_of_all(const struct question *q)
{
    struct trial t = {.q = q, .best = -1};
    t.share = (struct place_share){.cores = bitset_create(q->topo->n_cores),
                                   .devices = bitset_create(q->topo->n_devices),
                                   .n_cores = q->req.tasks * q->req.cpus_per_task,
                                   .memory = q->req.mem_per_node,
                                   .tasks = q->req.tasks,
                                   .task_cores = t.task_cores};
    if (q->req.n_gres > 0 && q->gres[0].per == PLACE_PER_TASK)
        t.share.task_devices = t.task_devices;
    for (uint32_t i = 0; i < TASKS_MAX; i++) {
        t.task_cores[i] = bitset_create(q->topo->n_cores);
        t.task_devices[i] = bitset_create(q->topo->n_devices);
    }
    try_cores(&t, 0, 0, q->req.cpus_per_task);
    for (uint32_t i = 0; i < TASKS_MAX; i++) {
        bitset_destroy(t.task_cores[i]);
        bitset_destroy(t.task_devices[i]);
    }
    bitset_destroy(t.share.cores);
    bitset_destroy(t.share.devices);
    return t.best;
}

/* Does what came back say of itself what its definition says? */
static double check_result(const struct question *q, const struct place_result *r)
{
    struct place_parts parts;
    const struct place_node *node = place_cluster_node(q->cluster, 0);
    const struct place_share *share = &r->shares[0];
    judge_result(q->cluster, &q->req, r, &parts);
    double score = judge_score(&parts, &place_weights_default);
    assert_true(score > r->score - 1e-6 && score < r->score + 1e-6);
    assert_true(bitset_is_subset(share->cores, node->free_cores));
    assert_int_equal(bitset_count(share->cores), q->req.tasks * q->req.cpus_per_task);
    uint32_t devices = 0;
    if (q->req.n_gres > 0)
        devices = q->gres[0].per == PLACE_PER_TASK ? q->req.tasks : 1;
    assert_int_equal(share->devices ? bitset_count(share->devices) : 0, devices);
    if (share->devices)
        assert_true(bitset_is_subset(share->devices, node->free_devices));
    return score;
}

static void no_choice_is_better_than_the_one_that_is_made(void **state)
{
    (void)state;
    uint32_t placed = 0, equal = 0;
    for (uint32_t seed = 0; seed < ROUNDS; seed++) {
        struct question q;
        struct place_result *r = NULL;
        question_init(&q, seed);
        double best = best_of_all(&q);
        int rc = place_choose(q.cluster, &q.req, &place_weights_default, 0, &r, NULL);
        if ((rc == 0) != (best >= 0))
            fail_msg("seed %u: rc %d, best %f", seed, rc, best);
        if (rc == 0) {
            double score = check_result(&q, r);
            placed++;
            equal += score < best + 1e-6;
            if (score > best + 1e-6)
                print_message("seed %u: %g instead of %g\n", seed, score, best);
        }
        place_result_destroy(r);
        question_fini(&q);
    }
    print_message("%u of %u are as good as any\n", equal, placed);
    assert_true(placed > ROUNDS / 2);
    assert_true(equal * 1000 >= placed * 995);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_choice_is_better_than_the_one_that_is_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
