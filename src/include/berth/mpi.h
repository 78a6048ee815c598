/* SPDX-License-Identifier: Apache-2.0
 *
 * berth/mpi.h - what a plugin of kind "mpi" is
 *
 * One instance serves the tasks of one step on one node, inside the shepherd
 * and as the job's user. The plugin may have threads; every host function may
 * be called from any of them (the host copies and posts to its loop). The slots
 * below are called from the host's thread only.
 */
#ifndef BERTH_MPI_H
#define BERTH_MPI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BERTH_MPI_ABI 2
#define BERTH_MPI_SYMBOL "berth_mpi_plugin"

/* The number that a descriptor of the slot task_fd has in the task. */
#define BERTH_MPI_TASK_FD 3

struct berth_mpi_err {
    int code;
    char text[480];
};

/* The step as this node sees it; borrowed for the call of start. */
struct berth_mpi_step {
    const char *nspace; /* unguessable; keep out of argv and logs */
    uint32_t node_index, n_nodes;
    const char *const *nodes;      /* names, by index */
    uint32_t n_tasks;              /* of the whole step */
    const uint32_t *rank_node;     /* node index of each rank */
    const uint32_t *local_ranks;   /* ranks on this node, ascending */
    const char *const *local_cpus; /* hwloc list of each local rank's PUs, or NULL */
    uint32_t n_local;
    uid_t uid; /* as the tasks see themselves inside */
    gid_t gid;
    const char *server_dir;   /* private, exists, for the server's own files */
    const char *task_dir;     /* same path inside and outside; for session files */
    const char *topology_xml; /* path or NULL: this machine */
    int shares_machine;       /* tasks of other nodes run on the same cores */
};

/* Services of the host. All may be called from any thread. */
struct berth_mpi_host {
    void *ctx;
    /* All local participants entered a fence. 'id' (16 bytes) names the set of
     * participants; the host answers with fence_done of the same id, once for
     * each call and in order. 'nodes' (n_nodes of them, 0: all of the step)
     * take part. Data is copied. */
    void (*fence)(void *ctx, const uint8_t id[16], const uint32_t *nodes,
                  size_t n_nodes, const void *data, size_t len);
    /* Ask the node of 'rank' for its data; answered by modex_done. */
    void (*modex_request)(void *ctx, uint32_t rank, uint64_t cookie);
    /* Answer to the slot modex_serve. */
    void (*modex_reply)(void *ctx, uint64_t cookie, int status, const void *data,
                        size_t len);
    /* A task asks for the end of the step. */
    void (*abort)(void *ctx, uint32_t rank, int status, const char *words);
    /* A task connected (first) or finalized (last). */
    void (*client)(void *ctx, uint32_t rank, int is_finalized);
};

struct berth_mpi_ops {
    /* Do early what depends on the machine only, so that start is quick. Optional;
     * called at most once, in a spare process that still is root and has one
     * thread. It leaves no thread, file or changed environment behind.
     * 'topology_xml' as in struct berth_mpi_step. A failure is not fatal: start
     * does the work then. */
    int (*preload)(const char *topology_xml, struct berth_mpi_err *err);
    /* Start serving. Mandatory; may take milliseconds, called once. */
    int (*start)(const struct berth_mpi_step *step, const struct berth_mpi_host *host,
                 void **ret_self, struct berth_mpi_err *err);
    /* Environment for 'rank' as a NULL-terminated heap vector of heap strings
     * "NAME=value", which the caller frees. Mandatory. Names that start with
     * "PMIX_" or "PMI_" replace what the task would have; of all others the user's
     * own value wins. */
    int (*task_env)(void *self, uint32_t rank, char ***ret_env,
                    struct berth_mpi_err *err);
    /* The result of a fence: every node's data, concatenated; status 0 or an
     * errno value. Copied. Mandatory. */
    void (*fence_done)(void *self, const uint8_t id[16], int status, const void *data,
                       size_t len);
    /* Another node wants local 'rank's data: answer with host->modex_reply. */
    void (*modex_serve)(void *self, uint32_t rank, uint64_t cookie);
    void (*modex_done)(void *self, uint64_t cookie, int status, const void *data,
                       size_t len);
    /* Tell the tasks' library that 'rank' is gone. Optional. */
    void (*task_ended)(void *self, uint32_t rank);
    /* Stop serving and free. Mandatory; NULL is fine. */
    void (*stop)(void *self);
    /* An open descriptor that 'rank' inherits as BERTH_MPI_TASK_FD, and that is the
     * caller's from now on; -1: the task needs none. Optional; called once a rank,
     * before it starts. */
    int (*task_fd)(void *self, uint32_t rank);
};

/* The only symbol of the plugin, of type 'const struct berth_mpi_plugin'. */
struct berth_mpi_plugin {
    uint32_t abi;
    uint32_t ops_size;
    const char *name; /* "pmix" */
    const char *summary;
    const struct berth_mpi_ops *ops;
};

#endif
