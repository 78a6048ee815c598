/* SPDX-License-Identifier: Apache-2.0
 *
 * hooks.h - the site's programs before and after a job on this node
 *
 *     nothing --first launch--> prolog runs --ok--> ready --job is over--> epilog runs
 * --> nothing |  failed                                ^  (when no shepherd
 *                                   +-----> broken --job is over-------------+   of it
 * is left)
 *
 * They run as the daemon (root), once for each start of a job. A record on disk says
 * that a prolog was begun, so that its epilog follows across restarts of the daemon.
 * Where either fails the node asks to be drained. What a daemon that dies leaves: an
 * interrupted prolog counts as failed, an interrupted epilog runs again.
 */
#ifndef BERTH_NODE_HOOKS_H
#define BERTH_NODE_HOOKS_H

#include "node/node.h"

/* 'err' is NULL when the node is ready for the job. */
typedef void hooks_ready_fn(const struct err *err, void *ctx);

/* Whether the site has any, for whole jobs. */
bool hooks_are_there(const struct node *node);

/* Make the node ready for a job, of which it is number 'index' in the grant's
 * placement. Answers through 'fn' once: at once where nothing has to be done. An
 * epilog that still runs here is waited for. */
void hooks_before(struct node *node, const Berth__Grant *grant, uint32_t index,
                  hooks_ready_fn *fn, void *ctx);

/* The controller says that the job has left this node. */
void hooks_job_over(struct node *node, uint32_t job, uint32_t epoch);
/* A shepherd of the job is gone: its epilog may have waited for that. */
void hooks_shepherd_gone(struct node *node, uint32_t job, uint32_t epoch);

/* Take up what an earlier daemon has left; before registration. */
int hooks_start(struct node *node, struct err *err);
/* The jobs that have an epilog before them (heap, n of them), for registration. */
size_t hooks_open(const struct node *node, Berth__RunningJob **ret);

#endif
