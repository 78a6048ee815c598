/* SPDX-License-Identifier: Apache-2.0
 *
 * preempt_calls.h - a cluster whose jobs push others aside, and what nodes hear of it
 */
#ifndef BERTH_TESTS_CONTROLLER_PREEMPT_CALLS_H
#define BERTH_TESTS_CONTROLLER_PREEMPT_CALLS_H

#include "fixture.h"

#include "base/mem.h"
#include "wire/pack.h"

/* Partition "small" (n4 alone) goes before "main", and its jobs push others aside. */
static inline struct cluster *with_preemption(void **state,
                                              enum config_preempt_mode mode)
{
    struct cluster *cluster = *state;

    cluster_stop(cluster);
    cluster->config->scheduling.preempt = CONFIG_PREEMPT_PARTITION;
    cluster->config->scheduling.preempt_mode = mode;
    cluster->config->partitions[1].priority = 9;
    cluster_start(cluster);
    return cluster;
}

static inline void assert_ordered(struct party *node, uint32_t job, int signal)
{
    cleanup(free_messagep) Berth__Envelope *order =
        party_expect(node, BERTH__ENVELOPE__BODY_SIGNAL_JOB);

    assert_int_equal(order->signal_job->job_id, job);
    assert_int_equal(order->signal_job->signal, signal);
    party_answer(node, order, 0, "");
}

#endif
