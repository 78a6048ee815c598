/* SPDX-License-Identifier: Apache-2.0
 *
 * internal.h - how the files of this folder see the table
 *
 * Usage fades by half each half life, for everybody alike. So it is kept on a
 * scale that grows at the same rate: a resource held over [a, b] adds
 * W(b) - W(a), with W(t) = H / ln 2 * 2^((t - origin) / H), and nothing has to be
 * touched only because time passes; dividing by 2^((now - origin) / H) gives what is
 * left now. The origin moves up before the numbers get large.
 */
#ifndef BERTH_ASSOC_INTERNAL_H
#define BERTH_ASSOC_INTERNAL_H

#include <uthash.h>

#include "assoc/assoc.h"

/* The resources, and 1 for the job itself: its wall time. */
#define USED_WALL TRES_N
#define USED_N (TRES_N + 1)

/* A job without a time limit counts as if it had this one: a year. */
#define NO_LIMIT_SECONDS (365 * 86400)

/* What of limits counts jobs and resources now. 'ends' is the sum of resource times
 * end of the time limit, so that ends - now * held is what running jobs may still
 * use; it wraps around, and the difference is right all the same. */
struct tally {
    uint32_t jobs, submitted;
    struct tres held;
    uint64_t ends[USED_N];
};

/* Usage on the growing scale. 'total' includes running jobs up to 'since' (a W), and
 * for an account all below it; 'settled' is of jobs that ended, its own alone. */
struct meter {
    uint32_t runs;
    double rate[USED_N], total[USED_N], settled[USED_N];
    double since;
    bool is_unsaved; /* 'settled' has changed */
};

struct fair {
    double usage, norm_shares, norm_usage, effective, level_fs, factor;
};

struct node {
    bool in_use, implicit;
    char *account, *user, *partition;
    uint32_t parent, first_child, next_sibling;
    uint32_t user_no; /* of a user */
    uint32_t shares;
    uint32_t default_qos, *qos;
    size_t n_qos;
    struct limits limits;
    uint64_t set_up; /* what is set here or above */
    struct tally tally;
    struct meter meter;
    struct fair fair;
};

struct qos_slot {
    bool in_use;
    struct qos qos;
    struct tally tally;
    struct meter meter;
};

struct user {
    char *name;
    uint32_t no, default_account;
    UT_hash_handle hh;
};

/* Finds a node by "account/user/partition". */
struct node_name {
    char *key;
    uint32_t index;
    UT_hash_handle hh;
};

/* Counters of one user, or one account, in one QOS. */
struct part_key {
    uint32_t qos, is_account, no;
};
struct part_name {
    struct part_key key;
    uint32_t index;
    UT_hash_handle hh;
};

/* An object whose settled usage has changed. */
struct unsaved {
    bool is_qos;
    uint32_t index;
};

struct assoc {
    struct assoc_options options;
    int64_t now, origin;
    bool dirty; /* since the last refresh */
    struct node *nodes;
    uint32_t n_nodes, n_accounts;
    struct node_name *names;
    struct user *users, **user_of;
    uint32_t n_users;
    struct qos_slot *qos;
    uint32_t n_qos;
    struct part_name *part_names;
    struct tally *parts;
    uint32_t n_parts;
    struct unsaved *unsaved; /* each once, see meter.is_unsaved */
    size_t n_unsaved, unsaved_cap;
};

static inline bool assoc_is_trivial(const struct assoc *assoc)
{
    return assoc->n_accounts == 1;
}

/* tree.c */
int assoc_check_name(const char *what, const char *name, struct err *err);
struct user *assoc_user(struct assoc *assoc, const char *name);
uint32_t assoc_add_leaf(struct assoc *assoc, const char *user, uint32_t account,
                        const char *partition, bool implicit);

/* The counters of 'no' in 'qos', made when there are none. */
uint32_t assoc_part(struct assoc *assoc, uint32_t qos, bool is_account, uint32_t no);

/* usage.c: W(t); the scale at 'now'; bring a meter up to W 'at'. */
double usage_w(const struct assoc *assoc, int64_t t);
double usage_scale(const struct assoc *assoc, int64_t now);
void meter_touch(struct meter *meter, double at);
/* Settled usage of this object has changed. */
void usage_mark_unsaved(struct assoc *assoc, bool is_qos, uint32_t index);
void meter_move(struct meter *from, struct meter *to, const struct meter *part);
/* 'now', or the latest known when that is later; moves the origin when due. */
int64_t assoc_clock(struct assoc *assoc, int64_t now);

/* events.c */
void tally_join(struct tally *to, const struct tally *part);
void tally_leave(struct tally *from, const struct tally *part);

#endif
