/* SPDX-License-Identifier: Apache-2.0
 *
 * server.h - one node's tasks of a step, and the requests they make
 *
 *     client.c   bytes to requests: which protocol, where one ends
 *     pmi1.c     what PMI-1 asks, and the answers
 *     pmi2.c     what PMI-2 asks, and the answers
 *     server.c   what both are about: keys, barriers, node attributes
 *     ask.c      what the job's lead is asked: names, programs to spawn
 *
 * No descriptors and no threads here: bytes in by client_feed, bytes out in
 * client->out, whatever concerns other nodes by the host's functions.
 */
#ifndef PMI2_SERVER_H
#define PMI2_SERVER_H

#include <berth/mpi.h>
#include <stdbool.h>
#include <stdint.h>

#include "kvs.h"
#include "request.h"
#include "spawn.h"
#include "text.h"

struct server;

/* Which protocol a task speaks: that of its first request. */
enum dialect { DIALECT_NONE, DIALECT_1, DIALECT_2 };

/* What a task's last request waits for; it is answered by its protocol. */
enum waiting { WAITS_NOT, WAITS_BARRIER, WAITS_ATTRIBUTE, WAITS_LEAD };

struct client {
    struct server *server;
    uint32_t rank;
    enum dialect dialect;
    bool is_initialised, is_finalized, is_gone;
    enum waiting waits;
    char *attribute;           /* the node attribute it waits for */
    char *thread;              /* PMI-2: the "thrid" of what it waits with */
    enum berth_mpi_verb asked; /* of the lead, last */
    struct spawn *spawn;       /* programs that it wants, while it lists them */
    struct text in, out;
    struct text command; /* PMI-1: lines of a command of several */
    bool in_command;
};

struct server {
    const struct berth_mpi_host *host;
    char name[64]; /* of the step's key-value space, and of the step for PMI-2 */
    uint32_t n_tasks, universe; /* universe: that the allocation has room for */
    struct client *clients;     /* of this node, by local number */
    uint32_t n_clients;
    uint32_t n_entered;     /* that wait in the barrier */
    struct kvs *kvs;        /* of the step */
    struct kvs *node;       /* attributes of this node */
    bool is_spawned;        /* tasks of another step asked for this one */
    struct request request; /* the one that is answered now */
};

/* ---------------------------------------------------------------- server.c */
/* For the step as this node sees it; 'host' is borrowed. */
struct server *server_create(const struct berth_mpi_step *step,
                             const struct berth_mpi_host *host);
void server_destroy(struct server *server);
struct client *server_client(const struct server *server, uint32_t rank);

/* A task says which protocol it speaks / that it is done with MPI. */
void server_hello(struct client *client);
void server_goodbye(struct client *client);
/* A task asks for the end of the step. 'words' may be NULL. */
void server_abort(struct client *client, long code, const char *words);
/* A task has come to the barrier; the last one lets the fence begin. */
void server_enter(struct client *client);
/* The fence is over: take in what it brought, let all go on. */
void server_fence_done(struct server *server, int status, const char *data, size_t len);
/* Put an attribute of this node, and answer those who wait for it. */
int server_put_attribute(struct server *server, const char *key, const char *value);

/* ------------------------------------------------------------------- ask.c */
/* Publish 'name' for 'port', look it up or take it back. */
void ask_name(struct client *client, enum berth_mpi_verb verb, const char *name,
              const char *port);
/* Let client->spawn be started, which is used up. */
void ask_spawn(struct client *client);
/* The lead's answer: 0 or an errno value, and what was looked up. */
void server_answer(struct server *server, uint64_t cookie, int status,
                   const char *value);

/* ---------------------------------------------------------------- client.c */
/* Take in what the task wrote. 0; -EPROTO and words in 'ret_why' (of 256 bytes): it
 * speaks nonsense and is not to be heard any more. */
int client_feed(struct client *client, const char *data, size_t len, char *ret_why);

/* --------------------------------------------------------- pmi1.c, pmi2.c */
/* Answer one request. */
void pmi1_answer(struct client *client, const struct request *request);
void pmi2_answer(struct client *client, const struct request *request);
/* The same for "init", which both begin with. */
void pmi1_init(struct client *client, const struct request *request);
/* Answer to a command of several lines, which are in client->command. */
void pmi1_answer_lines(struct client *client);
/* The barrier is over / the attribute is there. */
void pmi1_barrier_out(struct client *client);
void pmi2_barrier_out(struct client *client, int status);
void pmi2_attribute(struct client *client, const char *value);
/* What client->asked was has come to this. */
void pmi1_answered(struct client *client, int status, const char *value);
void pmi2_answered(struct client *client, int status, const char *value);

#endif
