/* SPDX-License-Identifier: Apache-2.0
 *
 * assoc.h - accounts, their users, QOS: who may use how much, and who is next
 *
 * A tree: the account "root" on top, accounts below it, users as leaves. A user in
 * an account (perhaps for one partition only) is an association. Pure: no clock,
 * no I/O; 'now' is given, in seconds, and time that runs backwards counts as
 * standing still.
 *
 * While root is the only account, everybody is a member of it with one share, from
 * the first job on. With accounts, a user needs an association.
 */
#ifndef BERTH_ASSOC_ASSOC_H
#define BERTH_ASSOC_ASSOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assoc/limits.h"
#include "assoc/tres.h"
#include "base/err.h"

#define ASSOC_NAME_MAX 64
#define ASSOC_DEPTH_MAX 32
#define ASSOC_NONE UINT32_MAX
#define ASSOC_ROOT 0 /* index of the account "root" */
#define QOS_NORMAL 0 /* index of the QOS "normal", which is always there */

struct assoc;

enum fair_form {
    FAIR_TREE,   /* ranks, level by level (slurm.schedmd.com/fair_tree.html) */
    FAIR_CLASSIC /* 2^-(usage/shares) (slurm.schedmd.com/classic_fair_share.html) */
};

struct assoc_options {
    enum fair_form form;
    int64_t half_life; /* seconds in which usage counts half; 0: it never fades */
    /* What fairshare calls usage: the sum of weight times resource-seconds. */
    double weight[TRES_N];
};
/* Fair tree, seven days, one for a core. */
extern const struct assoc_options assoc_options_default;

struct assoc *assoc_create(const struct assoc_options *options, int64_t now);
void assoc_destroy(struct assoc *assoc);
/* A new half life counts from 'now' on. */
void assoc_set_options(struct assoc *assoc, const struct assoc_options *options,
                       int64_t now);

/* ---- accounts, users and QOS by name: the administrator's side (tree.c, qos.c) */

/* An account or a user in one, by index: 0 <= i < assoc_count. */
struct assoc_object {
    const char *account;
    const char *user;      /* NULL: this is the account itself */
    const char *partition; /* NULL: any */
    uint32_t parent;       /* ASSOC_NONE for root */
    uint32_t shares;
    bool implicit;        /* nobody added it: root, or a member of a tree of one */
    uint32_t default_qos; /* ASSOC_NONE: that of the parent; in root, "normal" */
    const uint32_t *qos;  /* what may be asked for; NULL: that of the parent */
    size_t n_qos;
    const struct limits *limits;
};
/* Indexes from 0 to count - 1, of which some may be free. */
uint32_t assoc_count(const struct assoc *assoc);
/* False when there is nothing at this index. Borrowed until the next change. */
bool assoc_get(const struct assoc *assoc, uint32_t index, struct assoc_object *ret);
/* 'user' NULL: the account. ASSOC_NONE when there is none. */
uint32_t assoc_find(const struct assoc *assoc, const char *account, const char *user,
                    const char *partition);
/* As assoc_find; -ENOENT with words that propose the nearest account. */
int assoc_find_account(const struct assoc *assoc, const char *account, uint32_t *ret,
                       struct err *err);

/* 'parent' NULL: root. -EEXIST, -ENOENT, -EINVAL (name, depth), with words. */
int assoc_add_account(struct assoc *assoc, const char *account, const char *parent,
                      uint32_t *ret_index, struct err *err);
/* The first account a user is in becomes the default one. */
int assoc_add_user(struct assoc *assoc, const char *user, const char *account,
                   const char *partition, uint32_t *ret_index, struct err *err);
/* -EBUSY: jobs of it wait or run, or accounts or users are below it. Past usage
 * stays with the account above. */
int assoc_remove(struct assoc *assoc, uint32_t index, struct err *err);
/* With all below it and their usage. -ELOOP: 'parent' is below it. */
int assoc_move(struct assoc *assoc, uint32_t index, const char *parent, int64_t now,
               struct err *err);
void assoc_set_shares(struct assoc *assoc, uint32_t index, uint32_t shares);
void assoc_set_limits(struct assoc *assoc, uint32_t index, const struct limits *limits);
/* What may be asked for here and below; n 0: as the parent has it. */
int assoc_set_qos(struct assoc *assoc, uint32_t index, const char *const *names,
                  size_t n, struct err *err);
int assoc_set_default_qos(struct assoc *assoc, uint32_t index, const char *name,
                          struct err *err);
int assoc_set_default_account(struct assoc *assoc, const char *user,
                              const char *account, struct err *err);
/* NULL: the user is in no account. */
const char *assoc_default_account(const struct assoc *assoc, const char *user);

enum qos_preempt {
    QOS_PREEMPT_CLUSTER,
    QOS_PREEMPT_REQUEUE,
    QOS_PREEMPT_SUSPEND,
    QOS_PREEMPT_CANCEL,
    QOS_PREEMPT_NONE
};
enum qos_flags {
    QOS_NO_RESERVE = 1 << 0,    /* backfill promises such jobs no start */
    QOS_OVER_PARTITION = 1 << 1 /* its MAX and JOB limits go before the partition's */
};
struct qos {
    char name[ASSOC_NAME_MAX + 1];
    uint32_t priority;             /* the factor is this over the highest of all */
    enum qos_preempt preempt_mode; /* how jobs of this QOS are preempted */
    uint32_t *preempts;            /* QOS whose jobs it may preempt, by index */
    size_t n_preempts;
    int64_t grace; /* seconds from the warning to the end, when preempted */
    double usage_factor;
    uint32_t flags;
    struct limits limits;
};
uint32_t assoc_qos_count(const struct assoc *assoc);
/* NULL: nothing at this index. */
const struct qos *assoc_qos(const struct assoc *assoc, uint32_t index);
/* -ENOENT with words that propose the nearest. */
int assoc_qos_find(const struct assoc *assoc, const char *name, uint32_t *ret,
                   struct err *err);
/* Add or replace the QOS of that name; its list of preempted ones is copied. */
int assoc_qos_set(struct assoc *assoc, const struct qos *qos, uint32_t *ret_index,
                  struct err *err);
/* -EBUSY while jobs, accounts or other QOS refer to it. */
int assoc_qos_remove(struct assoc *assoc, const char *name, struct err *err);
bool assoc_qos_preempts(const struct assoc *assoc, uint32_t by, uint32_t whom);
/* How many of its jobs run, and what they hold. */
uint32_t assoc_qos_running(const struct assoc *assoc, uint32_t qos,
                           struct tres *ret_held);
/* In [0, 1]: its priority over the highest there is. */
double assoc_qos_factor(const struct assoc *assoc, uint32_t qos);
/* "requeue"; parse gives -EINVAL with words. */
const char *qos_preempt_name(enum qos_preempt mode);
int qos_preempt_parse(const char *name, enum qos_preempt *ret, struct err *err);

/* ---- one job at a time: the engine's side (resolve.c, check.c, events.c) */

/* Small, to be copied. Valid from assoc_resolve until the job's assoc_unsubmitted. */
struct assoc_handle {
    uint32_t leaf;          /* the association; index as above */
    uint32_t qos, part_qos; /* part_qos: ASSOC_NONE when the partition has none */
    uint32_t user;          /* number of the user's name */
    uint32_t tally[2][2];   /* counters in qos and part_qos: of user, of account */
    float usage_factor;
};

struct assoc_who {
    const char *user;
    const char *account;   /* NULL: the user's default */
    const char *qos;       /* NULL: the association's default */
    const char *partition; /* NULL: none */
    const char *partition_qos;
    bool privileged; /* root: may be anywhere */
};
/* May they, and as what? -EINVAL, -EACCES with words that name the option. */
int assoc_resolve(struct assoc *assoc, const struct assoc_who *who,
                  struct assoc_handle *ret, struct err *err);

/* Could it ever run? -EINVAL with words and the reason. 'time_limit' in seconds or
 * TIME_UNLIMITED; 'ret_reason' may be NULL. */
int assoc_check_job_size(const struct assoc *assoc, const struct assoc_handle *h,
                         const struct tres *tres, int64_t time_limit,
                         limit_reason *ret_reason, struct err *err);
/* May 'jobs' more be submitted (an array: its elements)? -EAGAIN when not now. */
int assoc_check_submit(const struct assoc *assoc, const struct assoc_handle *h,
                       uint32_t jobs, limit_reason *ret_reason, struct err *err);
/* May it start now? 0, or -EAGAIN and which limit of whom holds it back. Words are
 * made only when 'err' is not NULL; without limits this costs a few loads. */
int assoc_check_start(const struct assoc *assoc, const struct assoc_handle *h,
                      const struct tres *tres, int64_t time_limit, int64_t now,
                      limit_reason *ret_reason, struct err *err);

void assoc_submitted(struct assoc *assoc, const struct assoc_handle *h, uint32_t jobs);
void assoc_unsubmitted(struct assoc *assoc, const struct assoc_handle *h,
                       uint32_t jobs);
/* From 'start' on it holds 'tres'; 'start' is now, or earlier for a job that ran
 * already when we began (recovery). Usage grows by itself while a job runs. */
void assoc_started(struct assoc *assoc, const struct assoc_handle *h,
                   const struct tres *tres, int64_t time_limit, int64_t start,
                   int64_t now);
/* The same 'tres', 'time_limit' and 'start'. Suspending is ending, resuming is
 * starting with what is left of the limit. */
void assoc_ended(struct assoc *assoc, const struct assoc_handle *h,
                 const struct tres *tres, int64_t time_limit, int64_t start,
                 int64_t now);
/* Same job, other limit, from now on to be given to assoc_ended. */
void assoc_limit_changed(struct assoc *assoc, const struct assoc_handle *h,
                         const struct tres *tres, int64_t old_limit, int64_t new_limit);

/* ---- usage and fairshare (usage.c, fair.c) */

/* Bring usage up to 'now' and rank again. Nothing happens when neither 'now' nor
 * any number has changed. Factors are those of the last refresh. */
void assoc_refresh(struct assoc *assoc, int64_t now);
/* In [0, 1]; of a user that came after the last refresh: as of one without usage. */
double assoc_fair_factor(const struct assoc *assoc, const struct assoc_handle *h);

struct assoc_share {
    uint32_t shares;
    double norm_shares;     /* of the siblings' sum */
    double usage;           /* weighted resource-seconds, faded */
    double norm_usage;      /* of the siblings' sum */
    double effective_usage; /* of all usage in the tree */
    double level_fs;        /* norm_shares / norm_usage; INFINITY without usage */
    double factor;          /* for an account: 0 */
    uint32_t jobs;          /* running */
    struct tres in_use;
};
/* Numbers of the last refresh, for people. */
void assoc_share_of(const struct assoc *assoc, uint32_t index, struct assoc_share *ret);

/* Resource-seconds and, last, seconds that jobs ran, faded to 'stamp'. */
struct assoc_usage {
    int64_t stamp;
    double amount[TRES_N + 1];
};
/* At 'now', with what running jobs have used. */
void assoc_usage_of(const struct assoc *assoc, uint32_t index, int64_t now,
                    struct assoc_usage *ret);
void assoc_qos_usage_of(const struct assoc *assoc, uint32_t qos, int64_t now,
                        struct assoc_usage *ret);
/* To be kept over a restart: what jobs that ended have used, of an association or
 * account (without what stands below it), and of a QOS. Running jobs come back with
 * assoc_started. Setting is for an object without running jobs. */
void assoc_settled(const struct assoc *assoc, uint32_t index, int64_t now,
                   struct assoc_usage *ret);
void assoc_set_settled(struct assoc *assoc, uint32_t index,
                       const struct assoc_usage *usage, int64_t now);
void assoc_qos_settled(const struct assoc *assoc, uint32_t qos, int64_t now,
                       struct assoc_usage *ret);
void assoc_qos_set_settled(struct assoc *assoc, uint32_t qos,
                           const struct assoc_usage *usage, int64_t now);
/* Settled usage that changed since it was asked about last: an index, of a QOS or
 * of an association or account. False when there is no more. */
bool assoc_next_unsaved(struct assoc *assoc, bool *ret_is_qos, uint32_t *ret_index);
/* What assoc_next_unsaved names was written under these names: put it back. A
 * member that nobody added is made again. False: there is no such account. */
bool assoc_restore_usage(struct assoc *assoc, const char *account, const char *user,
                         const char *partition, const struct assoc_usage *usage,
                         int64_t now);
/* Forget what was used by 'index' and all below it; running jobs are charged from
 * now on. */
void assoc_reset_usage(struct assoc *assoc, uint32_t index, int64_t now);
void assoc_qos_reset_usage(struct assoc *assoc, uint32_t qos, int64_t now);

/* Property tests: sums of the tree and of its leaves agree. Aborts if not. */
void assoc_check_invariants(const struct assoc *assoc);

#endif
