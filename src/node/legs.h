/* SPDX-License-Identifier: Apache-2.0
 *
 * legs.h - requests that go down a tree of nodes, and the one answer to each
 */
#ifndef BERTH_NODE_LEGS_H
#define BERTH_NODE_LEGS_H

#include "node/node.h"
#include "wire/pack.h"

/* Answer 'launch->from', unless it is NULL: nobody waits any more. */
typedef void launch_answer_fn(struct launch *launch);

/* A request that has not been answered yet. */
struct launch {
    struct node *node;
    struct channel *from; /* NULL: nobody waits any more */
    uint64_t id;
    launch_answer_fn *answer;
    uint32_t job, epoch;
    size_t open; /* answers still to come */
    size_t n_failed;
    char **failed; /* names of nodes */
    struct err *errs;
    uint32_t fetched; /* nodes that an image has come to */
    /* For those that go on later: owned, NULL else. */
    Berth__Envelope *request;
    Berth__Grant *grant;
    struct launch *next;
};

/* One answer of a request: this node's own, or that of a child. */
struct leg {
    struct launch *launch;
    char *name;
};

/* A request with no legs yet. */
struct launch *launch_create(struct node *node, struct channel *from, uint64_t id,
                             launch_answer_fn *answer);
/* Forget it unanswered. */
void launch_destroy(struct launch *launch);

/* One more answer to wait for, that of node 'name'. It ends with leg_end, which
 * fits rpc_call and may answer and free the launch. */
struct leg *leg_create(struct launch *launch, const char *name);
void leg_end(const Berth__Envelope *reply, const struct err *err, void *ctx);
/* Who counts 'open' up itself, to hold the answer back, counts down with this. */
void launch_leg_done(struct launch *launch);

/* Where a reply names the nodes that failed, and says why. */
struct launch_failures {
    size_t *n_nodes, *n_statuses;
    char ***nodes;
    Berth__Status ***statuses;
};
/* Fill in the failures, and send 'env' as the answer to whoever asked, unless they are
 * gone. */
void launch_reply(const struct launch *launch, Berth__Envelope *env,
                  const struct launch_failures *failures);

/* What launch.c and spread.c share: check that the controller has signed this for
 * this node and now; where in a grant a node is, NULL when it is not in there. */
int launch_check_grant(struct node *node, const Berth__SignedGrant *sgn,
                       Berth__Grant **ret_grant, uint32_t *ret_index, struct err *err);
const Berth__NodeShare *launch_share_of(const Berth__Grant *grant, const char *node);

#endif
