/* SPDX-License-Identifier: Apache-2.0
 *
 * test_bag_queue.c - which command of a bag goes to which node, and what its end means
 */
#include "shepherd/bag_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#define SHORT 1000
#define LONG 10000000

static void queue_destroyp(struct bag_queue **q)
{
    bag_queue_destroy(*q);
}

/* Nodes of so many slots, ready. */
static struct bag_queue *make(size_t n_nodes, uint32_t slots, uint32_t retry,
                              uint64_t max_failures)
{
    const struct bag_limits limits = {.retry = retry, .max_failures = max_failures};
    cleanup(freep) uint32_t *list = xcalloc(n_nodes, sizeof(*list));
    struct bag_queue *q;

    for (size_t i = 0; i < n_nodes; i++)
        list[i] = slots;
    q = bag_queue_create(&limits, list, n_nodes);
    for (uint32_t i = 0; i < n_nodes; i++)
        assert_true(bag_queue_ready(q, i));
    return q;
}

static void add(struct bag_queue *q, uint64_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        assert_true(bag_queue_add(q, first + i, "true", 5));
}

/* How many commands the node is given now. */
static size_t fill(struct bag_queue *q, uint32_t node)
{
    size_t n = 0;

    while (bag_queue_next(q, node))
        n++;
    return n;
}

static void a_node_gets_as_many_as_it_has_slots(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(2, 4, 0, 0);
    const struct bag_command *c;

    (void)state;
    add(q, 0, 20);
    c = bag_queue_next(q, 0);
    assert_int_equal(c->index, 0);
    assert_int_equal(c->attempt, 1);
    assert_memory_equal(c->argv, "true", 5);
    assert_int_equal(fill(q, 0), 3);
    assert_int_equal(fill(q, 1), 4);
    assert_int_equal(bag_queue_waiting(q), 12);
    assert_int_equal(bag_queue_result(q, 0, 0, 1, true, LONG), BAG_DONE);
    assert_int_equal(fill(q, 0), 1);
}

static void short_commands_are_handed_out_ahead(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(2, 1, 0, 0);

    (void)state;
    add(q, 0, 1000);
    (void)bag_queue_next(q, 0);
    assert_int_equal(bag_queue_result(q, 0, 0, 1, true, SHORT), BAG_DONE);
    assert_in_range(fill(q, 0), 40, 60); /* 50 ms of them */
}

static void near_the_end_no_node_takes_the_part_of_another(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(4, 2, 0, 0);

    (void)state;
    add(q, 0, 1);
    (void)bag_queue_next(q, 0);
    assert_int_equal(bag_queue_result(q, 0, 0, 1, true, SHORT), BAG_DONE);
    add(q, 1, 16);
    assert_in_range(fill(q, 0), 2, 4);
}

static void what_fails_is_tried_again_elsewhere(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(2, 1, 1, 0);
    const struct bag_command *c;

    (void)state;
    add(q, 0, 3);
    assert_int_equal(bag_queue_next(q, 0)->index, 0);
    assert_int_equal(bag_queue_result(q, 0, 0, 1, false, LONG), BAG_AGAIN);
    assert_int_equal(bag_queue_next(q, 0)->index, 1); /* not the one that failed here */
    c = bag_queue_next(q, 1);
    assert_int_equal(c->index, 0);
    assert_int_equal(c->attempt, 2);
    assert_int_equal(bag_queue_result(q, 1, 0, 1, true, LONG), BAG_UNKNOWN);
    assert_int_equal(bag_queue_result(q, 1, 0, 2, false, LONG), BAG_FAILED);
    assert_int_equal(bag_queue_failed(q), 1);
}

static void one_node_alone_repeats_its_own(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(1, 1, 5, 0);

    (void)state;
    add(q, 0, 1);
    bag_queue_close(q);
    for (uint32_t attempt = 1; attempt <= 5; attempt++) {
        assert_int_equal(bag_queue_next(q, 0)->attempt, attempt);
        assert_int_equal(bag_queue_result(q, 0, 0, attempt, false, LONG), BAG_AGAIN);
        assert_false(bag_queue_is_over(q));
    }
    assert_non_null(bag_queue_next(q, 0));
    assert_int_equal(bag_queue_result(q, 0, 0, 6, false, LONG), BAG_FAILED);
    assert_true(bag_queue_is_over(q));
}

static void nothing_begins_after_too_many_failures(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(1, 2, 0, 2);

    (void)state;
    add(q, 0, 5);
    assert_int_equal(fill(q, 0), 2);
    assert_int_equal(bag_queue_result(q, 0, 0, 1, false, LONG), BAG_FAILED);
    assert_false(bag_queue_is_stopped(q));
    assert_int_equal(fill(q, 0), 1);
    assert_int_equal(bag_queue_result(q, 0, 1, 1, false, LONG), BAG_FAILED);
    assert_true(bag_queue_is_stopped(q));
    assert_null(bag_queue_next(q, 0));
    assert_false(bag_queue_is_over(q)); /* one still runs */
    assert_int_equal(bag_queue_result(q, 0, 2, 1, true, LONG), BAG_DONE);
    assert_true(bag_queue_is_over(q));
}

static void count_lost(void *ctx, const struct bag_command *command,
                       enum bag_verdict verdict)
{
    size_t *counts = ctx;

    (void)command;
    counts[verdict]++;
}

static void commands_of_a_lost_node_go_elsewhere(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(2, 3, 0, 0);
    size_t counts[BAG_FAILED + 1] = {0};

    (void)state;
    add(q, 0, 6);
    bag_queue_close(q);
    assert_int_equal(fill(q, 0), 3);
    assert_int_equal(bag_queue_lose(q, 0, count_lost, counts), 3);
    assert_int_equal(counts[BAG_AGAIN], 3);
    assert_int_equal(bag_queue_lose(q, 0, count_lost, counts), 0);
    assert_null(bag_queue_next(q, 0));
    assert_false(bag_queue_ready(q, 0));
    assert_int_equal(bag_queue_next(q, 1)->attempt, 2);
    assert_int_equal(fill(q, 1), 2);
    assert_false(bag_queue_is_stranded(q));
    (void)bag_queue_lose(q, 1, count_lost, counts);
    assert_true(bag_queue_is_stranded(q));
    bag_queue_regain(q, 1);
    assert_null(bag_queue_next(q, 1)); /* it has to come first */
    assert_true(bag_queue_ready(q, 1));
    assert_int_equal(fill(q, 1), 3);
}

static void what_ends_its_nodes_is_given_up(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(1, 1, 0, 0);
    size_t counts[BAG_FAILED + 1] = {0};

    (void)state;
    add(q, 0, 1);
    for (int i = 0; i <= BAG_LOSSES_MAX; i++) {
        assert_non_null(bag_queue_next(q, 0));
        assert_int_equal(bag_queue_lose(q, 0, count_lost, counts), 1);
        bag_queue_regain(q, 0);
        assert_true(bag_queue_ready(q, 0));
    }
    assert_int_equal(counts[BAG_AGAIN], BAG_LOSSES_MAX);
    assert_int_equal(counts[BAG_FAILED], 1);
    assert_int_equal(bag_queue_failed(q), 1);
}

static void idle_slots_get_what_waits_at_others(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(2, 1, 0, 0);
    size_t ahead;

    (void)state;
    add(q, 0, 1);
    (void)bag_queue_next(q, 0);
    (void)bag_queue_result(q, 0, 0, 1, true, SHORT);
    add(q, 1, 8);
    ahead = fill(q, 0);
    assert_true(ahead > 1);
    assert_false(bag_queue_wants_back(q, 0)); /* there is still something for node 1 */
    for (; bag_queue_waiting(q);)
        (void)bag_queue_result(q, 1, bag_queue_next(q, 1)->index, 1, true, SHORT);
    assert_true(bag_queue_wants_back(q, 0));
    assert_false(bag_queue_wants_back(q, 0)); /* it was asked */
    bag_queue_return(q, 0, ahead);
    bag_queue_heard(q, 0);
    assert_int_equal(bag_queue_next(q, 1)->attempt, 1);
}

static void the_window_is_kept(void **state)
{
    cleanup(queue_destroyp) struct bag_queue *q = make(1, 1, 0, 0);
    cleanup(freep) char *big = xcalloc(1, BAG_WINDOW);

    (void)state;
    assert_false(bag_queue_add(q, 0, big, BAG_WINDOW));
    assert_true(bag_queue_add(q, 0, big, BAG_WINDOW - BAG_COMMAND_COST));
    assert_false(bag_queue_add(q, 1, "a", 2));
    assert_int_equal(bag_queue_take_credit(q, true), 0);
    assert_non_null(bag_queue_next(q, 0));
    assert_int_equal(bag_queue_take_credit(q, false), BAG_WINDOW);
    assert_true(bag_queue_add(q, 1, "a", 2));
    assert_false(bag_queue_add(q, 1, "a", 2));  /* indexes ascend */
    assert_false(bag_queue_add(q, 2, "ab", 2)); /* no NUL at its end */
    bag_queue_close(q);
    assert_false(bag_queue_add(q, 2, "a", 2));
}

/* Whatever happens, each command ends once or is still there. */
static void no_command_is_lost_or_run_twice(void **state)
{
    enum { NODES = 3, COMMANDS = 400 };
    cleanup(queue_destroyp) struct bag_queue *q = make(NODES, 2, 2, 0);
    unsigned int seed = 17, ended = 0;
    uint64_t held[NODES][64];
    uint32_t attempts[NODES][64];
    size_t n[NODES] = {0};
    unsigned char has_ended[COMMANDS] = {0};

    (void)state;
    add(q, 0, COMMANDS);
    bag_queue_close(q);
    while (!bag_queue_is_over(q)) {
        uint32_t node = (uint32_t)rand_r(&seed) % NODES;
        const struct bag_command *c = bag_queue_next(q, node);

        if (c && n[node] < 64) {
            held[node][n[node]] = c->index;
            attempts[node][n[node]++] = c->attempt;
        } else if (n[node]) {
            size_t k = (size_t)rand_r(&seed) % n[node];
            enum bag_verdict verdict = bag_queue_result(
                q, node, held[node][k], attempts[node][k], rand_r(&seed) % 3, LONG);

            assert_int_not_equal(verdict, BAG_UNKNOWN);
            if (verdict != BAG_AGAIN) {
                assert_false(has_ended[held[node][k]]);
                has_ended[held[node][k]] = 1;
                ended++;
            }
            held[node][k] = held[node][--n[node]];
            attempts[node][k] = attempts[node][n[node]];
        }
    }
    assert_int_equal(ended, COMMANDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_gets_as_many_as_it_has_slots),
        cmocka_unit_test(short_commands_are_handed_out_ahead),
        cmocka_unit_test(near_the_end_no_node_takes_the_part_of_another),
        cmocka_unit_test(what_fails_is_tried_again_elsewhere),
        cmocka_unit_test(one_node_alone_repeats_its_own),
        cmocka_unit_test(nothing_begins_after_too_many_failures),
        cmocka_unit_test(commands_of_a_lost_node_go_elsewhere),
        cmocka_unit_test(what_ends_its_nodes_is_given_up),
        cmocka_unit_test(idle_slots_get_what_waits_at_others),
        cmocka_unit_test(the_window_is_kept),
        cmocka_unit_test(no_command_is_lost_or_run_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
