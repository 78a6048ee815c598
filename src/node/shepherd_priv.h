/* SPDX-License-Identifier: Apache-2.0
 *
 * shepherd_priv.h - what the files about shepherds share
 *
 *     shepherds.c  spare, assigned, gone
 *     returns.c    those that come back after a restart of berthd
 */
#ifndef BERTH_NODE_SHEPHERD_PRIV_H
#define BERTH_NODE_SHEPHERD_PRIV_H

#include <uthash.h>

#include "base/process.h"
#include "node/node.h"

#define SHEPHERD_TOLD_MAX 32

struct shepherd {
    char name[40]; /* "17.lead", "17.0": the hash key */
    struct node *node;
    uint32_t job, epoch;
    int64_t step;
    uid_t uid;
    Berth__PodGrant *granted; /* of a pod's lead, as it was granted; else NULL */
    struct process process;
    struct channel *ch; /* NULL while awaited */
    struct rpc *rpc;
    uv_timer_t *come_back;                    /* while awaited */
    uint64_t come_back_until;                 /* loop time, ms */
    Berth__Envelope *order;                   /* for when it is back; NULL: none */
    Berth__Envelope *told[SHEPHERD_TOLD_MAX]; /* PodData, the same */
    size_t n_told;
    bool assigned, end_reported, end_acknowledged;
    bool is_frozen;
    struct shepherd *next_spare;
    UT_hash_handle hh;
};

/* Write the name that job and step make. */
void shepherd_name(struct shepherd *shepherd);
/* The process is gone (or about to be): settle what it leaves behind, and free. */
void shepherd_gone(struct shepherd *shepherd);
/* It is back: what it was to be told meanwhile. */
void shepherd_tell_order(struct shepherd *shepherd);
/* It is back, or not awaited any more. */
void shepherd_stop_waiting(struct shepherd *shepherd);
/* A lead ended without a word: its job's end is ours to tell. */
void shepherd_report_lost(struct node *node, uint32_t job, uint32_t epoch,
                          const char *words);

/* Of its channel, once it is known whose it is. */
void shepherd_on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                         void *ctx);
void shepherd_on_close(struct channel *ch, const struct err *why, void *ctx);

#endif
