/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_fixture.h - an allocation for tests of what steps get of it
 */
#ifndef BERTH_TESTS_LAYOUT_FIXTURE_H
#define BERTH_TESTS_LAYOUT_FIXTURE_H

#include "shepherd/layout.h"

#define NODES 4

/* Four nodes n1..n4 with four cores each, placed for 8 tasks of one core. */
struct fixture {
    Berth__NodeShare shares[NODES];
    Berth__NodeShare *pointers[NODES];
    char names[NODES][8];
    char *task_cores[2];
    Berth__Placement placement;
    Berth__Grant grant;
    Berth__JobSpec job;
    Berth__StepSpec spec;
    Berth__LaunchStep launch;
    struct layout *layout;
    struct err err;
};

int layout_setup(void **state);
int layout_teardown(void **state);

/* Place f->spec as f->launch / give any step's room back. */
int take_step(struct fixture *f);
void give_step(struct fixture *f, Berth__LaunchStep *launch);

/* That f->launch has these: "n1:0,1 n2:2,3". */
void assert_ranks(const struct fixture *f, const char *expected);

#define LAYOUT_TEST(f) cmocka_unit_test_setup_teardown(f, layout_setup, layout_teardown)

#endif
