/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - what struct sched is made of, for the files of this folder
 */
#ifndef BERTH_SCHED_INTERNAL_H
#define BERTH_SCHED_INTERNAL_H

#include <bsd/sys/tree.h>
#include <uthash.h>

#include "base/strbuf.h"
#include "place/cluster.h"
#include "place/want.h"
#include "sched/sched.h"
#include "sched/timeline.h"
#include "spec/feature_spec.h"
#include "spec/licence_spec.h"
#include "topo/switch_tree.h"

struct group;
struct sched_job;

/* --------------------------------------------------------------- edges */

/* A time at which something becomes free: a run's expected end, a promise's end,
 * a reservation's end. The search for a start walks along them. */
enum edge_kind { EDGE_RUN, EDGE_PROMISE, EDGE_RESERVATION };
struct edge {
    RB_ENTRY(edge) entry;
    int64_t time;
    uint64_t serial; /* ties */
    enum edge_kind kind;
};
RB_HEAD(edge_tree, edge);
RB_PROTOTYPE(edge_tree, edge, entry, edge_compare)
int edge_compare(const struct edge *a, const struct edge *b);

/* ---------------------------------------------------------------- runs */

enum run_state {
    RUN_RUNNING,
    RUN_STOPPED, /* suspended: holds memory, no cores */
    RUN_LEAVING  /* preempted, and told to end */
};

/* It makes room for a job, but for which nobody knows any more. */
#define LEFT_FOR_ANY UINT32_MAX

struct run {
    struct sched_id id;
    char *name; /* of the job; NULL: not known */
    struct group *group;
    struct sched_job *job; /* the template, for an array's limit; NULL: gone */
    struct place_result *where;
    struct place_result *kept; /* the memory of a stopped one; NULL */
    enum run_state state;
    int64_t since;                   /* when its job's age began */
    int64_t start, time_limit, left; /* left: of the limit, when stopped */
    struct tres tres;
    uint32_t licence;  /* item taken of an OR list */
    uint32_t left_for; /* the job that it leaves for, or LEFT_FOR_ANY */
    uint32_t leader;   /* of the set of components that it is of; 0: none */
    bool is_overdue;
    bool is_lifted;   /* for a moment: what if it were not there? */
    bool is_parked;   /* stopped by hand: no pass resumes it */
    struct edge edge; /* time: expected end; TIME_NEVER: not in the tree */
    UT_hash_handle hh;
};

/* A share of a run on one node. */
struct hold {
    struct run *run;
    uint32_t share;
};

static inline struct run *edge_run(struct edge *edge)
{
    return (struct run *)((char *)edge - offsetof(struct run, edge));
}

/* A core that is dealt out in slices, and when the last of them is to end. */
struct shared_core {
    uint32_t core;
    int64_t until;
};

struct sched_node {
    struct timeline line;
    struct amount total;
    struct hold *holds;
    uint32_t n_holds, cap_holds;
    struct shared_core *shared;
    uint32_t n_shared, cap_shared;
    uint32_t n_claims; /* promises on it */
    uint32_t counted;  /* cores for which it stands in sched.room */
    bool is_known, is_up;
};

/* ------------------------------------------------------------ promises */

struct promised_node {
    uint32_t node, tasks;
    uint32_t component; /* of a set: 0 is the leader */
    struct amount amount;
};

struct promise {
    struct sched_job *job;
    int64_t start, end;
    struct promised_node *nodes;
    uint32_t n_nodes;
    uint32_t licence;             /* item taken of an OR list */
    struct promised_node *former; /* where it was, until it has moved for good */
    uint32_t n_former, former_licence;
    int64_t former_start, former_end;
    bool is_broken; /* what it relied on is gone; it may come later */
    bool is_plan;   /* not told to anybody; gives way to a job that comes before */
    struct edge edge;
    struct promise *prev, *next;
};

static inline struct promise *edge_promise(struct edge *edge)
{
    return (struct promise *)((char *)edge - offsetof(struct promise, edge));
}

/* ---------------------------------------------------------------- jobs */

enum job_place {
    JOB_READY,    /* in its group's list */
    JOB_PROMISED, /* in the list of promises */
    JOB_PARKED    /* held, too early, depends, array at its limit */
};

struct sched_job {
    uint32_t id;
    enum job_place place;
    struct group *group;
    int64_t submit, eligible, since; /* since: when its age began */
    int64_t deadline;
    bool held, is_array;
    bool is_refused;          /* it can never run; the caller was told, or will be */
    enum sched_reason reason; /* while parked */
    char *words;
    char *name;
    struct depend_spec depend; /* what of it has not come true yet */
    struct array_spec left;    /* tasks that have not started */
    uint32_t task;             /* the next of them */
    uint32_t n_running;        /* tasks */
    uint32_t leader;           /* of a set of components; 0: none */
    uint32_t set_size;         /* of the leader: components there are to be */
    uint32_t set_last;         /* of a gang's leader: the last one of these */
    uint32_t gang;             /* whose leader there is when it is complete; 0: none */
    bool is_gang_ready;        /* but for the others it could start */
    struct promise *promise;
    int64_t wake;                  /* when to look at it again; 0: not by time */
    size_t timer;                  /* index in the heap + 1; 0: not there */
    struct sched_job *prev, *next; /* in the group's list */
    UT_hash_handle hh;
};

/* ------------------------------------------- partitions, licences, others */

struct partition {
    char *name;
    char *qos;
    struct bitset *nodes;
    int64_t time_max;
    bool up, exclusive;
    int32_t priority, tier;
    enum qos_preempt preempt;
    int64_t grace;
    uint32_t nodes_min, nodes_max;
};

struct licence {
    char *name;
    uint32_t count;
    struct timeline line; /* .cores counts */
    struct licence *next;
};

struct feature {
    char *name;
    struct bitset *nodes;
};

struct reservation {
    char *name;
    struct bitset *nodes;
    int64_t start, end, every, floating;
    uint32_t *uids;
    size_t n_uids;
    char **accounts; /* strv */
    bool maintenance, flexible;
    struct edge edge;
    struct reservation *prev, *next;
};

/* Nodes on which something became free since the groups were tested. */
struct gain {
    bool any;           /* on some node */
    bool other;         /* limits, licences, nodes, reservations: test all */
    struct amount most; /* of what is free on any of them, of each */
    uint32_t roomiest;  /* thousandths of the shared core with most left on any */
    int64_t until;      /* it was not free before that, on any of them */
};

RB_HEAD(group_tree, group);

/* What found no room: so many tasks, on so few nodes, for so long. */
#define FAILURES_MAX 8
struct failure {
    uint32_t partition, tasks, per_node, nodes_max;
    uint32_t cores, per_core; /* of a task; tasks that share them */
    uint64_t mem_per_node, mem_per_cpu;
    int64_t length;
    struct amount all; /* cores and memory of all tasks, on one node */
};

/* Groups that need the same numbers of nodes and cores. Where one finds no room,
 * none does. */
struct shape {
    uint64_t cores;           /* of all of it */
    uint32_t unit, nodes;     /* cores of a node, nodes */
    uint64_t milli;           /* and of a shared core */
    struct group_tree groups; /* that have ready jobs; first comes first */
    struct group *cursor;     /* the next that a pass looks at; NULL: none */
    size_t at;                /* index in order.heap + 1; 0: not there */
    bool is_passed_over;      /* by the walk that is under way */
    /* Of plain groups, in pass 'failed_in'. */
    uint32_t failed_in, n_failures;
    struct failure failures[FAILURES_MAX];
    UT_hash_handle hh;
};

struct order {
    struct shape *shapes;
    struct shape **heap; /* those that a pass still looks at, by cursor */
    size_t n_heap, cap_heap;
    int64_t made_at; /* when the ranks are of */
    double tau;      /* and with which scale of waiting */
    bool is_stale;
};

/* Jobs that may have overtaken the one that has waited longest. */
struct ended {
    int64_t since;
    double work; /* core-seconds */
};
struct guard {
    uint32_t job; /* that comes first now; 0: none */
    int64_t next_look;
    struct ended *ended;
    size_t n, cap;
};

struct dependents;
struct gang;

enum pass_stage { PASS_IDLE, PASS_PROMISES, PASS_GROUPS };

struct pass {
    enum pass_stage stage;
    uint32_t number;
    int64_t now;
    struct promise *next_promise;
    uint32_t looked_at;
    uint32_t *blocked_by; /* by partition: the job that blocks it, 0: none */
    uint32_t waits;       /* the first job that waits for room; 0: none yet */
    /* A job waits that depends on who runs; one that others may depend on has begun. */
    bool company_waits, company_came;
    bool is_hypothetical; /* timelines say more than is free in truth */
};

struct sched {
    struct sched_options options;
    struct switch_tree *tree;
    char **names; /* strv, by node index */
    struct place_cluster *cluster;
    struct sched_node *nodes;
    size_t n_nodes;
    uint64_t cores;      /* of all known nodes */
    uint64_t free_cores; /* now */
    uint32_t n_shared;   /* cores with slices, on all nodes */
    /* How many nodes that are up have at least so many cores free. */
    uint32_t *room;
    uint32_t n_room;
    uint32_t n_up;
    struct bitset *claimed; /* nodes with promises */
    uint32_t n_own_nodes;   /* runs that share nodes with their own user only */
    uint32_t up_version;    /* of which nodes are up and known, and have what */
    struct partition *partitions;
    size_t n_partitions;
    int32_t priority_max; /* of the partitions */
    struct licence *licences;
    struct feature *features;
    size_t n_features;
    struct bitset **images; /* nodes that hold each image; by its number */
    uint32_t n_images;
    struct reservation *reservations;

    struct sched_job *jobs;
    struct group *groups;
    struct group *last_found; /* of the groups, or NULL */
    struct strbuf key;        /* of the request that looks for its group */
    struct order order;
    struct sched_job **timers; /* heap by wake */
    size_t n_timers, cap_timers;
    struct dependents *dependents;
    struct gang *gangs;
    uint32_t *refusals; /* jobs that the caller has to be told of */
    size_t n_refusals, cap_refusals;

    struct run *runs;
    uint32_t n_stopped;
    struct edge_tree edges;
    uint64_t serial;
    struct promise *promises;
    uint32_t n_promises;
    struct history *history;
    struct guard guard;
    int64_t sum_since; /* of the jobs that are ready or promised */
    uint64_t n_ready;
    uint32_t committed; /* job, with policy.commit_head */
    int64_t committed_start;

    int64_t told;             /* the latest time that anything was said of */
    struct gain gain, gained; /* being gathered; since the last pass */
    struct pass pass;
    struct bitset *scratch, *mask, *feasible; /* of n_nodes bits */
    uint32_t *caps;                           /* by node, valid where feasible */
    struct sched_counts counts;
};

/* ------------------------------------------------------------- nodes.c */

/* What 'share' takes of its node. */
struct amount share_amount(const struct sched *sched, const struct place_share *share);
struct tres result_tres(const struct sched *sched, const struct place_result *where);
/* The job holds / no longer holds what 'where' says: in the cluster, on the
 * timelines in [from, to), in the lists of holds. */
void nodes_hold(struct sched *sched, struct run *run, int64_t from, int64_t to);
void nodes_release(struct sched *sched, struct run *run, int64_t from, int64_t to);
/* Who counts who runs where hears that it begins (1), or does not run any more (-1). */
void nodes_tell_run(struct sched *sched, const struct run *run, int by);
/* Only the timelines. */
void nodes_plan(struct sched *sched, const struct run *run, int64_t from, int64_t to,
                bool take);
/* It is 'now', or later. */
static inline void tell_time(struct sched *sched, int64_t now)
{
    sched->told = now > sched->told ? now : sched->told;
}
/* Numbers say that the group's jobs cannot start now, whatever else holds. */
bool nodes_lack_room(const struct sched *sched, const struct group *group);
/* Something became free on this node that was taken until 'until'. */
void nodes_note_gain(struct sched *sched, uint32_t node, int64_t until);
/* The run that holds a core of 'where' already; NULL: nobody. */
const struct run *nodes_holder(const struct sched *sched,
                               const struct place_result *where);
/* Tasks of the group's jobs that the node holds in [from, from + length). */
uint32_t nodes_capacity(const struct sched *sched, uint32_t node,
                        const struct group *group, int64_t from, int64_t length);
/* What 'tasks' of its tasks take of the node. */
struct amount nodes_need(const struct sched *sched, uint32_t node,
                         const struct group *group, uint32_t tasks);

/* ------------------------------------------------------------ slices.c */

/* Runs with slices of this core have come, gone, or end at another time: take it off
 * the timeline as long as any is there. What changes lies at 'from' or later. */
void slices_plan(struct sched *sched, uint32_t node, uint32_t core, int64_t from);
/* The timeline is made anew: none is planned any more. */
void slices_forget(struct sched *sched, struct sched_node *node);
/* Is a slice planned with a core of its own? */
bool slices_need_core(const struct sched *sched, uint32_t node,
                      const struct group *group, int64_t from, int64_t length);
/* There is no shared core for a job of the group anywhere, or it wants none. */
bool slices_lack_all(const struct sched *sched, const struct group *group);

/* -------------------------------------------------------------- runs.c */

struct run *runs_find(const struct sched *sched, struct sched_id id);
/* Takes 'where' over; it runs from 'start'. */
struct run *runs_begin(struct sched *sched, struct sched_id id, struct group *group,
                       struct sched_job *job, struct place_result *where,
                       int64_t job_since, int64_t start, int64_t time_limit,
                       int64_t now);
void runs_end(struct sched *sched, struct run *run, int64_t now);
void runs_stop(struct sched *sched, struct run *run, int64_t now);
void runs_resume(struct sched *sched, struct run *run, int64_t now);
/* It is told to end, and will have by 'end'. Its gang counts it no more. */
void runs_leave(struct sched *sched, struct run *run, int64_t end);
/* Jobs that should have ended and have not are expected to need a while yet. */
void runs_extend_overdue(struct sched *sched, int64_t now);

void edges_add(struct sched *sched, struct edge *edge, int64_t time);
void edges_remove(struct sched *sched, struct edge *edge);

/* ------------------------------------------------------------- guard.c */

void guard_note_end(struct sched *sched, const struct run *run, int64_t now);
/* Who comes first, if anybody has been overtaken too much. */
void guard_look(struct sched *sched, int64_t now);

/* ------------------------------------------------------------ search.c */

/* A start in the future: when, and which nodes with how many tasks. */
struct slot {
    int64_t start;
    struct promised_node *nodes;
    uint32_t n_nodes;
    uint32_t licence; /* item of an OR list */
};
void slot_fini(struct slot *slot);
/* Take its amounts off the timelines, or give them back. */
void slot_plan(struct sched *sched, const struct slot *slot, int64_t from, int64_t to,
               bool take);
/* The first start in [from, before) of a job of the group, as everything that runs
 * is expected to end and all promises are kept. False: there is none. */
bool search_start(struct sched *sched, struct group *group, int64_t from,
                  int64_t before, int64_t length, struct slot *ret);
/* Nodes that the group's jobs may use in [from, from + length), by partition,
 * features and reservations: into 'ret'. False: none, and if 'ret_reservation' is
 * not NULL and one stands in the way, its name. */
bool search_allowed(const struct sched *sched, const struct group *group, int64_t from,
                    int64_t length, struct bitset *ret, const char **ret_reservation);

/* Take nodes out that those who run now keep from the group's jobs. */
void search_narrow(const struct sched *sched, const struct group *group,
                   struct bitset *nodes);

/* ------------------------------------------------------------ liking.c */

/* Levels of the nodes for one of the group, by who runs there now (sched_company.like)
 * and what the request says. False: that alone counts. */
struct liking {
    struct place_level *levels;
    struct bitset **sets;
    uint32_t n;
};
bool liking_find(const struct sched *sched, const struct group *group,
                 const struct bitset *nodes, struct liking *ret);
void liking_fini(struct liking *liking);

/* ----------------------------------------------------------- promise.c */

void promise_make(struct sched *sched, struct sched_job *job, const struct slot *slot,
                  int64_t length);
/* Its job is ready again. */
void promise_drop(struct sched *sched, struct promise *promise);
/* Claim or unclaim its nodes, without forgetting it. */
void promise_claim(struct sched *sched, struct promise *promise);
void promise_unclaim(struct sched *sched, struct promise *promise);
/* Is there an earlier start? Then it moves there. False: what it relied on is gone,
 * and there is no other start. */
bool promise_improve(struct sched *sched, struct promise *promise, int64_t now);
/* It did not start after all where it was moved to: back, if that can be. */
void promise_revert(struct sched *sched, struct promise *promise);
/* Search a start for the job and promise it. False: there is none. */
bool promise_find(struct sched *sched, struct sched_job *job, int64_t now);

/* ------------------------------------------------------------- order.c */

double order_rank(const struct sched *sched, const struct group *group,
                  const struct sched_job *job, int64_t now);
/* A group leaves before its list of jobs changes in front, and enters again. */
void order_leave(struct sched *sched, struct group *group);
void order_enter(struct sched *sched, struct group *group);
/* Rank all of them again if that is due before a pass at 'now'. */
void order_prepare(struct sched *sched, int64_t now);
/* Who comes before all others; NULL: nobody is ready. */
struct group *order_first(const struct sched *sched);
/* A walk: each group once, and again when it enters anew. NULL: that was all. */
void order_begin(struct sched *sched);
struct group *order_next(struct sched *sched);
/* What order_next gave comes once more. */
void order_again(struct sched *sched, struct group *group);
/* The walk goes on without groups of this one's shape. */
void order_pass_over(struct sched *sched, const struct group *group);
void order_fini(struct sched *sched);

/* ----------------------------------------------------------- waiting.c */

struct sched_job *waiting_find(const struct sched *sched, uint32_t id);
/* Copies the request; the reference to the group is the job's. */
struct sched_job *waiting_add(struct sched *sched, const struct sched_request *req,
                              struct group *group, int64_t now, struct err *err);
/* Put the job where it belongs now: ready, or parked with the reason. An array of
 * which nothing is left is forgotten. */
void waiting_settle(struct sched *sched, struct sched_job *job, int64_t now);
/* Ready and first of its group no more: it starts, or is promised a start. */
void waiting_unlist(struct sched *sched, struct sched_job *job);
void waiting_set_place(struct sched *sched, struct sched_job *job,
                       enum job_place place);
/* It has started: this task of it, or all of it. */
void waiting_started(struct sched *sched, struct sched_job *job, int64_t now);
void waiting_forget(struct sched *sched, struct sched_job *job);
void waiting_fini(struct sched *sched);
/* The jobs whose time has come. */
void waiting_wake(struct sched *sched, int64_t now);
int64_t waiting_next_time(const struct sched *sched);

/* ------------------------------------------------------------ depend.c */

/* What the job depends on. Sets job->wake when time alone may change it. */
enum depend_verdict depend_judge(struct sched *sched, struct sched_job *job,
                                 int64_t now, struct err *words);
/* Do the tasks of an array depend on different things (aftercorr)? Then the job's
 * next task is chosen among those whose turn has come. */
bool depend_is_by_task(const struct sched_job *job);
/* Jobs that depend on this one are looked at again. */
void depend_touch(struct sched *sched, uint32_t job, int64_t now);
void depend_fini(struct sched *sched);

/* ------------------------------------------------------------ groups.c */

/* The group of a request, made if there is none; -EINVAL with words. */
int groups_find(struct sched *sched, const struct sched_request *req,
                struct group **ret, struct err *err);
void groups_unref(struct sched *sched, struct group *group);
/* Features have changed. */
void groups_refresh(struct sched *sched);
void groups_say(struct group *group, enum sched_reason reason, const char *words);

/* ------------------------------------------------------------- start.c */

/* Start the job (one task of an array, all components of a set) now, if there is
 * room that disturbs no promise but its own. Writes its decisions (there is room
 * for start_decisions()), returns how many, or 0 when it does not start; the group
 * then says why. */
size_t start_try(struct sched *sched, struct sched_job *job, int64_t now,
                 struct sched_decision *ret);
size_t start_decisions(const struct sched_job *job);

/* ---------------------------------------------------------- failures.c */

/* In this pass, something that asks for no more than the group found no room. */
bool failures_include(const struct sched *sched, const struct group *group);
/* The first job of the group was tried, and did not start: note it if that was for
 * want of room. */
void failures_add(const struct sched *sched, const struct group *group);

/* ---------------------------------------------------------- licences.c */

int licences_check(const struct sched *sched, const struct licence_spec *spec,
                   struct err *err);
/* Which item of an OR list could be had in [from, from + length); 0 for a list of
 * AND. False: not there, words say which is short. */
bool licences_free(const struct sched *sched, const struct licence_spec *spec,
                   int64_t from, int64_t length, uint32_t *ret_item, struct err *err);
/* The first time at or after 'from' at which they can be had so long. */
int64_t licences_earliest(const struct sched *sched, const struct licence_spec *spec,
                          int64_t from, int64_t length);
void licences_plan(struct sched *sched, const struct licence_spec *spec, uint32_t item,
                   int64_t from, int64_t to, bool take);
void licences_fini(struct sched *sched);

/* ------------------------------------------------------- reservation.c */

/* Does the reservation, in one of its recurrences, meet [from, from + length)? */
bool reservation_meets(const struct reservation *r, int64_t now, int64_t from,
                       int64_t length);
/* The first time from 'from' on at which a job of 'length' fits into a recurrence,
 * and the last such time in that one; TIME_NEVER: there is none. Jobs without a limit
 * fit wherever it is open. A floating one has no time of its own. */
int64_t reservation_window(const struct reservation *r, int64_t from, int64_t length,
                           int64_t *ret_last);
/* The reservation that holds the group's jobs to its time and nodes, NULL: they ask
 * for none, or for one that is flexible. *ret_is_gone: it is there no more. */
const struct reservation *reservation_of(const struct sched *sched,
                                         const struct group *group, bool *ret_is_gone);
bool reservation_admits(const struct reservation *r, const struct group *group);
/* Recurring ones move on. */
void reservations_roll(struct sched *sched, int64_t now);
int64_t reservations_next_time(const struct sched *sched, int64_t now);
struct reservation *reservation_find(const struct sched *sched, const char *name);
void reservations_fini(struct sched *sched);

/* -------------------------------------------------------------- sets.c */

/* As search_start, for a job; for the leader of a set: for all of its components at
 * once. *ret_length is how long the nodes are needed. */
bool sets_search(struct sched *sched, struct sched_job *job, int64_t from,
                 int64_t before, struct slot *ret, int64_t *ret_length);

/* The 'i'-th of the leader's set, and which of its set a job is. */
struct sched_job *sets_member(const struct sched *sched, const struct sched_job *leader,
                              uint32_t i);
uint32_t sets_component(const struct sched *sched, const struct sched_job *job);

/* ------------------------------------------------------------- gangs.c */

/* -EINVAL: its gang is to be of another size, or larger than a pass can start;
 * -EAGAIN: too many of it wait. */
int gangs_check(const struct sched *sched, const struct sched_request *req,
                struct err *err);
/* A job that waits becomes a member, or waits no more; the others are looked at. */
void gangs_join(struct sched *sched, struct sched_job *job,
                const struct sched_request *req);
void gangs_leave(struct sched *sched, uint32_t gang, uint32_t job, int64_t now);
/* A run of a member has begun (1), or ended or was told to make room (-1). */
void gangs_moved(struct sched *sched, const struct group *group, int by);
/* The job has been looked at: look at the others. */
void gangs_settle(struct sched *sched, const struct sched_job *job, int64_t now);
/* Nothing but the others holds it back: SCHED_NONE for the leader of a set that is
 * complete, SCHED_PRIORITY for its other members. */
enum sched_reason gangs_judge(struct sched *sched, struct sched_job *job);
/* It is looked at anew, or goes. */
void gangs_unready(const struct sched *sched, struct sched_job *job);
/* Between these its members are being started: they are left as they are. When they
 * have 'started' those that still wait are looked at. */
void gangs_begin(struct sched *sched, uint32_t gang);
void gangs_begun(struct sched *sched, uint32_t gang, bool started, int64_t now);

/* ----------------------------------------------------------- victims.c */

/* Runs that leave or stop together for another job, [first, first + n) of those found:
 * one, or a whole set. */
struct victim {
    size_t first, n;
    int32_t tier;  /* the highest of them, */
    int64_t start; /* the first, */
    uint32_t id;   /* and the lowest */
    bool is_spared;
};
struct victim_run {
    struct run *run;
    enum qos_preempt mode;
    int64_t grace; /* of its QOS or partition */
};
struct victims {
    struct victim_run *runs;
    struct victim *each; /* the least worthy first */
    size_t n_runs, n;
    bool is_cut; /* there are more of them */
};
/* Who may be pushed aside for the job, so far as that could help it: of a set all or
 * none. */
void victims_find(const struct sched *sched, const struct sched_job *job,
                  struct victims *ret);
void victims_fini(struct victims *victims);
/* The set that a run is of, components or a gang; 0: none. */
uint64_t victims_set(const struct run *run);

/* ----------------------------------------------------------- preempt.c */

/* Find running jobs that this one may push aside so that it could start, and give
 * the orders: they are appended to decisions[*n]. Returns how many decisions that
 * were; 0: it does not help, or they are too many, and the group says so. */
size_t preempt_for(struct sched *sched, struct sched_job *job,
                   struct sched_decision *decisions, size_t *n, size_t max);
/* Stopped jobs whose cores are free again go on. Returns how many decisions. */
size_t preempt_resume(struct sched *sched, struct sched_decision *decisions,
                      size_t max);

/* ------------------------------------------------------------ commit.c */

/* The pass of policy.commit_head. */
size_t commit_pass(struct sched *sched, int64_t now, struct sched_decision *decisions,
                   size_t max, bool *ret_more);

#endif
