/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.h - a scheduler over four small nodes and two partitions
 */
#ifndef BERTH_TESTS_SCHED_FIXTURE_H
#define BERTH_TESTS_SCHED_FIXTURE_H

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "sched/sched.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define N_NODES 4
#define NODE_MEMORY 8192

struct fixture {
    struct node_topo *topo;
    struct sched *sched;
    struct sched_decision decisions[64];
};

/* Nodes n0..n3 of 4 cores, up. "batch" has all, "debug" n2 and n3 and an hour,
 * "closed" is down; "urgent" has all and a higher tier. */
static inline void fixture_init_with(struct fixture *f, bool known,
                                     const struct sched_options *options)
{
    static const char *const names[N_NODES] = {"n0", "n1", "n2", "n3"};
    struct bitset *all = bitset_create(N_NODES), *half = bitset_create(N_NODES);
    bitset_set_range(all, 0, N_NODES);
    bitset_set_range(half, 2, 2);
    struct sched_partition partitions[] = {
        {.name = "batch", .nodes = all, .time_max = TIME_UNLIMITED, .up = true},
        {.name = "debug", .nodes = half, .time_max = 3600, .up = true},
        {.name = "closed", .nodes = all, .time_max = TIME_UNLIMITED, .up = false},
        {.name = "urgent",
         .nodes = all,
         .time_max = TIME_UNLIMITED,
         .up = true,
         .tier = 1},
    };
    struct err err;
    if (node_topo_load("synthetic:pack:2 core:2 pu:1", &f->topo, NULL, &err) < 0 ||
        sched_create(options, NULL, 0, names, N_NODES, partitions, 4, &f->sched, &err) <
            0)
        fail_msg("%s", err.text);
    bitset_destroy(all);
    bitset_destroy(half);
    for (uint32_t i = 0; known && i < N_NODES; i++) {
        sched_node_set(f->sched, i, f->topo, NODE_MEMORY);
        sched_node_up(f->sched, i, true);
    }
}

static inline void fixture_init(struct fixture *f, bool known,
                                struct sched_policy policy)
{
    struct sched_options options = sched_options_default;
    options.policy = policy;
    fixture_init_with(f, known, &options);
}

static inline void fixture_fini(struct fixture *f)
{
    sched_check_invariants(f->sched);
    sched_destroy(f->sched);
    node_topo_destroy(f->topo);
}

static inline int fixture_setup(void **state)
{
    static struct fixture f;
    fixture_init(&f, true, (struct sched_policy){.order = SCHED_BY_PRIORITY});
    *state = &f;
    return 0;
}

/* First come, first served, and the first one that waits is promised a start. */
static inline int fixture_setup_easy(void **state)
{
    static struct fixture f;
    fixture_init(&f, true,
                 (struct sched_policy){.order = SCHED_BY_SUBMIT, .promises = 1});
    *state = &f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_fini(*state);
    return 0;
}

/* A job of 'tasks' single cores, submitted at its id. */
static inline struct sched_request request_of(uint32_t job, uint32_t tasks)
{
    return (struct sched_request){.job = job,
                                  .partition = "batch",
                                  .place = {.tasks = tasks},
                                  .submit_time = job,
                                  .time_limit = 600};
}

static inline void add(struct fixture *f, const struct sched_request *req)
{
    struct err err;
    if (sched_add(f->sched, req, &err) < 0)
        fail_msg("%s", err.text);
}

static inline void add_tasks(struct fixture *f, uint32_t job, uint32_t tasks)
{
    struct sched_request req = request_of(job, tasks);
    add(f, &req);
}

/* One pass; how many started. What they were given is forgotten. */
static inline size_t pass_at(struct fixture *f, int64_t now)
{
    bool more;
    size_t n =
        sched_pass(f->sched, now, f->decisions, ARRAY_SIZE(f->decisions), 0, &more);
    assert_false(more);
    for (size_t i = 0; i < n; i++)
        place_result_destroy(f->decisions[i].where);
    sched_check_invariants(f->sched);
    return n;
}

/* The decisions of the last pass_at, of which there were 'n': "3 4_1 7". */
static inline void assert_started(const struct fixture *f, size_t n, const char *ids)
{
    struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        const struct sched_decision *d = &f->decisions[i];
        strbuf_printf(&text, "%s%u", i ? " " : "", d->id.job);
        if (d->id.task != SCHED_NO_TASK)
            strbuf_printf(&text, "_%u", d->id.task);
        if (d->verb == SCHED_REFUSE)
            strbuf_printf(&text, " refused");
    }
    assert_string_equal(text.s ? text.s : "", ids);
    strbuf_fini(&text);
}

#define assert_pass(f, now, ids) assert_started(f, pass_at(f, now), ids)

static inline void end_at(struct fixture *f, uint32_t job, int64_t now)
{
    sched_ended(f->sched, SCHED_JOB(job), now);
}

static inline void assert_why(const struct fixture *f, uint32_t job,
                              enum sched_reason reason, const char *words)
{
    struct err err = {0};
    assert_int_equal(sched_why(f->sched, job, &err), reason);
    assert_string_equal(err.text, words);
}

#endif
