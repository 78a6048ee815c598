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

#include "infos.h"
#include "pending.h"

#include <berth/mpi.h>
#include <hwloc.h>
#include <pmix.h>
#include <pmix_server.h>
#include <pthread.h>
#include <stdbool.h>

/* Of the servers themselves; their rank is their node's index. */
#define SERVER_NSPACE "berth"

struct server {
    struct berth_mpi_host host;
    pmix_nspace_t nspace;
    uint32_t n_tasks, n_nodes, node_index;
    uint32_t *rank_node;   /* n_tasks of them */
    uint32_t *local_ranks; /* n_local of them, ascending */
    uint32_t n_local;
    uint32_t job, step, universe;
    char *node_name;
    uid_t uid;           /* as the tasks see themselves */
    bool is_crowded;     /* tasks may share a core */
    bool outlives_tasks; /* one that fails does not end the step */
    bool tells_ends;     /* of all tasks, not only of those that went wrong */
    char *topology_file; /* as tasks see it, or NULL */
};

/* Write code and words and return -code. */
int fail(struct berth_mpi_err *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* plugin.c: the server; upcalls have no other way to it. */
const struct server *server_now(void);
/* Between errno values and libpmix's. */
pmix_status_t status_of_errno(int code);
int errno_of_status(pmix_status_t status);
/* Calls of libpmix that run on its thread: waited for together. Not to be used on
 * that thread itself. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t done;
    uint32_t pending;
    pmix_status_t status; /* of the first that failed */
};
#define WAITER(n)                                                              \
    {                                                                          \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, (n), PMIX_SUCCESS \
    }
void waiter_done(pmix_status_t status, void *waiter);
/* Take the immediate result of a call whose callback is waiter_done. */
void waiter_called(struct waiter *waiter, pmix_status_t rc);
pmix_status_t waiter_wait(struct waiter *waiter);

/* topology.c: this node's topology, loaded once. NULL path: this machine.
 * topology_export writes it to 'path' for the tasks. topology_is_crowded_by: do
 * 'n_tasks' share cores? So they do when the topology is of a larger machine
 * than this one, which then plays several nodes. */
int topology_get(const char *xml, hwloc_topology_t *ret_topology,
                 struct berth_mpi_err *err);
int topology_export(const char *path, struct berth_mpi_err *err);
bool topology_is_crowded_by(uint32_t n_tasks);

/* job_data.c: tell libpmix about the step and its local tasks; about another step;
 * that another is gone. */
int job_register(const struct server *server, const struct berth_mpi_step *step,
                 hwloc_topology_t topology, struct berth_mpi_err *err);
void job_meet(const struct berth_mpi_nspace *nspace);
void job_part(const char *nspace);

/* procs.c: the same 128 bits on every node for the same processes doing the same
 * 'what'. Whether all are of this step. Their nodes, ascending: 0 of them means all.
 * As the host names them (borrows the namespaces; free()). */
pmix_status_t procs_hash(const char *what, const pmix_proc_t procs[], size_t n_procs,
                         uint8_t ret_id[16]);
bool procs_are_own(const pmix_proc_t procs[], size_t n_procs);
pmix_status_t procs_nodes(const pmix_proc_t procs[], size_t n_procs,
                          uint32_t **ret_nodes, size_t *ret_n);
struct berth_mpi_proc *procs_for_host(const pmix_proc_t procs[], size_t n_procs);

/* upcalls.c: what libpmix calls. */
extern pmix_server_module_t upcalls;
/* Ask the job's lead. PMIX_SUCCESS: 'answered' comes. */
pmix_status_t ask(struct berth_mpi_call *call, int timeout, pending_answered answered,
                  void *ctx);
/* An operation that only has a status to answer with. */
struct operation {
    pmix_op_cbfunc_t cbfunc;
    void *cbdata;
};
struct operation *operation_create(pmix_op_cbfunc_t cbfunc, void *cbdata);
void operation_answered(const struct berth_mpi_answer *answer, void *operation);

/* publish.c */
pmix_status_t publish_values(const pmix_proc_t *proc, const pmix_info_t info[],
                             size_t n_info, pmix_op_cbfunc_t cbfunc, void *cbdata);
pmix_status_t lookup_values(const pmix_proc_t *proc, char **keys,
                            const pmix_info_t info[], size_t n_info,
                            pmix_lookup_cbfunc_t cbfunc, void *cbdata);
pmix_status_t unpublish_values(const pmix_proc_t *proc, char **keys,
                               const pmix_info_t info[], size_t n_info,
                               pmix_op_cbfunc_t cbfunc, void *cbdata);

/* spawn.c */
pmix_status_t spawn_step(const pmix_proc_t *proc, const pmix_info_t info[],
                         size_t n_info, const pmix_app_t apps[], size_t n_apps,
                         pmix_spawn_cbfunc_t cbfunc, void *cbdata);

/* connect.c */
pmix_status_t connect_steps(const pmix_proc_t procs[], size_t n_procs,
                            const pmix_info_t info[], size_t n_info,
                            pmix_op_cbfunc_t cbfunc, void *cbdata);
pmix_status_t disconnect_steps(const pmix_proc_t procs[], size_t n_procs,
                               const pmix_info_t info[], size_t n_info,
                               pmix_op_cbfunc_t cbfunc, void *cbdata);
pmix_status_t group_operation(pmix_group_operation_t op, char group[],
                              const pmix_proc_t procs[], size_t n_procs,
                              const pmix_info_t info[], size_t n_info,
                              pmix_info_cbfunc_t cbfunc, void *cbdata);
pmix_status_t fence_across(const uint8_t id[16], const pmix_proc_t procs[],
                           size_t n_procs, int timeout, char *data, size_t len,
                           pmix_modex_cbfunc_t cbfunc, void *cbdata);

/* events.c: from clients to all whom they concern, and of tasks and steps that ended.
 * events_told: from another node. */
pmix_status_t register_events(pmix_status_t *codes, size_t n_codes,
                              const pmix_info_t info[], size_t n_info,
                              pmix_op_cbfunc_t cbfunc, void *cbdata);
pmix_status_t deregister_events(pmix_status_t *codes, size_t n_codes,
                                pmix_op_cbfunc_t cbfunc, void *cbdata);
pmix_status_t notify_event(pmix_status_t code, const pmix_proc_t *source,
                           pmix_data_range_t range, pmix_info_t info[], size_t n_info,
                           pmix_op_cbfunc_t cbfunc, void *cbdata);
void events_told(pmix_data_buffer_t *buffer);
void events_task_ended(uint32_t rank, int status);
void events_step_ended(const char *nspace);
void events_node_lost(uint32_t node);

/* What plugins tell each other begins with one of these, a byte. */
enum telling { TELL_EVENT = 1, TELL_PULL, TELL_OUTPUT, TELL_TAKEN };
/* Send a packed buffer, which is used up, to a node of a step; see host->tell. */
void tell(const char *nspace, uint32_t node, pmix_data_buffer_t *buffer);
pmix_status_t telling_begin(pmix_data_buffer_t *buffer, enum telling what);

/* control.c */
pmix_status_t control_job(const pmix_proc_t *requestor, const pmix_proc_t targets[],
                          size_t n_targets, const pmix_info_t info[], size_t n_info,
                          pmix_info_cbfunc_t cbfunc, void *cbdata);
pmix_status_t abort_tasks(const pmix_proc_t *proc, void *object, int status,
                          const char words[], pmix_proc_t procs[], size_t n_procs,
                          pmix_op_cbfunc_t cbfunc, void *cbdata);

/* query.c */
pmix_status_t query_job(pmix_proc_t *proc, pmix_query_t *queries, size_t n_queries,
                        pmix_info_cbfunc_t cbfunc, void *cbdata);

/* tools.c: who may connect. peers_check ends connections of other users: false when
 * there were such. */
void tool_connected(pmix_info_t *info, size_t n_info,
                    pmix_tool_connection_cbfunc_t cbfunc, void *cbdata);
bool peers_check(void);

/* iof.c: output of tasks for tools and other steps; input; logs. */
pmix_status_t iof_pull(const pmix_proc_t procs[], size_t n_procs,
                       const pmix_info_t info[], size_t n_info,
                       pmix_iof_channel_t channels, pmix_op_cbfunc_t cbfunc,
                       void *cbdata);
pmix_status_t iof_push(const pmix_proc_t *source, const pmix_proc_t targets[],
                       size_t n_targets, const pmix_info_t info[], size_t n_info,
                       const pmix_byte_object_t *bytes, pmix_op_cbfunc_t cbfunc,
                       void *cbdata);
void log_data(const pmix_proc_t *client, const pmix_info_t data[], size_t n_data,
              const pmix_info_t info[], size_t n_info, pmix_op_cbfunc_t cbfunc,
              void *cbdata);
void iof_output(uint32_t rank, int stream, const void *data, size_t len);
void iof_told(enum telling what, const char *nspace, uint32_t node,
              pmix_data_buffer_t *buffer);
void iof_nspace_gone(const char *nspace);
void iof_forget(void);

/* sockets.c: set up libpmix's listening socket, before tasks connect. The host
 * itself listens on no TCP port. */
void sockets_hurry(void);
/* Call 'fn' for each connection that was accepted on it. */
void sockets_each_peer(void (*fn)(int fd, void *ctx), void *ctx);

/* env.c: settings of the server's own library, for the time of its start. */
void env_server_enter(void);
void env_server_leave(void);
int env_of_task(const struct server *server, uint32_t rank, char ***ret_env,
                struct berth_mpi_err *err);

#endif
