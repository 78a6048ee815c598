/* SPDX-License-Identifier: Apache-2.0
 *
 * nodes.h - the nodes of the cluster, as the controller knows them
 *
 *              register (+ topology)            no word for node.lost_after
 *     UNKNOWN -----------------------> UP <---> SILENT ---------------------> DOWN
 *        \______________________________________^ (also from UNKNOWN)          |
 *                                       UP <---------- register ---------------+
 *
 * A SILENT node gets no new work; its jobs go on. When it turns DOWN they are
 * lost. Beside that an administrator may have marked it (node_marks.h): whatever
 * its state, a marked node gets no new work.
 */
#ifndef BERTH_CONTROLLER_NODES_H
#define BERTH_CONTROLLER_NODES_H

#include "controller/conn.h"

struct ctl_job;
struct node_call;

enum node_state { NODE_UNKNOWN, NODE_UP, NODE_SILENT, NODE_DOWN };

/* Hardware, once for each distinct hash. */
struct ctl_topo {
    struct node_topo *topo;
    UT_hash_handle hh; /* by topo->hash */
};

struct ctl_node {
    uint32_t index;
    const struct config_node *config;
    enum node_state state;
    struct conn *conn;            /* while registered */
    Berth__Register *registered;  /* as last seen, NULL: never */
    const struct node_topo *topo; /* NULL: unknown */
    Berth__NodeMark *mark;        /* NULL: may work */
    Berth__NodeTaints *taints;    /* passing ones; NULL: none */
    int64_t lost_at;              /* DOWN: since when */
    int64_t evict_at;             /* when pods are looked at that may have to go */
    int64_t last_seen;
    const char *told; /* what changes.h said of it last; NULL: nothing */
    double load;
    uint64_t memory_free;    /* MiB */
    struct node_call *calls; /* requests to it without answer yet */
    struct ctl_job **jobs;   /* active ones that take part in it */
    size_t n_jobs, cap_jobs;
    UT_hash_handle hh; /* by name */
};

/* Make the table from the configuration; all are UNKNOWN. */
void nodes_init(struct controller *ctl);
void nodes_fini(struct controller *ctl);

/* NULL when the configuration has no such node. */
struct ctl_node *nodes_find(const struct controller *ctl, const char *name);
/* The node that leads an active job; NULL when it left the configuration. */
struct ctl_node *nodes_lead(const struct controller *ctl, const struct ctl_job *cj);
/* A job has become active, and is no longer: it is in 'jobs' of its nodes meanwhile. */
void nodes_add_job(struct controller *ctl, struct ctl_job *cj);
void nodes_remove_job(struct ctl_job *cj);
/* The job is about to leave its nodes: those that have something to do then hear it. */
void nodes_tell_gone(const struct controller *ctl, const struct ctl_job *cj);
bool nodes_is_up(const struct ctl_node *node);
/* Its state or mark has changed: tell the scheduler whether it may get work, and
 * those who watch. */
void nodes_tell_sched(struct controller *ctl, struct ctl_node *node);
uint16_t nodes_port(const struct ctl_node *node);
uint64_t nodes_memory(const struct ctl_node *node);

/* Hardware with this hash, NULL when its topology is still to come. */
const struct node_topo *nodes_find_topo(const struct controller *ctl, const char *hash);
/* Owns 'registered'. */
void nodes_set_registered(struct ctl_node *node, Berth__Register *registered);
/* Tell the scheduler what is known of the hardware that was registered. */
void nodes_settle_hardware(struct controller *ctl, struct ctl_node *node);

/* Recovery: what the store knew of hardware and nodes. */
int nodes_restore_topo(struct controller *ctl, const void *xml, size_t len,
                       struct err *err);
void nodes_restore(struct controller *ctl, Berth__Register *registered);

/* Send a request about a job to a node that is connected; nodes_on_reply finds
 * its way back with job and epoch. */
enum call_kind { CALL_LAUNCH, CALL_SIGNAL };
void nodes_call(struct ctl_node *node, enum call_kind kind, const struct ctl_job *cj,
                Berth__Envelope *env);
void nodes_on_reply(struct conn *conn, const Berth__Envelope *env);
void nodes_forget_calls(struct ctl_node *node);

/* The connection of 'node' ended. */
void nodes_disconnected(struct controller *ctl, struct ctl_node *node,
                        const struct err *why);
/* Each second: who has been silent for too long. */
void nodes_check_silence(struct controller *ctl, int64_t now);

#endif
