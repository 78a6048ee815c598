/* SPDX-License-Identifier: Apache-2.0
 *
 * test_fence.c - fences over trees of nodes, with messages in any order
 *
 * A world holds the fences of all nodes and one queue for each direction of each
 * edge; a seeded order of deliveries and of entries plays what a network may do.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "shepherd/fence.h"
#include "shepherd/tree.h"
#include "wire/pack.h"

#define NODES_MAX 24
#define SETS_MAX 4
#define ROUNDS 5

struct queue {
    Berth__Fence **v;
    size_t head, tail;
};

/* A set of participants, and how far each node is with it. */
struct set {
    uint8_t id[FENCE_SET_BYTES];
    uint32_t nodes[NODES_MAX];
    size_t n_nodes; /* 0: all */
    uint32_t entered[NODES_MAX], delivered[NODES_MAX];
};

struct world {
    uint32_t n, fanout;
    uint64_t seed;
    struct fences *fences[NODES_MAX];
    struct node_ctx {
        struct world *world;
        uint32_t index;
    } ctx[NODES_MAX];
    struct queue up[NODES_MAX], down[NODES_MAX]; /* of the edge above a node */
    struct set sets[SETS_MAX];
    size_t n_sets, n_in_flight;
};

static uint32_t next_random(struct world *w, uint32_t below)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->seed >> 33) % below;
}

static void push(struct world *w, struct queue *queue, const Berth__Fence *fence)
{
    queue->v = xrealloc(queue->v, queue->tail + 1, sizeof(Berth__Fence *));
    queue->v[queue->tail++] = copy_message(&fence->base);
    w->n_in_flight++;
}

static void send_up(void *ctx, const Berth__Fence *fence)
{
    struct node_ctx *node = ctx;

    assert_true(fence->up);
    assert_int_not_equal(node->index, 0);
    push(node->world, &node->world->up[node->index], fence);
}

static void send_down(void *ctx, const Berth__Fence *fence)
{
    struct node_ctx *node = ctx;
    struct world *w = node->world;
    uint32_t first = tree_first_child(node->index, w->fanout);
    Berth__Fence copy = *fence;

    copy.up = false;
    for (uint32_t i = 0; i < tree_n_children(node->index, w->n, w->fanout); i++)
        push(w, &w->down[first + i], &copy);
}

static bool takes_part(const struct set *set, uint32_t node)
{
    for (size_t i = 0; i < set->n_nodes; i++)
        if (set->nodes[i] == node)
            return true;
    return set->n_nodes == 0;
}

/* What a node puts in: its number, the round, and some bytes of its own. */
struct piece {
    uint32_t node, round;
    uint8_t bytes[8];
};

static void make_piece(uint32_t node, uint32_t round, struct piece *piece)
{
    *piece = (struct piece){.node = node, .round = round};
    memset(piece->bytes, (int)(node * 7 + round), sizeof(piece->bytes));
}

static void deliver(void *ctx, const uint8_t id[FENCE_SET_BYTES], int status,
                    const void *data, size_t len)
{
    struct node_ctx *node = ctx;
    struct set *set = NULL;
    struct piece piece, expected;
    bool seen[NODES_MAX] = {false};

    for (size_t i = 0; i < node->world->n_sets; i++)
        if (memcmp(node->world->sets[i].id, id, FENCE_SET_BYTES) == 0)
            set = &node->world->sets[i];
    assert_non_null(set);
    assert_int_equal(status, 0);
    assert_true(takes_part(set, node->index));
    assert_int_equal(len,
                     sizeof(piece) * (set->n_nodes ? set->n_nodes : node->world->n));
    for (size_t at = 0; at < len; at += sizeof(piece)) {
        memcpy(&piece, (const char *)data + at, sizeof(piece));
        make_piece(piece.node, set->delivered[node->index], &expected);
        assert_memory_equal(&piece, &expected, sizeof(piece));
        assert_true(takes_part(set, piece.node));
        assert_false(seen[piece.node]);
        seen[piece.node] = true;
    }
    set->delivered[node->index]++;
}

static void make_sets(struct world *w)
{
    w->n_sets = 1 + next_random(w, SETS_MAX);
    for (size_t s = 0; s < w->n_sets; s++) {
        struct set *set = &w->sets[s];

        memset(set->id, (int)(s + 1), sizeof(set->id));
        for (uint32_t i = 0; s > 0 && i < w->n; i++)
            if (next_random(w, 2))
                set->nodes[set->n_nodes++] = i;
    }
}

static void world_start(struct world *w, uint64_t seed)
{
    *w = (struct world){.seed = seed};
    w->n = 1 + next_random(w, NODES_MAX);
    w->fanout = 1 + next_random(w, 4);
    make_sets(w);
    for (uint32_t i = 0; i < w->n; i++) {
        struct fence_actions actions = {
            .ctx = &w->ctx[i], .up = send_up, .down = send_down, .deliver = deliver};

        w->ctx[i] = (struct node_ctx){w, i};
        w->fences[i] = fences_create(i, w->n, w->fanout, &actions);
    }
}

static void world_stop(struct world *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        fences_destroy(w->fences[i]);
        free(w->up[i].v);
        free(w->down[i].v);
    }
}

/* Entries run ahead: a node may be several fences further than another. */
static bool enter_one(struct world *w)
{
    struct set *set = &w->sets[next_random(w, (uint32_t)w->n_sets)];
    uint32_t node = next_random(w, w->n);
    struct piece piece;

    if (!takes_part(set, node) || set->entered[node] == ROUNDS)
        return false;
    make_piece(node, set->entered[node]++, &piece);
    fences_enter(w->fences[node], set->id, set->nodes, set->n_nodes, &piece,
                 sizeof(piece));
    return true;
}

static bool carry_one(struct world *w)
{
    uint32_t node = next_random(w, w->n);
    bool upward = next_random(w, 2);
    struct queue *queue = upward ? &w->up[node] : &w->down[node];
    Berth__Fence *fence;

    if (queue->head == queue->tail)
        return false;
    fence = queue->v[queue->head++];
    w->n_in_flight--;
    fences_receive(w->fences[upward ? tree_parent(node, w->fanout) : node], fence);
    free_message(fence);
    return true;
}

static bool all_delivered(const struct world *w)
{
    for (size_t s = 0; s < w->n_sets; s++)
        for (uint32_t i = 0; i < w->n; i++)
            if (takes_part(&w->sets[s], i) && w->sets[s].delivered[i] < ROUNDS)
                return false;
    return true;
}

static void play(uint64_t seed)
{
    struct world w;

    world_start(&w, seed);
    for (uint32_t turn = 0; turn < 200000 && (!all_delivered(&w) || w.n_in_flight);
         turn++) {
        if (next_random(&w, 3))
            (void)carry_one(&w);
        else
            (void)enter_one(&w);
    }
    assert_true(all_delivered(&w));
    assert_int_equal(w.n_in_flight, 0);
    for (size_t s = 0; s < w.n_sets; s++)
        assert_memory_equal(w.sets[s].entered, w.sets[s].delivered,
                            sizeof(w.sets[s].entered));
    world_stop(&w);
}

static void each_entry_gets_one_result_with_all_contributions_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++)
        play(seed);
}

/* ------------------------------------------------------------- single cases */

struct count {
    int up, down, delivered, status;
};

static void count_up(void *ctx, const Berth__Fence *fence)
{
    (void)fence;
    ((struct count *)ctx)->up++;
}

static void count_down(void *ctx, const Berth__Fence *fence)
{
    (void)fence;
    ((struct count *)ctx)->down++;
}

static void count_delivered(void *ctx, const uint8_t set[FENCE_SET_BYTES], int status,
                            const void *data, size_t len)
{
    (void)set, (void)data, (void)len;
    ((struct count *)ctx)->delivered++;
    ((struct count *)ctx)->status = status;
}

static struct fences *counting(struct count *count, uint32_t index, uint32_t n)
{
    struct fence_actions actions = {count, count_up, count_down, count_delivered};

    return fences_create(index, n, 2, &actions);
}

static const uint8_t some_set[FENCE_SET_BYTES] = {1, 2, 3};

static void a_node_alone_has_its_result_at_once(void **state)
{
    struct count count = {0};
    struct fences *fences = counting(&count, 0, 1);

    (void)state;
    fences_enter(fences, some_set, NULL, 0, "x", 1);
    assert_int_equal(count.delivered, 1);
    assert_int_equal(count.up, 0);
    fences_destroy(fences);
}

static void an_inner_node_sums_up_its_subtree_into_one_message(void **state)
{
    struct count count = {0};
    struct fences *fences = counting(&count, 1, 7); /* children 3 and 4 */
    Berth__Fence piece = BERTH__FENCE__INIT;
    uint8_t id[FENCE_ID_BYTES] = {1, 2, 3};

    (void)state;
    piece.id.data = id;
    piece.id.len = sizeof(id);
    piece.up = true;
    piece.contributions = 1;
    fences_receive(fences, &piece);
    fences_enter(fences, some_set, NULL, 0, "x", 1);
    assert_int_equal(count.up, 0);
    fences_receive(fences, &piece);
    assert_int_equal(count.up, 1);
    fences_destroy(fences);
}

static void a_failed_fence_is_told_with_its_status(void **state)
{
    struct count count = {0};
    struct fences *fences = counting(&count, 1, 3);
    Berth__Fence result = BERTH__FENCE__INIT;
    uint8_t id[FENCE_ID_BYTES] = {1, 2, 3};

    (void)state;
    result.id.data = id;
    result.id.len = sizeof(id);
    result.status = 110;
    fences_enter(fences, some_set, NULL, 0, NULL, 0);
    fences_receive(fences, &result);
    assert_int_equal(count.delivered, 1);
    assert_int_equal(count.status, 110);
    fences_destroy(fences);
}

static void a_lost_node_fails_what_needs_it_and_nothing_else(void **state)
{
    static const uint8_t without[FENCE_SET_BYTES] = {4};
    const uint32_t nodes[] = {0, 1};
    struct count count = {0};
    struct fences *fences = counting(&count, 0, 6); /* 1 (3, 4) and 2 (5) below */

    (void)state;
    fences_enter(fences, some_set, NULL, 0, NULL, 0);
    fences_enter(fences, without, nodes, 2, NULL, 0);
    assert_int_equal(count.delivered, 0);
    fences_lose(fences, 2);
    assert_int_equal(count.delivered, 1);
    assert_int_equal(count.status, ECONNRESET);
    assert_true(fences_has_lost(fences, 2) && fences_has_lost(fences, 5));
    assert_false(fences_has_lost(fences, 1) || fences_has_lost(fences, 4));
    fences_enter(fences, some_set, NULL, 0, NULL, 0);
    assert_int_equal(count.delivered, 2);
    assert_int_equal(count.up + count.down, 0);
    fences_destroy(fences);
}

/* Of one whose tasks here have not entered, nobody here is told. */
static void a_lost_node_is_no_news_to_who_does_not_wait(void **state)
{
    struct count count = {0};
    struct fences *fences = counting(&count, 0, 3);
    Berth__Fence piece = BERTH__FENCE__INIT;
    uint8_t id[FENCE_ID_BYTES] = {1, 2, 3};

    (void)state;
    piece.id.data = id;
    piece.id.len = sizeof(id);
    piece.up = true;
    piece.contributions = 1;
    fences_receive(fences, &piece);
    fences_lose(fences, 2);
    fences_receive(fences, &piece);
    assert_int_equal(count.delivered + count.down, 0);
    fences_destroy(fences);
}

static void an_id_of_the_wrong_length_changes_nothing(void **state)
{
    struct count count = {0};
    struct fences *fences = counting(&count, 0, 1);
    Berth__Fence bad = BERTH__FENCE__INIT;
    uint8_t id[3] = {0};

    (void)state;
    bad.id.data = id;
    bad.id.len = sizeof(id);
    bad.up = true;
    bad.contributions = 1;
    fences_receive(fences, &bad);
    assert_int_equal(count.up + count.down + count.delivered, 0);
    fences_destroy(fences);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_alone_has_its_result_at_once),
        cmocka_unit_test(an_inner_node_sums_up_its_subtree_into_one_message),
        cmocka_unit_test(a_failed_fence_is_told_with_its_status),
        cmocka_unit_test(a_lost_node_fails_what_needs_it_and_nothing_else),
        cmocka_unit_test(a_lost_node_is_no_news_to_who_does_not_wait),
        cmocka_unit_test(an_id_of_the_wrong_length_changes_nothing),
        cmocka_unit_test(each_entry_gets_one_result_with_all_contributions_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
