/* SPDX-License-Identifier: Apache-2.0
 *
 * controller.h - the controller's state: one loop, one thread, one owner
 *
 * Order of life of every change: applied to a job (jobs.h), appended to the
 * store's open batch, committed, and only then told (conn_reply_committed,
 * store_on_commit).
 */
#ifndef BERTH_CONTROLLER_CONTROLLER_H
#define BERTH_CONTROLLER_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>
#include <uv.h>

#include "assoc/assoc.h"
#include "base/err.h"
#include "config/config.h"
#include "sched/sched.h"
#include "state/job.h"
#include "state/store.h"
#include "wire/channel.h"
#include "wire/grant.h"
#include "wire/sealed.h"

struct changes;
struct ctl_image;
struct diag;
struct ctl_job;
struct job_index;
struct ctl_node;
struct ctl_object;
struct ctl_reservation;
struct ctl_topo;
struct ctl_user;
struct conn;
struct ipv4_range;
struct object_events;
struct object_tally;
struct watches;
struct workload;

struct controller {
    uv_loop_t *loop;
    const struct config *config;
    struct wire_auth auth;
    struct store *store;
    int lock_fd;         /* one controller a state directory; -1: none yet */
    struct assoc *assoc; /* accounts, QOS, usage */
    struct sched *sched;
    struct switch_tree *tree;
    uint8_t grant_public[GRANT_PUBLIC_KEY_BYTES];
    uint8_t grant_secret[GRANT_SECRET_KEY_BYTES];
    uint8_t seal_key[SEALED_KEY_BYTES]; /* of Secrets in the store */
    int64_t started_at;
    bool is_failed; /* a commit failed; nothing is told any more */
    bool is_closing;
    bool is_recovering; /* jobs are on their way back into the queue */
    bool has_gang_news; /* see gang_hosts.h */

    /* Jobs, in order of their ids, and the lists that some of them are in. */
    struct ctl_job *jobs, *jobs_by_key;
    struct job_index *index; /* of all of them, for lists */
    struct ctl_job *active, *ended;
    uint32_t n_jobs, n_in_state[JOB_STATE_COUNT];
    uint32_t next_job;

    struct bitset **partition_nodes; /* of each partition of the configuration */
    struct ctl_node *nodes;          /* config->n_nodes of them, by index */
    struct ctl_node *nodes_by_name;
    struct ctl_topo *topos;
    struct ipv4_range *pod_slices; /* by node; see pod_network.h. NULL: none */
    struct ctl_user *users;
    struct ctl_image *images;             /* see images.h */
    struct ctl_reservation *reservations; /* by name */

    struct diag *diag; /* what has been done so far */
    struct conn *conns;
    uint32_t n_conns;
    struct conn *held; /* their answers wait for each other */
    uint32_t n_wait_links;

    struct ctl_object **objects; /* in order of their paths, see objects.h */
    size_t n_objects, cap_objects;
    struct ctl_object *objects_by_uid, *objects_by_key;
    struct object_tally *object_tallies;
    struct object_events *object_events; /* see object_events.h */
    struct pod_nodes *pod_nodes;         /* see pod_nodes.h */
    int64_t doubted_at; /* when the log has last said that a pod's status cannot be */
    uint32_t n_doubts;  /* since then */

    struct changes *changes; /* see changes.h */
    struct watches *watches; /* see watch.h; NULL: nobody has watched yet */
    uv_async_t answers;      /* of the history, on this loop */

    struct workload *workloads; /* by uid, see workloads.h */
    uv_timer_t plans;           /* of those that were touched, in the next turn */

    uv_tcp_t listener;
    uv_timer_t tick; /* each second: silence, limits, purge */
    uv_timer_t due;  /* the next pass, though nothing happens until then */
    uv_idle_t pass;  /* a slice of a scheduling pass, each turn of the loop */
    bool pass_wanted;
    unsigned int n_handles;
};

/* Open the store, recover, listen. 'config' is borrowed for the controller's
 * life. Runs on 'loop' until controller_close. */
int controller_create(uv_loop_t *loop, const struct config *config,
                      struct controller **ret, struct err *err);

/* Cut all connections and write what is open; the loop then runs dry and the
 * controller is freed from it. */
void controller_close(struct controller *ctl);

/* Called by whatever holds the controller up while it closes. */
void controller_release(struct controller *ctl);

/* The TCP port it listens on (tests ask for port 0). */
uint16_t controller_port(const struct controller *ctl);

/* Seconds since the epoch. */
int64_t controller_now(void);

/* True for root and for the account the controller runs as. */
bool controller_is_admin(uid_t uid);

#endif
