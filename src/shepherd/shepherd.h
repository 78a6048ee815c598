/* SPDX-License-Identifier: Apache-2.0
 *
 * shepherd.h - the state of berth-shepherd, and what its parts offer each other
 *
 * A shepherd is a spare until its node assigns it: then it is, for the rest of
 * its life, either the lead of a job or one node's part of a step. It becomes
 * the job's user before it touches anything of the user's.
 */
#ifndef BERTH_SHEPHERD_SHEPHERD_H
#define BERTH_SHEPHERD_SHEPHERD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "wire/channel.h"
#include "wire/rpc.h"

#define STEP_LEAD (-1)

struct lead;
struct step;
struct group;

/* Who the job belongs to, as the node knows him. */
struct owner {
    uid_t uid;
    gid_t gid;
    char *name, *home, *shell;
};

struct shepherd {
    uv_loop_t *loop;
    struct wire_auth auth;
    struct channel *node; /* NULL while berthd is away */
    struct rpc *node_rpc;
    uv_timer_t reconnect;
    unsigned int retry_ms;

    Berth__Assignment *assignment; /* NULL: a spare */
    Berth__Grant *grant;
    uint32_t job, epoch;
    int64_t step_id;
    struct owner owner;
    char *dir; /* the user's directory of this job and node */

    struct group *group; /* of the tasks; NULL: the node has none */
    struct lead *lead;   /* one of the two */
    struct step *step;
};

/* -------------------------------------------------------------- identity.c */
/* Make the job's directories and become its user. */
int identity_assume(struct shepherd *sh, struct err *err);
/* A process that has changed its user is not dumpable: the user can neither trace it
 * nor take what it has open. From now on he can, as with any other of his; when there
 * is nothing left that was opened as root. */
void identity_open(void);
/* Never again: Secrets are in our memory, and may be in no core dump. */
void identity_keep_closed(void);
/* Resource limits as the user had them at submission, as far as allowed. */
void identity_limits(Berth__Rlimit *const *limits, size_t n);
/* As many open files as we may have, for pipes to many tasks. The tasks keep what was
 * set before their container was made. */
void identity_many_files(void);

/* ------------------------------------------------------------------ link.c */
void link_start(struct shepherd *sh, int fd);
/* End this process, which has nothing to write or to undo any more. Not by exit: to go
 * through two dozen libraries for what they do at the end takes as long as the end of
 * a step. */
void shepherd_end(int status) __attribute__((noreturn));
/* Tell the node until the answer is there; then leave. */
void link_report_end(struct shepherd *sh, const Berth__JobEnded *ended);

/* ------------------------------------------------------------------ lead.c */
int lead_start(struct shepherd *sh, struct err *err);
void lead_adopt(struct shepherd *sh, int fd, const void *hello, size_t len);
void lead_signal(struct shepherd *sh, const Berth__SignalJob *msg);
/* Of a pod: what it names has changed. */
void lead_take_data(struct shepherd *sh, const Berth__PodData *data);
/* The controller has the end: leave, once the last words of guests are on their way. */
void lead_leave(struct lead *lead);
/* The node's daemon is there again: steps may start. */
void lead_node_is_back(struct shepherd *sh);

/* ------------------------------------------------------------------ step.c */
int step_start(struct shepherd *sh, struct err *err);
void step_adopt(struct shepherd *sh, int fd, const void *hello, size_t len);

#endif
