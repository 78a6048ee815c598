/* SPDX-License-Identifier: Apache-2.0
 *
 * node.h - the state of berthd, and what its parts offer each other
 *
 * One thread, one 'struct node'. berthd decides nothing: it checks grants,
 * hands work to shepherds, passes connections to them, and carries their
 * reports to the controller.
 */
#ifndef BERTH_NODE_NODE_H
#define BERTH_NODE_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/process.h"
#include "config/config.h"
#include "config/gres.h"
#include "node/uplink.h"
#include "topo/node_topo.h"
#include "wire/channel.h"
#include "wire/grant.h"
#include "wire/rpc.h"

#define STEP_LEAD (-1)

struct shepherd;
struct peer_link;
struct routes;
struct launch;
struct cgroup;
struct nursery;
struct image_job;
struct hooked;
struct pod_network;

struct node {
    uv_loop_t *loop;
    const struct config *config;
    const struct config_node *self;
    const char *shepherd_path; /* of the program, for words */
    char *shepherd_program;    /* what is executed: see shepherd_program.c */
    struct wire_auth auth;
    char *state_dir, *run_dir, *socket_path;
    char boot_id[64];
    char *image_stores[2]; /* the site's, and the pattern of users' own */

    struct node_topo *topo;
    char *topo_xml;           /* text of the hwloc export */
    char *topo_path;          /* the same in a file, for shepherds */
    bool virtual_topology;    /* cores are pretended */
    struct config_gres *gres; /* devices that the configuration gives it */
    size_t n_gres;
    struct node_topo *equipped; /* 'topo' with them; NULL: without */

    uint8_t grant_key[GRANT_PUBLIC_KEY_BYTES];
    bool has_grant_key;
    uint32_t fanout;

    uv_tcp_t listener;
    uv_pipe_t local_listener;
    uv_signal_t on_term, on_int;

    struct shepherd *shepherds; /* assigned ones, by name (uthash) */
    struct shepherd *spares;    /* waiting ones, a list */
    struct nursery *nursery;    /* that they come from */
    uv_timer_t spare_timer;

    struct cgroup *cgroup; /* NULL: this machine has none for us */
    struct uplink *uplink;
    struct routes *routes;
    struct peer_link *peers;      /* berthds of other nodes (uthash) */
    struct launch *launches;      /* not answered yet, a list */
    struct image_job *image_jobs; /* of images.c, not answered yet, a list */
    unsigned int n_image_jobs;
    struct hooked *hooked;    /* jobs with an epilog before them (uthash) */
    struct pod_network *pods; /* see pod_network.h */
    char *trouble;            /* that the controller shall know of; NULL: none */
    unsigned int n_gone;      /* directories of jobs set aside */
    char *pod_logs_dir;       /* see pod_logs.h */
    unsigned int n_ended_logs;
    bool is_sweeping_logs;
    bool stopping;
};

/* ------------------------------------------------------------- inventory.c */
/* Find the hardware (or what the configuration pretends it to be) and write
 * its XML where shepherds read it. */
int node_inventory(struct node *node, struct err *err);
double node_load(void);
uint64_t node_memory_free(void);

/* ------------------------------------------------------ shepherd_program.c */
/* A path to execute 'path' by, from this process's children: a sealed copy of it,
 * or itself where there can be none. The caller frees it. */
char *program_seal(const char *path);

/* --------------------------------------------------------------- devices.c */
/* Put the configuration's devices beside the hardware. */
void devices_start(struct node *node);
/* What a shepherd whose job or step has these devices ("0-3", as in a NodeShare) must
 * know; free it with free_message. */
Berth__DevicePolicy *devices_policy(const struct node *node, const char *indexes);

/* The sets of libraries that containers of this node may have. */
void host_libraries_fill(const struct node *node, Berth__Assignment *assignment);
void host_libraries_clear(Berth__Assignment *assignment);

/* --------------------------------------------------------------- records.c */
/* What must be known again after a restart: one small file a shepherd,
 * <state_dir>/steps/JOB.EPOCH.STEP, made before it gets its assignment. */
struct record {
    uint32_t job, epoch;
    int64_t step; /* STEP_LEAD for the lead */
    struct process process;
    uid_t uid;
    Berth__PodGrant *granted; /* of a pod's lead; NULL: none */
};
/* 0, or -EEXIST when there is one: this was started before. */
int record_create(const struct node *node, const struct record *record,
                  struct err *err);
void record_remove(const struct node *node, uint32_t job, uint32_t epoch, int64_t step);
/* What is given to 'each' is gone when that returns. */
int record_each(const struct node *node, void (*each)(const struct record *, void *),
                void *ctx, struct err *err);
int grant_key_load(struct node *node);
int grant_key_save(const struct node *node, struct err *err);

/* ------------------------------------------------------------- shepherds.c */
void shepherds_start(struct node *node);
/* Give an assignment to a spare (or fresh) shepherd. 'fn' is answered once:
 * when the shepherd has taken it over, or with why not. -EALREADY when this
 * step of this epoch runs here already. */
int shepherd_assign(struct node *node, Berth__Assignment *assignment, uint32_t job,
                    uint32_t epoch, int64_t step, uid_t uid, rpc_reply_fn *fn,
                    void *ctx, struct err *err);
struct shepherd *shepherd_find(struct node *node, uint32_t job, int64_t step);
/* By a Hello's target, "17.lead" or "17.0". */
struct shepherd *shepherd_by_target(struct node *node, const char *target);
struct channel *shepherd_channel(const struct shepherd *shepherd);
/* Pass on a SignalJob; one that is still awaited gets it when it is back: the last one,
 * or that to end. */
void shepherd_order(struct shepherd *shepherd, const Berth__Envelope *env);
/* The same for a PodData; of those that came meanwhile it gets all, in order. */
void shepherd_tell(struct shepherd *shepherd, const Berth__Envelope *env);
uint32_t shepherd_epoch(const struct shepherd *shepherd);
/* All leads that run here (heap, n of them), for registration. */
size_t shepherds_running(const struct node *node, Berth__RunningJob **ret);
/* The controller has acknowledged a job's end, or does not know the job. */
void shepherd_forget_job(struct node *node, uint32_t job, uint32_t epoch);
void shepherd_kill_job(struct node *node, uint32_t job, uint32_t epoch);

/* --------------------------------------------------------------- returns.c */
/* Await the shepherds of an earlier berthd on the local socket, and report those
 * that have gone meanwhile. */
int shepherds_accept(struct node *node, struct err *err);

/* -------------------------------------------------------------- job_dirs.c */
/* Is a shepherd of the job left here? */
bool job_has_shepherd(const struct node *node, uint32_t job, uint32_t epoch);
/* Remove a job's directory unless a shepherd of it is left. */
void job_dir_remove_unless_used(struct node *node, uint32_t job, uint32_t epoch);
/* At a start: remove those of jobs that no shepherd is left of. */
void job_dirs_sweep(struct node *node);

/* ---------------------------------------------------------------- launch.c */
void launch_job(struct node *node, struct channel *from, const Berth__Envelope *env);
void launch_step(struct node *node, struct channel *from, const Berth__Envelope *env);
void signal_job(struct node *node, struct channel *from, const Berth__Envelope *env);
/* PodData to the lead of its pod, if it runs here: not answered. */
void pod_data_pass(struct node *node, const Berth__Envelope *env);
/* 'ch' has ended: nobody waits there for an answer any more. */
void launch_channel_gone(struct node *node, struct channel *ch);

/* ---------------------------------------------------------------- spread.c */
/* Get an image to this node, then to those below it. */
void image_spread(struct node *node, struct channel *from, const Berth__Envelope *env);

/* ---------------------------------------------------------------- images.c */
/* Answer who asks for an image, or a part of a blob, as the user he is. */
void image_query(struct node *node, struct channel *from, const Berth__Envelope *env);
void blob_read(struct node *node, struct channel *from, const Berth__Envelope *env);
/* 'ch' has ended: nobody waits there for an answer any more. */
void images_channel_gone(struct node *node, struct channel *ch);

/* ----------------------------------------------------------------- peers.c */
/* Call the berthd of another node over a kept connection. */
void peer_call(struct node *node, const char *address, uint16_t port,
               Berth__Envelope *request, rpc_reply_fn *fn, void *ctx);

/* ---------------------------------------------------------------- routes.c */
int routes_start(struct node *node, struct err *err);
/* A shepherd has come: hand over the connections that wait for it. */
void routes_arrived(struct node *node, struct shepherd *shepherd);

/* ----------------------------------------------------------------- usage.c */
/* Answer a UsageQuery, of anybody. */
void usage_query(struct node *node, struct channel *from, const Berth__Envelope *env);

/* ---------------------------------------------------------- registration.c */
/* Make the uplink and call the controller. */
void registration_start(struct node *node);

#endif
