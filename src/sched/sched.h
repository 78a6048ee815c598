/* SPDX-License-Identifier: Apache-2.0
 *
 * sched.h - what starts, where and when
 *
 * Pure: no I/O, no clock, no threads, no globals. It is told what there is
 * (nodes, reservations, licences), what is wanted (requests) and what happened
 * (ended, suspended, lost), and on sched_pass answers with decisions. The
 * controller carries them out and tells what became of them; the simulator does
 * the same with virtual time.
 *
 *      sched_add ---> waits ---- SCHED_START ----> runs --- sched_ended --> gone
 *                       ^                           | |
 *                       |   SCHED_REQUEUE, _CANCEL  | +-- SCHED_SUSPEND --> stopped
 *                       +---- (sched_ended, add) ---+ <--- SCHED_RESUME ------+
 */
#ifndef BERTH_SCHED_SCHED_H
#define BERTH_SCHED_SCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "assoc/assoc.h"
#include "base/err.h"
#include "spec/array_spec.h"
#include "spec/depend_spec.h"
#include "place/place.h"
#include "topo/switch_tree.h"

struct sched;

/* ------------------------------------------------------------------ ids */

/* A job, or one task of an array. */
struct sched_id {
    uint32_t job;  /* never 0 */
    uint32_t task; /* array index; SCHED_NO_TASK */
};
#define SCHED_NO_TASK UINT32_MAX
#define SCHED_JOB(id) ((struct sched_id){.job = (id), .task = SCHED_NO_TASK})

/* -------------------------------------------------------------- options */

/* Who comes first.
 *   SCHED_BY_PRIORITY  multifactor priority, see struct sched_factors
 *   SCHED_BY_SUBMIT    first come, first served
 *   SCHED_BY_TIME      shortest requested time
 *   SCHED_BY_F1        log10(time) * cores + 870 * log10(submit), smallest first
 *                      (Carastan-Santos and de Camargo, SC'17)
 *   SCHED_BY_WFP3      -(wait / time)^3 * cores, smallest first (Tang et al., 2009)
 *   SCHED_BY_SLOWDOWN  what waiting costs a job of its length; see sched_slowdown
 */
enum sched_order {
    SCHED_BY_PRIORITY,
    SCHED_BY_SUBMIT,
    SCHED_BY_TIME,
    SCHED_BY_F1,
    SCHED_BY_WFP3,
    SCHED_BY_SLOWDOWN
};

#define SCHED_ALL_PROMISED UINT32_MAX

struct sched_policy {
    enum sched_order order;
    /* How many jobs that cannot start are promised a start at a time. A promise
     * is never made later by a job that comes after it. 0: the first job that
     * does not fit holds back all behind it in its partition (FIFO). 1: EASY.
     * SCHED_ALL_PROMISED: conservative. */
    uint32_t promises;
    /* A job has to wait so long until its promise binds: before, it is a plan that
     * gives way to jobs that come before it. Seconds. */
    int64_t bind;
    bool backfill_shortest; /* behind the promised ones, shortest time first */
    /* The model of the published window tables: the first in the order is
     * committed to and not displaced, what fills up must end before its start,
     * in order of submission. */
    bool commit_head;
    bool fill; /* with commit_head: whether anything fills up at all */
};
/* "fifo", "easy", "conservative", "hybrid", "default". -EINVAL with words. */
int sched_policy_named(const char *name, struct sched_policy *ret, struct err *err);

/* SCHED_BY_SLOWDOWN: the first is the one with the largest
 *
 *     wait / tau - ln(expected time) + width * ln(cores)      (plus what weights add)
 *
 * tau = max(tau, phi * mean wait of those that wait): each tau of waiting counts
 * like being e times shorter, and under load waiting counts less, or the oldest
 * would only ever be served. The expected time is what the history of run times
 * makes of the time asked for (history.h); it orders, and promises nothing.
 */
struct sched_slowdown {
    int64_t tau; /* seconds */
    double phi, width;
    /* A job that was overtaken by so much work of later ones comes first: seconds
     * of the whole cluster; 0: never. Looked at once in look_interval seconds. */
    int64_t budget, look_interval;
};

struct sched_weights { /* of factors in [0, 1]; see struct sched_factors */
    double age, size, fairshare, qos, partition, slowdown;
};

/* What became of a job that another depends on and that the scheduler does not
 * know (any more): asked of the caller. Pure and quick. */
typedef struct depend_facts sched_fate_fn(void *ctx, uint32_t job, uint32_t task);

/* Who depends on who runs: requests with a class (see struct sched_request). Both are
 * pure but for what they count, and quick. */
struct sched_company {
    /* Take nodes out where a job of the class may not begin now. 'may_use' are those
     * of its partition and wishes, whatever is free. */
    void (*narrow)(void *ctx, uint32_t class, const struct bitset *may_use,
                   struct bitset *nodes);
    /* How much less it would like each of 'nodes' than the best of them, in the unit of
     * place_level. False: all are alike. */
    bool (*like)(void *ctx, uint32_t class, const struct bitset *nodes,
                 uint32_t *ret_costs);
    /* A job of the class begins to run on the node (1), or does so no more (-1). */
    void (*moved)(void *ctx, uint32_t class, uint32_t node, int by);
    /* Requests of this class and gang wait or run now (1), or the last of them is gone
     * (-1): their numbers may mean others then. NULL: nobody asks. */
    void (*kept)(void *ctx, uint32_t class, uint32_t gang, int by);
    void *ctx;
};

enum sched_preempt { SCHED_PREEMPT_NONE, SCHED_PREEMPT_QOS, SCHED_PREEMPT_PARTITION };

struct sched_options {
    struct sched_policy policy;
    struct sched_weights weights;
    struct sched_slowdown slowdown;
    int64_t age_max;        /* seconds until age counts in full */
    int64_t order_interval; /* how old an order by priority may be, seconds */
    int64_t window;         /* no promise further ahead than this; seconds */
    uint32_t depth;         /* jobs looked at in a pass; 0: all */
    enum sched_preempt preempt;
    enum qos_preempt preempt_mode; /* where a QOS or partition says "cluster" */
    int64_t overrun; /* what a job past its limit is thought to need still */
    struct place_weights place;
    bool numbers_only;   /* cores are counted, not chosen: a simulator's flat machine */
    sched_fate_fn *fate; /* NULL: they are unknown */
    void *fate_ctx;
    struct sched_company company;
    struct assoc *assoc; /* borrowed; NULL: no accounts, no limits */
};
extern const struct sched_options sched_options_default;
/* Those that it was made with. */
const struct sched_options *sched_options_of(const struct sched *sched);

/* Names and tree as for switch_tree_build; partitions are bit sets of node
 * indexes. All borrowed for the call. */
struct sched_partition {
    const char *name;
    const struct bitset *nodes;
    int64_t time_max; /* TIME_UNLIMITED or seconds */
    bool up;
    int32_t priority;         /* factor, relative to the highest */
    int32_t tier;             /* jobs of a higher tier come first; preemption */
    enum qos_preempt preempt; /* how its jobs are, with SCHED_PREEMPT_PARTITION */
    int64_t grace;
    const char *qos;               /* whose limits hold for its jobs as well; NULL */
    uint32_t nodes_min, nodes_max; /* of a job; 0: no limit */
    bool exclusive;                /* whole nodes always */
};
int sched_create(const struct sched_options *options, const struct switch_def *defs,
                 size_t n_defs, const char *const *node_names, size_t n_nodes,
                 const struct sched_partition *partitions, size_t n_partitions,
                 struct sched **ret, struct err *err);
void sched_destroy(struct sched *sched);

/* ---------------------------------------------------------------- nodes */

/* A node's hardware is known (borrowed until the node is set again). A node
 * starts down; cores in use by running jobs stay in use across down and up. */
void sched_node_set(struct sched *sched, uint32_t node, const struct node_topo *topo,
                    uint64_t memory);
/* The same for a node of so many cores, all alike. */
void sched_node_set_flat(struct sched *sched, uint32_t node, uint32_t cores,
                         uint64_t memory);
/* Up: new work may start on it. Down and drained are alike here: running jobs
 * keep what they hold until they are told to have ended. */
void sched_node_up(struct sched *sched, uint32_t node, bool up);
/* A node has an image now, which the caller gave a number from 1 on: jobs that run
 * in it like to go there. */
void sched_image_held(struct sched *sched, uint32_t image, uint32_t node);
/* Which nodes have this feature; replaces what was said before. */
void sched_feature_set(struct sched *sched, const char *name,
                       const struct bitset *nodes);
/* The number of a kind of devices, for place_gres: "gpu", or those of it that are of
 * 'type' (may be NULL). Kinds that no node has are fine. */
uint32_t sched_gres_kind(struct sched *sched, const char *name, const char *type);
/* How many of a licence there are; 0 takes it away. */
void sched_licence_set(struct sched *sched, const char *name, uint32_t count);

/* --------------------------------------------------------- reservations */

struct sched_reservation {
    const char *name;
    const struct bitset *nodes;
    int64_t start, end;
    int64_t every;    /* it recurs so often, seconds; 0: once */
    int64_t floating; /* start is always so far ahead of now; 0: it is 'start' */
    const uint32_t *uids;
    size_t n_uids;
    const char *const *accounts;
    size_t n_accounts;
    bool maintenance; /* may overlap others; nobody's jobs */
    bool flexible;    /* its jobs may begin before and end after it, and elsewhere */
};
/* Add or replace. -EBUSY with words: it overlaps another one, or, unless
 * 'ignore_running', a job that runs would still hold its nodes. */
int sched_reserve(struct sched *sched, const struct sched_reservation *what,
                  bool ignore_running, int64_t now, struct err *err);
void sched_unreserve(struct sched *sched, const char *name);
/* Choose 'count' nodes of a partition that are free for a reservation in
 * [start, end), the emptiest first. The caller destroys *ret. -EBUSY with words. */
int sched_reserve_pick(struct sched *sched, const char *partition, uint32_t count,
                       int64_t start, int64_t end, struct bitset **ret,
                       struct err *err);

/* ------------------------------------------------------------- requests */

enum sched_exclusive { SCHED_SHARED, SCHED_WHOLE_NODES, SCHED_OWN_NODES /* =user */ };

/* So many start together at most; a pass needs room for so many decisions. */
#define SCHED_SET_MAX 128

/* Everything is copied; pointers that are NULL ask for nothing. */
struct sched_request {
    uint32_t job; /* id, never 0 */
    /* Components that start together: the id of the first of them, and in that one
     * how many there are, at most SCHED_SET_MAX. 0: none. They are preempted together,
     * and so is a gang. */
    uint32_t leader, set_size;
    bool follows; /* preempted, it is to leave when the others of its set have left */
    /* Jobs of their own that start together: a number that they have in common, and how
     * many of them there are to be, at most SCHED_SET_MAX. 0: none. */
    uint32_t gang, gang_size;
    const char *partition;
    struct place_request place; /* its bit sets are copied */
    int64_t submit_time, eligible_time;
    int64_t time_limit;    /* TIME_UNLIMITED or seconds */
    int64_t time_min;      /* may be given less, down to this; 0: no */
    int64_t time_expected; /* what the caller's history says; 0: nothing */
    int64_t deadline;      /* must have ended by then; 0: none */
    int32_t nice;
    int64_t priority; /* fixed; 0: computed. Goes first where none is computed */
    bool held;
    bool no_preempt;                /* cannot be requeued, nor can its set */
    uint32_t uid;                   /* UINT32_MAX: nobody in particular */
    const char *name;               /* for singleton */
    const char *account, *qos;      /* resolved by options.assoc */
    const char *user;               /* name of the uid, for accounts */
    bool any_account;               /* may be in every account, as uid 0 may */
    const char *features;           /* feature_spec */
    const char *licences;           /* licence_spec */
    const char *reservation;        /* name */
    const char *dependency;         /* depend_spec */
    const struct array_spec *array; /* a template; NULL: one job */
    int64_t switches_wait;          /* place.switches_max holds for so long */
    enum sched_exclusive exclusive;
    uint32_t image; /* number of its image, see sched_image_held; 0: none */
    /* As 'company' knows it; 0: nobody cares whom it runs beside. One that depends on
     * who runs is tried in each pass and promised nothing. */
    uint32_t class;
    bool depends;
    /* Nodes where it may not begin for now, but might another time: it waits for them,
     * and is asked for anew (sched_update) when they are others. NULL: none. */
    const struct bitset *barred;
    bool never_preempts; /* it pushes nobody aside */
    int64_t grace;       /* from being told to end until it is made to; 0: as ever */
};

/* Could it ever run? 0 or -EINVAL with words that name the option at fault; -EAGAIN:
 * not now, too many of its gang wait. */
int sched_check(struct sched *sched, const struct sched_request *req, struct err *err);
/* It waits. -EEXIST: the id is known already; -EINVAL: words say what is wrong. */
int sched_add(struct sched *sched, const struct sched_request *req, struct err *err);
/* Pending or running, with all its array tasks: forget it, and free what it
 * holds. Unknown: nothing. */
void sched_remove(struct sched *sched, uint32_t job);
/* One task of an array that has not started leaves it. -ENOENT: none waits. */
int sched_remove_task(struct sched *sched, struct sched_id id);
/* All of its tasks that have not started leave an array; those that run stay. */
void sched_remove_left(struct sched *sched, uint32_t job);
void sched_hold(struct sched *sched, uint32_t job, bool held);
/* The request has changed (time limit, partition, priority ...): as if removed
 * and added, but age and place among equals stay. Pending jobs only; -ENOENT. */
int sched_update(struct sched *sched, const struct sched_request *req, struct err *err);

/* ----------------------------------------------------------------- runs */

/* Recovery: this job runs on these nodes and cores already, whether or not the
 * nodes are known yet. 'req.array' is ignored. Also -EBUSY: another job holds
 * some of these cores. */
int sched_adopt(struct sched *sched, struct sched_id id,
                const struct sched_request *req, const struct place_result *where,
                int64_t started, struct err *err);
/* Recovery: it was stopped before (SCHED_SUSPEND), and holds its memory only. */
void sched_adopt_stopped(struct sched *sched, struct sched_id id, int64_t now);
/* Recovery: it was told to end, and will have within 'grace' seconds. If it was
 * preempted (makes_room), nobody is pushed aside until it has left or should have. */
void sched_adopt_leaving(struct sched *sched, struct sched_id id, int64_t grace,
                         bool makes_room, int64_t now);
/* Whether it runs, but holds its memory only. */
bool sched_is_stopped(const struct sched *sched, struct sched_id id);
/* A run is stopped by hand, and stays so (parked); or may go on: a pass resumes it
 * when its cores are free. Of what is stopped already only that is noted. What is
 * leaving, or unknown, stays as it is. */
void sched_park(struct sched *sched, struct sched_id id, bool parked, int64_t now);
/* It has ended; what it holds is free. Jobs that depend on it are looked at (the
 * fate function answers for it from now on), also when it is unknown. */
void sched_ended(struct sched *sched, struct sched_id id, int64_t now);
/* Who depends on who runs sees the run as one of another class, also 0. -ENOENT: it
 * does not run; -EINVAL. */
int sched_set_class(struct sched *sched, struct sched_id id, uint32_t class,
                    struct err *err);
/* The limit of a running job is another. */
void sched_set_limit(struct sched *sched, struct sched_id id, int64_t time_limit);

/* ---------------------------------------------------------------- passes */

enum sched_verb {
    SCHED_START,
    SCHED_SUSPEND, /* stop it: 'for_job' needs its cores */
    SCHED_RESUME,
    SCHED_REQUEUE, /* end it after 'grace' and queue it again, for 'for_job' */
    SCHED_CANCEL,  /* end it after 'grace', for 'for_job' */
    SCHED_REFUSE   /* a waiting job can never run any more; 'why' says it */
};

struct sched_decision {
    enum sched_verb verb;
    struct sched_id id;
    struct place_result *where; /* SCHED_START: now the caller's; NULL: numbers_only */
    int64_t time_limit;         /* SCHED_START: what it is given */
    int64_t priority;           /* SCHED_START: what it had; numbers_only: 0 */
    bool is_backfill;           /* it passed a job that waits for room */
    int64_t grace;
    uint32_t for_job;
    struct err why;
};

/* Decide at 'now'. Cores of a start count as used at once, and its job as
 * running; what is suspended counts as stopped, what is resumed as running.
 * Preempted jobs run until sched_ended. Fills at most 'max' decisions and
 * looks at about 'budget' jobs (0: all), then returns how many there are; call
 * again with *ret_more. Events between two calls are taken up as they come. */
size_t sched_pass(struct sched *sched, int64_t now, struct sched_decision *decisions,
                  size_t max, uint32_t budget, bool *ret_more);
/* The next time at which a pass is worth while though nothing happens: a begin
 * time, a promise, a reservation's edge, a deadline. 0: none. */
int64_t sched_next_time(const struct sched *sched, int64_t now);

/* ----------------------------------------------------------- explanation */

enum sched_reason {
    SCHED_NONE,
    SCHED_PRIORITY,
    SCHED_RESOURCES,
    SCHED_HELD,
    SCHED_BEGIN_TIME,
    SCHED_PARTITION_DOWN,
    SCHED_NODES_DOWN,
    SCHED_DEPENDENCY,
    SCHED_DEPENDENCY_NEVER,
    SCHED_LICENSES,
    SCHED_RESERVATION,
    SCHED_ARRAY_LIMIT,
    SCHED_LIMIT, /* of an account, a QOS: sched_limit_of names it */
    SCHED_PAST_DEADLINE,
    SCHED_GANG /* not enough of its gang could start */
};
/* Why a pending job did not start in the last pass; words (may be NULL) say
 * what it lacks. */
enum sched_reason sched_why(const struct sched *sched, uint32_t job, struct err *words);
limit_reason sched_limit_of(const struct sched *sched, uint32_t job);

/* The factors of a job's priority, each in [0, 1], before their weights. */
struct sched_factors {
    double age;       /* since it could run, of age_max */
    double size;      /* of the cluster: nodes or cores, whichever is more */
    double fairshare; /* of its account and user */
    double qos, partition;
    double slowdown; /* as of struct sched_slowdown; not in [0, 1] */
    int32_t nice;
    double total; /* weighted sum, minus nice; or what was fixed */
};
/* False: there is no such waiting job. */
bool sched_factors(const struct sched *sched, uint32_t job, int64_t now,
                   struct sched_factors *ret);
/* The rounded total; 0 for an unknown job. */
int64_t sched_priority(const struct sched *sched, uint32_t job, int64_t now);

#define SCHED_BLOCKERS_MAX 16

/* One change that would let a job start sooner. */
struct sched_remedy {
    char *change; /* "--time=2:00:00", "--nodes=3", "without --constraint" */
    int64_t start;
};
struct sched_explanation {
    enum sched_reason reason;
    struct err words;
    int64_t start; /* estimated; 0: cannot be told */
    bool is_promised;
    uint32_t ahead; /* jobs that come before it */
    /* Running jobs whose end it waits for, and when that is at the latest. */
    struct sched_id blockers[SCHED_BLOCKERS_MAX];
    int64_t blocker_ends[SCHED_BLOCKERS_MAX];
    size_t n_blockers;
    char *reservation;          /* that stands in its way; may be NULL */
    struct place_result *where; /* what it would get; NULL when unknown */
    struct sched_remedy *remedies;
    size_t n_remedies;
};
/* Plan ahead at 'now', as if no further job came, all of those before it took
 * what they ask for and ran to their limits. Changes nothing. -ENOENT when no
 * such job waits. */
int sched_explain(struct sched *sched, uint32_t job, int64_t now,
                  struct sched_explanation *ret, struct err *err);
void sched_explanation_fini(struct sched_explanation *explanation);

struct sched_estimate {
    uint32_t job;
    int64_t start; /* 0: not within the plan */
    bool is_promised;
};
/* Estimated starts of the first 'max' waiting jobs in their order. Returns how
 * many were written. */
size_t sched_estimates(struct sched *sched, int64_t now, struct sched_estimate *ret,
                       size_t max);

/* The promised start of a waiting job; 0: none. */
int64_t sched_promised(const struct sched *sched, uint32_t job);

/* Free and used, for people. */
void sched_node_usage(const struct sched *sched, uint32_t node,
                      uint32_t *ret_cores_used, uint64_t *ret_memory_used);

/* Recovery: a job of the past, for the history of run times. */
void sched_learn(struct sched *sched, uint32_t uid, int64_t time_limit, uint64_t cores,
                 int64_t seconds);

struct sched_counts {
    uint64_t waiting, running, classes, promises; /* now */
    uint64_t decisions, tests, passes;            /* so far */
};
void sched_counts(const struct sched *sched, struct sched_counts *ret);

/* Property tests: resources add up, no core has two owners, promises hold.
 * Aborts if not. */
void sched_check_invariants(const struct sched *sched);
/* For them too: is more planned of a node or licence than there is, now or later?
 * No start and no promise does that, only a job that overruns, a raised limit, or a
 * node or licence that has become less. */
bool sched_is_overbooked(const struct sched *sched);

#endif
