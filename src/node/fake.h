/* SPDX-License-Identifier: Apache-2.0
 *
 * fake.h - a node that is only pretended: it takes jobs and ends them, and runs
 * nothing
 *
 * For tests of scale: one process is thousands of them. Towards the controller
 * each is a node like any other, with a connection, a registration, heartbeats
 * and reports of its own (uplink.h).
 */
#ifndef BERTH_NODE_FAKE_H
#define BERTH_NODE_FAKE_H

#include "node/uplink.h"

/* The job's variable that says how long it runs, in seconds ("0.5"). */
#define FAKE_RUNTIME_VARIABLE "BERTH_FAKE_RUNTIME"

/* What all nodes of one process share. */
struct fake_settings {
    int64_t runtime_ms;       /* of jobs that do not say; < 0: until their time limit */
    void (*on_up)(void *ctx); /* a node has registered for the first time */
    void *ctx;
};

struct fake_node;

/* 'self' and 'settings' are borrowed. Lives until the process ends. */
struct fake_node *fake_node_create(const struct uplink_self *self,
                                   const struct fake_settings *settings);
void fake_node_start(struct fake_node *node);

/* Seconds, with a fraction, to milliseconds. -EINVAL with words. */
int fake_runtime_parse(const char *text, int64_t *ret_ms, struct err *err);

/* How long a job of this spec runs here, in milliseconds; -1: until it is ended.
 * *ret_timed_out: its time limit is what ends it. Pure. */
int64_t fake_runtime(const Berth__JobSpec *spec, int64_t default_ms,
                     bool *ret_timed_out);

#endif
