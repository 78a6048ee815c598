/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_host.h - plays the shepherds of a step on one machine
 *
 * One process a "node" loads the plugin, starts the node's tasks as plain
 * processes and relays fences and modex to the others over socket pairs. Each
 * node has its own directory for shared memory, so that its tasks see only each
 * other. As a real host would, it ends the step when a task aborts or fails.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <berth/mpi.h>
#include <stdbool.h>

enum { FAKE_MAX_NODES = 4, FAKE_MAX_TASKS = 16 };

struct fake_step {
    char *const *argv;
    char **env; /* over the plugin's own; NULL is fine */
    uint32_t n_nodes, tasks_per_node;
    bool is_cyclic; /* ranks 0, 2 on node 0; 1, 3 on node 1 */
};

struct fake_result {
    int status[FAKE_MAX_TASKS]; /* as from waitpid, by rank */
    uint32_t n_connected, n_finalized, n_fences, n_partial_fences, n_modex;
    uint32_t fence_bytes; /* that this step's nodes gave */
    uint32_t n_aborts, abort_rank, n_told;
    int abort_status;
    char failure[480]; /* of a node itself; empty when it went well */
    double start_ms;   /* longest of the nodes' starts */
    double run_ms;     /* longest from the first task's start to the last's end */
    char *out;         /* stdout and stderr of all tasks; heap */
};

/* Run a step to its end. Steps over a minute are killed, which 'failure' says. */
void fake_host_run(const struct berth_mpi_ops *ops, const struct fake_step *step,
                   struct fake_result *ret);

#endif
