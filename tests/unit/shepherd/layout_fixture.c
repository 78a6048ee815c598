/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_fixture.c - an allocation for tests of what steps get of it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/strv.h"
#include "layout_fixture.h"

static char cores_of_node[] = "0-3";
static char devices_of_node[] = "4-7"; /* GPUs of no type */
static char core_2[] = "2", core_3[] = "3";

int layout_setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    berth__placement__init(&f->placement);
    berth__grant__init(&f->grant);
    berth__job_spec__init(&f->job);
    berth__step_spec__init(&f->spec);
    berth__launch_step__init(&f->launch);
    f->task_cores[0] = core_2;
    f->task_cores[1] = core_3;
    for (int i = 0; i < NODES; i++) {
        berth__node_share__init(&f->shares[i]);
        (void)snprintf(f->names[i], sizeof(f->names[i]), "n%d", i + 1);
        f->shares[i].node = f->names[i];
        f->shares[i].cores = cores_of_node;
        f->shares[i].tasks = 2;
        f->shares[i].task_cores = f->task_cores;
        f->shares[i].n_task_cores = 2;
        f->shares[i].memory = 1000;
        f->shares[i].devices = devices_of_node;
        f->pointers[i] = &f->shares[i];
    }
    f->placement.shares = f->pointers;
    f->placement.n_shares = NODES;
    f->grant.placement = &f->placement;
    f->job.tasks = 8;
    f->job.cpus_per_task = 1;
    assert_int_equal(layout_create(&f->grant, &f->job, &f->layout, &f->err), 0);
    *state = f;
    return 0;
}

int layout_teardown(void **state)
{
    struct fixture *f = *state;

    layout_clear_nodes(&f->launch);
    layout_destroy(f->layout);
    free(f);
    return 0;
}

int take_step(struct fixture *f)
{
    return layout_take(f->layout, &f->spec, false, &f->launch, &f->err);
}

void give_step(struct fixture *f, Berth__LaunchStep *launch)
{
    layout_give(f->layout, launch);
    layout_clear_nodes(launch);
}

/* "n1:0,1 n2:2,3" */
static char *ranks_of(const Berth__LaunchStep *launch)
{
    cleanup(strv_freep) char **words = NULL;

    for (size_t i = 0; i < launch->n_nodes; i++) {
        cleanup(strv_freep) char **ranks = NULL;
        cleanup(freep) char *list = NULL;

        for (size_t r = 0; r < launch->nodes[i]->n_ranks; r++)
            strv_take(&ranks, xasprintf("%u", launch->nodes[i]->ranks[r]));
        list = strv_join(ranks, ",");
        strv_take(&words, xasprintf("%s:%s", launch->nodes[i]->node, list));
    }
    return strv_join(words, " ");
}

void assert_ranks(const struct fixture *f, const char *expected)
{
    cleanup(freep) char *ranks = ranks_of(&f->launch);

    assert_string_equal(ranks, expected);
}
