/* SPDX-License-Identifier: Apache-2.0
 *
 * uplink.h - a node's connection to the controller
 *
 * Whoever is a node (berthd; each of berth-fake's) has one, says through it who
 * it is and what became of jobs, and gets its orders from it. It calls again, for
 * ever, when the connection ends.
 */
#ifndef BERTH_NODE_UPLINK_H
#define BERTH_NODE_UPLINK_H

#include <stdint.h>
#include <uv.h>

#include "config/config.h"
#include "topo/node_topo.h"
#include "wire/channel.h"

struct uplink;

/* Who speaks. All of it is borrowed for the uplink's life. */
struct uplink_self {
    uv_loop_t *loop;
    const struct config *config;
    const struct wire_auth *auth;
    const struct config_node *node;
    const struct node_topo *topo;
    const char *topo_xml;
    const char *boot_id;
};

/* What the uplink asks and tells. All are mandatory and none blocks. */
struct uplink_host {
    /* The leads that run here (heap, n of them), for a registration. */
    size_t (*running)(void *ctx, Berth__RunningJob **ret);
    /* Registered: the controller's settings, and the jobs that must stop. */
    void (*registered)(void *ctx, const Berth__Registered *reply);
    /* LaunchJob, SignalJob, JobGone, PodData or VolumeReclaim; the answer goes to
     * 'ch'. */
    void (*order)(void *ctx, struct channel *ch, const Berth__Envelope *env);
    /* 'ch' has ended: answers to its orders have nowhere to go. */
    void (*gone)(void *ctx, struct channel *ch);
    void (*heartbeat)(void *ctx, Berth__Heartbeat *beat);
    /* The controller has what a heartbeat said of trouble. */
    void (*trouble_told)(void *ctx);
    /* Jobs with an epilog before them (heap, n of them), for a registration; NULL:
     * never any. */
    size_t (*hooked)(void *ctx, Berth__RunningJob **ret);
    /* The controller has the end of this job on disk. */
    void (*acknowledged)(void *ctx, uint32_t job, uint32_t epoch);
};

/* Nothing is called before uplink_start. */
struct uplink *uplink_create(const struct uplink_self *self,
                             const struct uplink_host *host, void *ctx);
void uplink_start(struct uplink *up);

/* A heartbeat now: there is something to tell. */
void uplink_beat(struct uplink *up);
void uplink_send_started(struct uplink *up, uint32_t job, uint32_t epoch);
/* Tell the controller something once, if it is there: it does not answer. */
void uplink_tell(struct uplink *up, const Berth__Envelope *env);
/* Pass on what a lead tells (StepReport, PodChanged), once: 'fn' hears the controller's
 * answer, or EAGAIN when there is none to be had now. */
void uplink_pass(struct uplink *up, const Berth__Envelope *told,
                 void (*fn)(const struct err *err, void *ctx), void *ctx);
/* Carry a job's end to the controller until it is acknowledged there; 'fn'
 * (may be NULL) is then called once, after the host. */
void uplink_send_ended(struct uplink *up, const Berth__JobEnded *ended,
                       void (*fn)(void *ctx), void *ctx);

#endif
