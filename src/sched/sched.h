/* SPDX-License-Identifier: Apache-2.0
 *
 * sched.h - what starts, where, now
 *
 * Pure: no I/O, no clock, no threads, no globals. It is told what there is
 * (nodes), what is wanted (requests) and what happened (started, ended, lost),
 * and on sched_pass answers with decisions. The controller carries them out and
 * tells what became of them; the simulator does the same with virtual time.
 */
#ifndef BERTH_SCHED_SCHED_H
#define BERTH_SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "place/place.h"
#include "topo/switch_tree.h"

struct sched;

struct sched_options {
    double weight_age, weight_size; /* priority: see sched_priority */
    int64_t age_max;                /* seconds until age counts in full */
    struct place_weights place;
};
extern const struct sched_options sched_options_default;

/* Node set. Names and tree as for switch_tree_build; partitions are bit sets of
 * node indexes. All borrowed for the call. */
struct sched_partition {
    const char *name;
    const struct bitset *nodes;
    int64_t time_max; /* TIME_UNLIMITED or seconds */
    bool up;
};
int sched_create(const struct sched_options *options, const struct switch_def *defs,
                 size_t n_defs, const char *const *node_names, size_t n_nodes,
                 const struct sched_partition *partitions, size_t n_partitions,
                 struct sched **ret, struct err *err);
void sched_destroy(struct sched *sched);

/* A node's hardware is known (borrowed until the node is set again). A node
 * starts down; cores in use by running jobs stay in use across down and up. */
void sched_node_set(struct sched *sched, uint32_t node, const struct node_topo *topo,
                    uint64_t memory);
void sched_node_up(struct sched *sched, uint32_t node, bool up);

struct sched_request {
    uint32_t job; /* id, never 0 */
    const char *partition;
    struct place_request place; /* its bit sets are copied */
    int64_t submit_time, eligible_time;
    int64_t time_limit;
    int32_t nice;
    bool held;
};

/* Could it ever run? 0 or -EINVAL with words that name the option at fault. */
int sched_check(const struct sched *sched, const struct sched_request *req,
                struct err *err);
/* It waits. -EEXIST: the id is known already; -EINVAL: no such partition. */
int sched_add(struct sched *sched, const struct sched_request *req, struct err *err);
/* Pending or running: forget it, and free what it holds. Unknown: nothing. */
void sched_remove(struct sched *sched, uint32_t job);
void sched_hold(struct sched *sched, uint32_t job, bool held);
/* Recovery: this job runs on these nodes and cores already, whether or not the
 * nodes are known yet. Also -EBUSY: another job holds some of these cores. */
int sched_adopt(struct sched *sched, const struct sched_request *req,
                const struct place_result *where, struct err *err);

struct sched_decision {
    uint32_t job;
    struct place_result *where; /* now the caller's */
};

/* Decide at 'now': in priority order, start what fits; the first that does not
 * fit keeps its place, and only jobs in other partitions may pass it. (A job
 * that the nodes that are up could not hold even empty waits without keeping
 * others back: SCHED_NODES_DOWN.) Cores of a decision count as used at once,
 * and its job as running. Fills at most 'max' decisions and returns
 * how many; call again while it returns 'max'. */
size_t sched_pass(struct sched *sched, int64_t now, struct sched_decision *decisions,
                  size_t max);

enum sched_reason {
    SCHED_NONE,
    SCHED_PRIORITY,
    SCHED_RESOURCES,
    SCHED_HELD,
    SCHED_BEGIN_TIME,
    SCHED_PARTITION_DOWN,
    SCHED_NODES_DOWN
};
/* Why a pending job did not start in the last pass; words (may be NULL) say
 * what it lacks. */
enum sched_reason sched_why(const struct sched *sched, uint32_t job, struct err *words);

/* Age and size, both in [0, 1], times their weights, minus nice. */
int64_t sched_priority(const struct sched *sched, uint32_t job, int64_t now);

/* Free and used, for people. */
void sched_node_usage(const struct sched *sched, uint32_t node,
                      uint32_t *ret_cores_used, uint64_t *ret_memory_used);
/* Property tests: resources add up, no core has two owners. Aborts if not. */
void sched_check_invariants(const struct sched *sched);

#endif
