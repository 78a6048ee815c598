/* SPDX-License-Identifier: Apache-2.0
 *
 * group.h - waiting jobs that ask the same, kept together
 *
 * A group is an equivalence class: same shape, constraints, partition, account,
 * user, QOS, limits, nice. What holds back its first job holds back all of it,
 * and within it the one that has waited longest comes first, always. So a pass
 * tests groups, not jobs.
 */
#ifndef BERTH_SCHED_GROUP_H
#define BERTH_SCHED_GROUP_H

#include "sched/internal.h"

/* One of the ways in which features can be had: [a|b] are two. */
struct alternative {
    struct bitset *allowed; /* nodes of the partition that have the features */
    struct place_quota *quotas;
    struct bitset **quota_sets; /* what these point to */
    uint32_t n_quotas;
};

/* What a group asks for, in the form in which it is compared with what is free. */
struct demand {
    struct alternative *alternatives;
    uint32_t n_alternatives;
    const struct bitset *allowed; /* of the alternative that is looked at */
    const struct place_quota *quotas;
    uint32_t n_quotas;
    uint32_t nodes_min, nodes_max; /* of the request, with defaults */
    uint32_t tasks;                /* 0: per_node on each */
    uint32_t per_node;             /* tasks that a node must hold to be of use */
    struct amount unit;            /* the least that a node must have free for it */
    uint64_t cores;                /* of all of it, at least */
    struct tres tres;              /* about, for limits; exact once placed */
};

struct group {
    /* What a pass looks at of a group that it passes over: one cache line. */
    RB_ENTRY(group) entry;
    double rank;         /* of its first job; higher comes first */
    uint64_t need_cores; /* of demand */
    uint32_t need_unit, need_nodes;
    uint32_t tested; /* number of the last pass that did */
    int32_t tier;
    struct shape *shape;

    void *key;
    size_t key_len;
    struct sched_request req; /* what members share; strings are in 'strings' */
    char **strings;           /* strv */
    struct bitset *required, *excluded, *place_allowed, *barred;
    struct place_gres *gres;
    struct place_level *levels;
    struct bitset **level_sets;
    uint32_t *general; /* by gres: the kind that it counts as too, or UINT32_MAX */
    struct demand demand;
    struct licence_spec licences;
    struct assoc_handle assoc;
    double expected; /* seconds that its jobs are thought to run */
    uint32_t partition;
    bool has_assoc;
    bool is_plain; /* any nodes of the partition will do, and nothing else counts */

    struct sched_job *jobs; /* ready and not promised, longest waiting first */
    uint32_t n_refs;        /* members, ready or not, and runs */

    bool is_listed; /* in the order */

    int64_t few_until;        /* of the job that is looked at: switches_max holds */
    bool is_timed;            /* to be tested in each pass: something depends on time */
    uint32_t up_checked;      /* sched.up_version in which those that are up could */
    uint32_t place_checked;   /* that in which the nodes could hold it */
    enum sched_reason reason; /* what it said */
    limit_reason limit;
    uint32_t behind;
    char *words;
    UT_hash_handle hh;
};

RB_PROTOTYPE(group_tree, group, entry, group_compare)
int group_compare(const struct group *a, const struct group *b);

/* Look at one of its alternatives from now on. */
void group_choose(struct group *group, uint32_t alternative);

#endif
