/* SPDX-License-Identifier: Apache-2.0
 *
 * test_pick.c - which nodes of a set, and how many tasks on each
 */
#include "place/pick.h"

#include "base/mem.h"
#include "base/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Eight cores a node, 'free' of them free; picks as "node:tasks ...". Each node is
 * a class of its own. */
static void assert_picks(const struct place_request *req, const uint32_t *free_cores,
                         uint32_t n, const char *expected)
{
    struct pick_class classes[8];
    struct pick_node nodes[8];
    struct place_want want = place_want_of(req);
    uint32_t avail[8] = {0}, used = 0;
    for (uint32_t i = 0; i < n; i++) {
        classes[i] = (struct pick_class){
            .n_cores = 8,
            .free = free_cores[i],
            .capacity = place_want_capacity(&want, free_cores[i], 1 << 20),
            .required = req->required && bitset_test(req->required, i)};
        for (uint32_t q = 0; q < req->n_quotas; q++)
            classes[i].quotas |= (uint32_t)bitset_test(req->quotas[q].nodes, i) << q;
        avail[i] = classes[i].capacity > 0;
    }
    struct strbuf text = STRBUF_INIT;
    struct picker picker;
    struct pick pick;
    picker_init(&picker, &want);
    picker_use(&picker, classes, n);
    pick_init(&pick);
    if (!pick_choose(&picker, avail, &pick)) {
        strbuf_puts(&text, "none");
    } else {
        for (uint32_t i = 0; i < n; i++)
            if (pick.take[i])
                nodes[used++] = (struct pick_node){.node = i, .class = (uint16_t)i};
        assert_int_equal(used, pick.n_nodes);
        pick_deal(&picker, &pick, nodes, used);
    }
    for (uint32_t i = 0; i < used; i++)
        strbuf_printf(&text, "%s%u:%u", i ? " " : "", nodes[i].node, nodes[i].tasks);
    assert_string_equal(text.s, expected);
    strbuf_fini(&text);
    pick_fini(&pick);
    picker_fini(&picker);
}

static void the_last_node_is_the_one_that_the_rest_fits_best(void **state)
{
    (void)state;
    assert_picks(&(struct place_request){.tasks = 10}, (uint32_t[]){8, 8, 3, 2}, 4,
                 "0:8 3:2");
    assert_picks(&(struct place_request){.tasks = 11}, (uint32_t[]){8, 8, 3, 2}, 4,
                 "0:8 2:3");
    assert_picks(&(struct place_request){.tasks = 12}, (uint32_t[]){8, 8, 3, 2}, 4,
                 "0:8 1:4");
}

static void nodes_in_use_come_before_free_ones_of_equal_use(void **state)
{
    (void)state;
    struct place_request req = {.nodes_min = 2, .tasks = 4, .cpus_per_task = 3};
    assert_picks(&req, (uint32_t[]){8, 7, 6, 8}, 4, "1:2 2:2");
}

static void uneven_room_is_filled_to_one_level(void **state)
{
    (void)state;
    struct place_request req = {.nodes_min = 3, .tasks = 14};
    assert_picks(&req, (uint32_t[]){8, 2, 6}, 3, "0:6 1:2 2:6");
}

static void a_maximum_of_nodes_is_kept(void **state)
{
    (void)state;
    struct place_request req = {.nodes_min = 1, .nodes_max = 2, .tasks = 17};
    assert_picks(&req, (uint32_t[]){8, 8, 8}, 3, "none");
    req.tasks = 16;
    assert_picks(&req, (uint32_t[]){8, 8, 8}, 3, "0:8 1:8");
}

static void required_nodes_are_always_among_them(void **state)
{
    (void)state;
    struct bitset *required = bitset_create(3);
    bitset_set(required, 2);
    struct place_request req = {.nodes_min = 1, .nodes_max = 3, .tasks = 2};
    req.required = required;
    assert_picks(&req, (uint32_t[]){8, 2, 8}, 3, "2:2");
    req.tasks = 9;
    assert_picks(&req, (uint32_t[]){8, 2, 8}, 3, "1:1 2:8");
    bitset_destroy(required);
}

static void overcommitted_tasks_have_room_anywhere(void **state)
{
    (void)state;
    struct place_request req = {.tasks = 1000000, .overcommit = true};
    assert_picks(&req, (uint32_t[]){8, 1}, 2, "0:1000000");
    req.nodes_min = 2;
    assert_picks(&req, (uint32_t[]){8, 1}, 2, "0:500000 1:500000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_node_is_the_one_that_the_rest_fits_best),
        cmocka_unit_test(nodes_in_use_come_before_free_ones_of_equal_use),
        cmocka_unit_test(uneven_room_is_filled_to_one_level),
        cmocka_unit_test(a_maximum_of_nodes_is_kept),
        cmocka_unit_test(required_nodes_are_always_among_them),
        cmocka_unit_test(overcommitted_tasks_have_room_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
