/* SPDX-License-Identifier: Apache-2.0
 *
 * holder.h - what one account, user or QOS allows, and who is over it
 *
 * Each check returns 0, or -probe->code after writing the reason and, when somebody
 * asked for words, the words. A limit that is not set allows everything.
 */
#ifndef BERTH_ASSOC_HOLDER_H
#define BERTH_ASSOC_HOLDER_H

#include "assoc/internal.h"

#define BITS4(base) (UINT64_C(15) << LIMIT_##base)
#define GRP_START_BITS                                                     \
    (LIMIT_BIT(LIMIT_GRP_JOBS) | BITS4(GRP_CORES) | BITS4(GRP_CORE_MINS) | \
     BITS4(GRP_CORE_RUN_MINS) | LIMIT_BIT(LIMIT_GRP_WALL))

/* One question, and where its answer goes. */
struct probe {
    const struct assoc *assoc;
    const struct assoc_handle *h;
    const struct tres *tres;
    int64_t seconds; /* the time limit */
    int64_t now;
    int code;
    limit_reason *ret_reason;
    struct err *err;
};

/* Something that has limits, and the counters they look at. */
struct holder {
    const struct limits *limits;
    const struct tally *tally;
    const struct meter *meter; /* NULL: of no use here */
    const struct node *node;   /* NULL: a QOS */
    const struct qos *qos;
    const char *member; /* the user or account in a QOS that is meant, or NULL */
};

struct holder holder_of_node(const struct assoc *assoc, uint32_t index);
struct holder holder_of_qos(const struct assoc *assoc, uint32_t index);

/* 'used' and 'asked' of what is counted; 'what' for words: "jobs run". */
int holder_check_count(const struct probe *p, const struct holder *holder,
                       enum limit limit, uint64_t used, uint64_t asked,
                       const char *what);

/* Four limits from 'base' on: on what is held now, on what running jobs may use. */
int holder_check_held(const struct probe *p, const struct holder *holder,
                      enum limit base);
int holder_check_run_minutes(const struct probe *p, const struct holder *holder,
                             enum limit base);
/* All limits of a group that bear on a start. */
int holder_check_group(const struct probe *p, const struct holder *holder);

/* Limits of one job, which must be set. */
int holder_check_wall(const struct probe *p, const struct holder *holder);
int holder_check_at_least(const struct probe *p, const struct holder *holder,
                          enum limit limit, int kind);
int holder_check_at_most(const struct probe *p, const struct holder *holder,
                         enum limit limit, int kind);
int holder_check_job_minutes(const struct probe *p, const struct holder *holder,
                             int kind);

#endif
