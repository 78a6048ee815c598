/* SPDX-License-Identifier: Apache-2.0
 *
 * server.h - the one PMIx server of this process
 *
 * libpmix keeps its state in the process, so there is at most one server. What
 * it needs of the step is copied here at start and does not change until stop;
 * libpmix's threads read it without a lock.
 */
#ifndef SERVER_H
#define SERVER_H

#include <berth/mpi.h>
#include <hwloc.h>
#include <pmix.h>
#include <pmix_server.h>
#include <stdbool.h>

struct server {
    struct berth_mpi_host host;
    pmix_nspace_t nspace;
    uint32_t n_tasks, n_nodes, node_index;
    uint32_t *rank_node;   /* n_tasks of them */
    uint32_t *local_ranks; /* n_local of them, ascending */
    uint32_t n_local;
    bool is_crowded;     /* tasks may share a core */
    char *topology_file; /* as tasks see it, or NULL */
};

/* Write code and words and return -code. */
int fail(struct berth_mpi_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* plugin.c: the server; upcalls have no other way to it. */
const struct server *server_now(void);

/* topology.c: this node's topology, loaded once. NULL path: this machine.
 * topology_export writes it to 'path' for the tasks. topology_is_crowded_by: do
 * 'n_tasks' share cores? So they do when the topology is of a larger machine
 * than this one, which then plays several nodes. */
int topology_get(const char *xml, hwloc_topology_t *ret_topology,
                 struct berth_mpi_err *err);
int topology_export(const char *path, struct berth_mpi_err *err);
bool topology_is_crowded_by(uint32_t n_tasks);

/* job_data.c: tell libpmix about the step and its local tasks. */
int job_register(const struct server *server, const struct berth_mpi_step *step,
                 hwloc_topology_t topology, struct berth_mpi_err *err);

/* upcalls.c: what libpmix calls. */
extern pmix_server_module_t upcalls;

/* sockets.c: set up libpmix's listening socket, before tasks connect. The host
 * itself listens on no TCP port. */
void sockets_hurry(void);

/* env.c: settings of the server's own library, for the time of its start. */
void env_server_enter(void);
void env_server_leave(void);
int env_of_task(const struct server *server, uint32_t rank, char ***ret_env,
                struct berth_mpi_err *err);

#endif
