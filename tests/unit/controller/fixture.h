/* SPDX-License-Identifier: Apache-2.0
 *
 * fixture.h - a controller with fake nodes and clients, all on one loop
 *
 * Real channels, a real munged of our own, a real store in a temporary
 * directory. Helpers run the loop until what they wait for is there, and fail
 * the test after ten seconds.
 */
#ifndef BERTH_TESTS_CONTROLLER_FIXTURE_H
#define BERTH_TESTS_CONTROLLER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "controller/controller.h"
#include "controller/jobs.h"
#include "controller/nodes.h"
#include "topo/node_topo.h"

#define NODES 4

struct cluster {
    uv_loop_t loop;
    char dir[64];
    struct config *config;
    struct controller *ctl;
    struct wire_auth auth;
    uint16_t port;
    struct node_topo *topo; /* two packages of four cores */
    char *topo_xml;
};

int cluster_setup(void **state);
int cluster_teardown(void **state);

void cluster_start(struct cluster *cluster);
/* Stop it in good order; its connections close meanwhile. */
void cluster_stop(struct cluster *cluster);

/* Run the loop until 'done' says so. */
void cluster_run_until(struct cluster *cluster, bool (*done)(void *ctx), void *ctx);
/* Run it for so long. */
void cluster_run_for(struct cluster *cluster, unsigned int ms);

/* One end of a connection to the controller. */
struct party {
    struct cluster *cluster;
    struct channel *ch; /* NULL: closed */
    bool is_open;
    Berth__Envelope *inbox[64];
    size_t n_inbox;
};

struct party *party_connect(struct cluster *cluster);
void party_close(struct party *party);

/* Send a request and return its reply (free_message). */
Berth__Envelope *party_call(struct party *party, Berth__Envelope *request);
/* Send it; party_reply waits for the answer to 'id'. */
uint64_t party_send(struct party *party, Berth__Envelope *request);
Berth__Envelope *party_reply(struct party *party, uint64_t id);
/* The next message with this body, sent by the controller of its own accord. */
Berth__Envelope *party_expect(struct party *party, Berth__Envelope__BodyCase body);
/* True when a message of this kind waits. */
bool party_has(struct party *party, Berth__Envelope__BodyCase body);
void party_answer(struct party *party, const Berth__Envelope *request, int code,
                  const char *text);

/* Status of a reply: 0 or the code, with its words in 'text'. */
int status_of(const Berth__Envelope *reply);
const char *words_of(const Berth__Envelope *reply);

/* ---- a fake node */
struct running {
    uint32_t job, epoch;
    bool lead;
};
/* Connect and register, with topology when it is wanted. */
struct party *node_up(struct cluster *cluster, const char *name);
Berth__Envelope *node_register(struct party *party, const char *name,
                               const char *boot_id, const struct running *running,
                               size_t n_running);
/* Take the next LaunchJob, answer it with success; returns its job id. */
uint32_t node_accept_launch(struct party *node, uint32_t *ret_epoch);
void node_started(struct party *node, uint32_t job, uint32_t epoch);
/* Both: take it, and say that it runs. */
uint32_t node_run_next(struct party *node, uint32_t *ret_epoch);
void node_ended(struct party *node, uint32_t job, uint32_t epoch, int exit_code);

/* ---- a client */
/* A spec of 'tasks' tasks of one core, "#!/bin/sh". Lives on the caller's stack. */
Berth__JobSpec spec_of(uint32_t tasks);
/* Is "NAME=VALUE" in its environment? */
bool has_env(const Berth__JobSpec *spec, const char *line);
Berth__Envelope *client_submit_reply(struct party *client, Berth__JobSpec *spec,
                                     const char *key);
uint32_t client_submit(struct party *client, Berth__JobSpec *spec, const char *key);
/* Submit a job of one core, which 'node' takes and runs. */
uint32_t client_run_job(struct party *client, struct party *node, uint32_t *ret_epoch);
/* The job as a query shows it now. */
Berth__Envelope *client_show(struct party *client, uint32_t job);
Berth__Envelope *client_control(struct party *client, Berth__JobControl__Op op,
                                uint32_t job);
/* Start a wait; party_reply gives the JobList. */
uint64_t client_wait(struct party *client, uint32_t job, bool started);

/* One request as another account (tests that run as root). Returns the code of the
 * reply's status, of the first controlled job's or object's, or ENODATA when a job
 * list came without the script, or a list of objects without any. */
int other_user_call(struct cluster *cluster, uid_t uid, Berth__Envelope *request);

/* State of a job in the controller, by name. */
const char *state_of(struct cluster *cluster, uint32_t job);
void run_until_state(struct cluster *cluster, uint32_t job, enum job_state state);

#endif
