/* SPDX-License-Identifier: Apache-2.0
 *
 * node_double.h - plays the node's daemon to real shepherds
 *
 * Blocking: each function waits for what it names and fails the test after a
 * while. Directories are the test's own and go with node_stop.
 */
#ifndef BERTH_TESTS_NODE_DOUBLE_H
#define BERTH_TESTS_NODE_DOUBLE_H

#include <sys/types.h>

#include "wire/call.h"

struct node_double {
    char dir[64];
    char *run_dir, *socket_path;
    int listener; /* -1 unless listening */
    Berth__NodeShare share;
    Berth__NodeShare *shares[1];
    Berth__Placement placement;
    Berth__SignedGrant grant; /* of job 17, epoch 1, on node n1 with 2 cores */
};

/* A shepherd, from our end of its line. */
struct shepherd_double {
    pid_t pid;
    struct caller *line;
};

void node_start(struct node_double *node);
void node_stop(struct node_double *node);

struct shepherd_double spawn_shepherd(void);
/* Its exit status, as wait(2) tells it. */
int wait_for_exit(struct shepherd_double *shepherd);
/* Make sure that it is gone, after whatever happened. */
void shepherd_reap(struct shepherd_double *shepherd);
/* Cut its line, as a daemon does that dies. */
void cut_line(struct shepherd_double *shepherd);

/* Fill in what a node says about itself; then one of 'job' and 'step' is set. */
void fill_assignment(struct node_double *node, Berth__Assignment *assignment);
/* Returns the code of its answer, 0 when it has taken the work. */
int assign(struct shepherd_double *shepherd, Berth__Assignment *assignment);

/* The next message with this body; others are skipped. */
Berth__Envelope *expect(struct caller *from, Berth__Envelope__BodyCase body);
/* Answer it. */
void answer(struct caller *to, const Berth__Envelope *request, int code);

/* Listen on the node's socket, as the next daemon does, and take a connection. */
void listen_again(struct node_double *node);
struct caller *accept_one(struct node_double *node);

#endif
