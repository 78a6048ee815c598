/* SPDX-License-Identifier: Apache-2.0
 *
 * test_queue.c - known jobs, and waiting ones in order
 */
#include "sched/queue.h"

#include <stdlib.h>

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct sched_job *add(struct queue *queue, uint32_t id, int64_t priority)
{
    struct sched_request req = {.job = id, .partition = "p"};
    struct sched_job *job = queue_add(queue, &req, 0, NULL);
    job->priority = priority;
    return job;
}

static void assert_order(const struct queue *queue, const uint32_t *ids, size_t n)
{
    queue_check_invariants(queue);
    size_t at = 0;
    for (size_t i = 0; i < queue->n_waiting; i++) {
        if (!queue->waiting[i])
            continue;
        assert_true(at < n);
        assert_int_equal(queue->waiting[i]->req.job, ids[at++]);
    }
    assert_int_equal(at, n);
}

static void higher_priority_first_then_the_lower_id(void **state)
{
    (void)state;
    struct queue queue = {0};
    add(&queue, 3, 10);
    add(&queue, 4, 50);
    add(&queue, 1, 10);
    add(&queue, 2, -5);
    assert_false(queue.sorted);
    queue_sort(&queue);
    assert_true(queue.sorted);
    assert_order(&queue, (uint32_t[]){4, 1, 3, 2}, 4);
    queue_fini(&queue);
}

static void order_stays_when_jobs_leave(void **state)
{
    (void)state;
    struct queue queue = {0};
    for (uint32_t id = 1; id <= 5; id++)
        add(&queue, id, 0);
    queue_sort(&queue);
    queue_remove(&queue, queue_find(&queue, 2));
    queue_start(&queue, queue_find(&queue, 4), xcalloc(1, sizeof(struct place_result)));
    assert_order(&queue, (uint32_t[]){1, 3, 5}, 3);
    add(&queue, 6, 0);
    queue_sort(&queue);
    assert_int_equal(queue.n_waiting, 4);
    assert_order(&queue, (uint32_t[]){1, 3, 5, 6}, 4);
    assert_null(queue_find(&queue, 2));
    assert_non_null(queue_find(&queue, 4));
    queue_fini(&queue);
}

static void the_sets_of_a_request_are_copied(void **state)
{
    (void)state;
    struct queue queue = {0};
    struct bitset *required = bitset_create(8);
    bitset_set(required, 3);
    struct sched_request req = {.job = 1, .place = {.required = required}};
    queue_add(&queue, &req, 0, NULL);
    bitset_destroy(required);
    assert_true(bitset_test(queue_find(&queue, 1)->req.place.required, 3));
    queue_fini(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(higher_priority_first_then_the_lower_id),
        cmocka_unit_test(order_stays_when_jobs_leave),
        cmocka_unit_test(the_sets_of_a_request_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
