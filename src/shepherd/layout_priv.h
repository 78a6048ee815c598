/* SPDX-License-Identifier: Apache-2.0
 *
 * layout_priv.h - the parts of a layout, shared by the files that work one out
 *
 *     layout.c          what the allocation has, who uses it; take and give
 *     layout_wish.c     what a step comes to, once defaults are filled in
 *     layout_count.c    which nodes, and how many tasks on each
 *     layout_room.c     how many tasks a node has room for
 *     layout_ranks.c    which ranks these are: --distribution
 *     layout_cores.c    which cores each task gets, and which are held for the step
 *     layout_devices.c  which GPUs and the like
 *     layout_claim.c    what is left alone for a step that waits
 */
#ifndef BERTH_SHEPHERD_LAYOUT_PRIV_H
#define BERTH_SHEPHERD_LAYOUT_PRIV_H

#include "shepherd/layout.h"
#include "spec/distribution_spec.h"

#define CORES_MAX 65536
#define DEVICES_MAX 65536
#define TASKS_MAX (1u << 20)

/* A device of the job on a node. */
struct held_device {
    uint32_t index; /* among the node's, as in NodeShare.devices */
    char *name;     /* "gpu" */
    char *type;     /* "a100"; NULL: none, or not known */
    uint16_t users; /* steps that asked for it */
};

/* What the allocation has on a node, and what steps use of it. */
struct share {
    const Berth__NodeShare *from;
    uint32_t *core_ids; /* logical indexes of the granted cores, ascending */
    uint16_t *users;    /* steps that hold each of them */
    uint32_t n_cores;
    uint64_t memory_used; /* MiB that steps asked for; of from->memory */
    struct held_device *devices;
    size_t n_devices;
    /* Of the claim, if there is one: cores and memory that a waiting step needs here,
     * and the cores that were in use when it began to wait and still are. */
    uint32_t claimed;
    uint64_t claimed_memory;
    bool claims_devices;
    bool *before;
};

struct layout {
    const Berth__JobSpec *job;
    struct share *shares;
    size_t n_shares;
};

/* Devices that a step asks for. */
struct device_wish {
    enum { DEVICES_OF_NODE, DEVICES_OF_TASK, DEVICES_OF_STEP } per;
    const char *option; /* "gpus-per-task" */
    char *name, *type;  /* NULL: of any type */
    uint64_t count;
};

/* What a step comes to, once defaults are filled in. */
struct wish {
    uint32_t tasks, cpus, tasks_per_node;
    size_t *nodes;        /* indexes of shares: those that may be used */
    size_t n_candidates;  /* of them */
    size_t n_nodes;       /* the first so many are used */
    size_t min_nodes;     /* it would do with so many */
    size_t n_named;       /* the first ones, asked for by name */
    uint64_t memory;      /* MiB on each node */
    uint64_t memory_core; /* MiB for each core */
    bool memory_all;      /* all that the job has there */
    struct device_wish *devices;
    size_t n_devices;
    bool all_nodes;  /* each of them has to get a task */
    bool overlaps;   /* with other steps: what these hold does not matter */
    bool overcommit; /* tasks may share cores */
    bool is_wide;    /* nothing was said of cores: it may use those that nobody holds */
    struct distribution_spec dist;
};

static inline uint32_t either(uint32_t first, uint32_t second)
{
    return first ? first : second;
}

/* ----------------------------------------------------------- layout_wish.c */
/* Fill 'wish' from what was asked for and the job's own. -EINVAL with the option at
 * fault. The caller ends it with wish_fini, also after an error. */
int wish_make(const struct layout *layout, const Berth__StepSpec *spec,
              struct wish *wish, struct err *err);
void wish_fini(struct wish *wish);

/* ----------------------------------------------------------- layout_room.c */
/* With what a step has to get by. */
enum room_of {
    ROOM_NOW,     /* what nobody uses */
    ROOM_PASSING, /* that, without what the claim needs */
    ROOM_EMPTY,   /* all that the job has */
};

/* For how many tasks of the wish the node has room. */
uint32_t room_on(const struct share *share, const struct wish *wish, enum room_of of);
/* MiB that 'tasks' of them take. */
uint64_t memory_of(const struct share *share, const struct wish *wish, uint32_t tasks);
/* Words on why there is no room for it: with ROOM_NOW "other steps use ...", -EAGAIN;
 * with ROOM_EMPTY the option that asks for more than there is, -EINVAL. */
int room_refused(const struct layout *layout, const struct wish *wish, enum room_of of,
                 struct err *err);

/* ---------------------------------------------------------- layout_count.c */
/* Choose nodes: orders wish->nodes and sets wish->n_nodes, with counts[i] tasks on
 * the i-th. *ret_as_placed says that the placement's own map of tasks to cores fits.
 * -EAGAIN while others use what is needed, -EINVAL when it can never fit. */
int count_tasks(const struct layout *layout, const Berth__StepSpec *spec,
                struct wish *wish, enum room_of of, uint32_t *counts,
                bool *ret_as_placed, struct err *err);
/* The same as if nobody used anything, on the nodes that have most room now. */
bool count_when_empty(const struct layout *layout, struct wish *wish, uint32_t *counts);
/* Whether there is such a choice: -EINVAL with the option at fault. */
int count_check(const struct layout *layout, const struct wish *wish, struct err *err);

/* ---------------------------------------------------------- layout_ranks.c */
/* Deal ranks out to the nodes of 'launch', counts[i] to the i-th. */
void ranks_deal(Berth__LaunchStep *launch, const uint32_t *counts,
                const struct wish *wish, const Berth__StepSpec *spec);

/* ---------------------------------------------------------- layout_cores.c */
/* Give cores to the tasks that 'node' has ranks for, and hold them. */
void cores_take(struct share *share, const struct wish *wish,
                const Berth__StepSpec *spec, bool as_placed, Berth__StepNode *node);
void cores_give(struct share *share, const Berth__StepNode *node);

/* -------------------------------------------------------- layout_devices.c */
/* The devices of the share, from its lists. -EBADMSG when they cannot be read. */
int devices_list(struct share *share, struct err *err);
void devices_unlist(struct share *share);
/* Add what the options ask for to the wish. */
int devices_wish(const Berth__StepSpec *spec, struct wish *wish, struct err *err);
/* For how many tasks (at most 'limit') there are devices. */
uint32_t devices_room(const struct share *share, const struct wish *wish,
                      enum room_of of, uint32_t limit);
/* Whether those that are for the whole step can be found on these nodes. */
bool devices_fit(const struct layout *layout, const struct wish *wish, enum room_of of);
/* The wish that the allocation cannot grant on any node; NULL. */
const struct device_wish *devices_too_many(const struct layout *layout,
                                           const struct wish *wish);
/* Choose them for all nodes of 'launch', and hold them. */
void devices_take(struct layout *layout, const struct wish *wish,
                  Berth__LaunchStep *launch);
void devices_give(struct share *share, const Berth__StepNode *node);

#endif
