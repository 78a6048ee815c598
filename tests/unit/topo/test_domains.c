/* SPDX-License-Identifier: Apache-2.0
 *
 * test_domains.c - cores as a tree of domains, on machines that nest differently
 */
#include "topo/domains.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "topo/node_topo.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void print(const struct domain_tree *tree, uint32_t d, struct strbuf *text)
{
    const struct domain *domain = &tree->at[d];
    if (domain->n_children == 0) {
        for (uint32_t i = 0; i < domain->n_cores; i++)
            strbuf_printf(text, "%s%u", i ? " " : "", tree->order[domain->first + i]);
        return;
    }
    for (uint32_t i = 0; i < domain->n_children; i++) {
        strbuf_putc(text, '[');
        assert_int_equal(tree->at[domain->child + i].parent, d);
        print(tree, domain->child + i, text);
        strbuf_putc(text, ']');
    }
}

static void assert_tree(const char *source, const char *expected)
{
    struct node_topo *topo = NULL;
    struct err err;
    if (node_topo_load(source, &topo, NULL, &err) < 0)
        fail_msg("%s", err.text);
    struct strbuf text = STRBUF_INIT;
    print(topo->domains, 0, &text);
    assert_string_equal(text.s, expected);
    strbuf_fini(&text);
    for (uint32_t core = 0; core < topo->n_cores; core++) {
        const struct domain *leaf = &topo->domains->at[topo->domains->leaf_of[core]];
        assert_int_equal(leaf->n_children, 0);
    }
    node_topo_destroy(topo);
}

static void one_domain_is_not_divided(void **state)
{
    (void)state;
    assert_tree("synthetic:pack:1 l3:1 core:3 pu:1", "0 1 2");
}

static void packages_hold_numa_nodes_hold_l3s(void **state)
{
    (void)state;
    assert_tree("synthetic:pack:2 group:2 [numa] l3:2 core:1 pu:1",
                "[[[0][1]][[2][3]]][[[4][5]][[6][7]]]");
}

static void an_l3_above_the_numa_nodes_stays_above(void **state)
{
    (void)state;
    assert_tree("synthetic:pack:2 l3:1 group:2 [numa] core:2 pu:1",
                "[[0 1][2 3]][[4 5][6 7]]");
}

static void a_level_that_divides_nothing_is_left_out(void **state)
{
    (void)state;
    assert_tree("synthetic:pack:1 [numa] l3:2 core:2 pu:1", "[0 1][2 3]");
}

/* Made by hand: two L3s that lie across both packages. */
static void domains_that_do_not_nest_are_cut(void **state)
{
    (void)state;
    uint16_t package[] = {0, 0, 1, 1}, numa[] = {0, 0, 0, 0}, l3[] = {0, 1, 0, 1};
    struct node_topo topo = {.n_cores = 4,
                             .n_packages = 2,
                             .n_numa = 1,
                             .n_l3 = 2,
                             .package_of = package,
                             .numa_of = numa,
                             .l3_of = l3};
    struct domain_tree *tree = domain_tree_create(&topo);
    struct strbuf text = STRBUF_INIT;
    print(tree, 0, &text);
    assert_string_equal(text.s, "[[0][1]][[2][3]]");
    strbuf_fini(&text);
    domain_tree_destroy(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_domain_is_not_divided),
        cmocka_unit_test(packages_hold_numa_nodes_hold_l3s),
        cmocka_unit_test(an_l3_above_the_numa_nodes_stays_above),
        cmocka_unit_test(a_level_that_divides_nothing_is_left_out),
        cmocka_unit_test(domains_that_do_not_nest_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
