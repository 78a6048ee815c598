/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_lead.h - the lead of a job that is a pod, shared by the files that carry it out
 *
 *     pod_lead.c     life: manifest, sandbox, what src/pod says is next, end
 *     pod_image.c    images of containers, here or pulled
 *     pod_run.c      one run of one container, from start to end
 *     pod_command.c  (pure) what a container executes
 *     pod_vars.c     the environment of a container
 *     pod_exports.c  directories of NFS servers that the node mounts for it
 *     pod_mounts.c   what containers have mounted
 *     pod_network.c  the network of the sandbox, and its names; pod_slirp.c
 *     pod_probes.c   probes and hooks
 *     pod_log.c      what containers write, into files; pod_log_file.c
 *     pod_serve.c    clients: logs, exec, attach, ports
 *     pod_report.c   how it stands, told to the node
 *
 *     events (ends, images, probes, orders) --> pod_lead_tell --> src/pod
 *     src/pod --> pod_lead_drive --> start, signal, kill, probe, tell the node
 */
#ifndef BERTH_SHEPHERD_POD_LEAD_H
#define BERTH_SHEPHERD_POD_LEAD_H

#include "container/sandbox.h"
#include "objects/manifest.h"
#include "pod/pod.h"
#include "shepherd/lead.h"

struct pod_exports;
struct pod_image;
struct pod_mounts;
struct pod_network;
struct pod_probes;
struct pod_report;
struct pod_run;

/* A container of the pod. */
struct pod_member {
    struct pod_lead *of;
    size_t index; /* in src/pod */
    const struct mf_container *spec;
    struct pod_image *image; /* NULL: not asked for yet */
    struct pod_run *run;     /* NULL: it does not run */
    unsigned int runs;       /* so many have begun */
};

struct pod_lead {
    struct lead *lead;
    struct shepherd *sh;
    struct manifest manifest;
    const struct mf_pod *spec;
    struct pod *pod;
    char *dir;     /* of the pod's own files, which no container sees */
    char *log_dir; /* what containers wrote, also after the end */
    struct sandbox *sandbox;
    struct pod_member *members;
    size_t n;
    uv_timer_t timer;
    bool is_driving;
    bool is_over;           /* src/pod says so: nothing runs any more */
    unsigned int n_leaving; /* runs that are over, whose clients still read */
    void (*on_empty)(void *ctx);
    void *ctx;

    struct pod_exports *exports;
    struct pod_mounts *mounts;
    struct pod_network *network;
    struct pod_probes *probes;
    struct pod_report *report;
};

/* ------------------------------------------------------------------ pod_lead.c */
/* The job of 'lead' is a pod: carry it out. An error is the job's own. */
int pod_lead_start(struct lead *lead, struct err *err);
/* It is to end: 'grace' in seconds. */
void pod_lead_end(struct pod_lead *pl, enum pod_why why, uint32_t grace,
                  const char *words);
/* All at once: the lead has no more time. */
void pod_lead_kill(struct pod_lead *pl);
/* Another signal to all containers. */
void pod_lead_signal(struct pod_lead *pl, int signo);
void pod_lead_node_is_back(struct pod_lead *pl);
/* No client reads any more: 'fn' is called, perhaps at once. */
void pod_lead_when_empty(struct pod_lead *pl, void (*fn)(void *ctx), void *ctx);
/* A run that was over is left by its last client. */
void pod_lead_left(struct pod_lead *pl);
/* Something happened: tell src/pod, and do what comes next. */
void pod_lead_tell(struct pod_lead *pl, const struct pod_event *event);
/* By name; "": the first that is no init container. NULL: none has it. */
struct pod_member *pod_lead_member(struct pod_lead *pl, const char *name);
/* Microseconds of a clock that never steps back. */
int64_t pod_lead_now(void);

/* ------------------------------------------------------------------- pod_run.c */
/* Start it. How that goes is told to src/pod, at once or later. */
void pod_run_start(struct pod_member *member, unsigned int attempt);
void pod_run_signal(struct pod_run *run, int signo);
void pod_run_kill(struct pod_run *run);
/* A program of ours in it, with the environment of its own: 'id' comes back in events,
 * and is above those of clients' programs. */
int pod_run_spawn(struct pod_run *run, uint32_t id, char *const *argv, const int fds[3],
                  struct err *err);
/* A program of somebody's in it, over 'ch'. */
void pod_run_exec(struct pod_run *run, struct channel *ch, const Berth__Envelope *env);
/* A program outside that ends when the run does. */
void pod_run_outside(struct pod_run *run, struct channel *ch,
                     const Berth__Envelope *env, char *const *argv);
struct container *pod_run_container(struct pod_run *run);
/* A client wants the streams of its program: the AttachRequest 'env' on 'ch'. */
void pod_run_attach(struct pod_run *run, struct channel *ch,
                    const Berth__Envelope *env);

/* ----------------------------------------------------------------- pod_serve.c */
/* An ExecRequest, AttachRequest, LogRequest or PortRequest has come on 'ch', which is
 * ours from now on. */
void pod_serve(struct pod_lead *pl, struct channel *ch, const Berth__Envelope *env);

#endif
