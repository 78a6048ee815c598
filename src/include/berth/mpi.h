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

#define BERTH_MPI_ABI 3
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
    int outlives_tasks;       /* one that fails does not end the step */
    uint32_t job, step;       /* their numbers */
    uint32_t universe;        /* tasks that the allocation has room for */
    /* Programs of the step: n_apps of them, the first rank of each, and what each
     * was called with. At least one. */
    uint32_t n_apps;
    const uint32_t *app_first;
    const char *const *const *app_argv;
    const char *cwd;
    /* A step that was spawned: who asked for it (NULL: nobody), and what its
     * plugin gave along. */
    const struct berth_mpi_nspace *parent;
    uint32_t parent_rank;
    const void *spawn_data;
    size_t spawn_len;
};

/* Another step of the job, which exchanges with this one. Borrowed. */
struct berth_mpi_nspace {
    const char *nspace;
    uint32_t n_nodes;
    const char *const *nodes;
    uint32_t n_tasks;
    const uint32_t *rank_node;
};

#define BERTH_MPI_ALL UINT32_MAX

/* A task, or all of a step. */
struct berth_mpi_proc {
    const char *nspace; /* NULL: of this step */
    uint32_t rank;      /* or BERTH_MPI_ALL */
};

/* A program to spawn. Vectors end with NULL. */
struct berth_mpi_app {
    const char *const *argv;
    const char *const *env; /* over what the spawning step had; "NAME=value" */
    const char *cwd;        /* NULL: the spawning step's */
    uint32_t n_tasks;
    const char *hosts; /* list of nodes of the allocation; NULL: any */
};

enum berth_mpi_verb {
    /* A value under a key, kept by the job's lead. -EEXIST when the key is taken
     * in that range. Keys of different plugins do not meet. */
    BERTH_MPI_PUBLISH,
    /* The value of 'key', or ENOENT; with 'wait' as soon as it is there. */
    BERTH_MPI_LOOKUP,
    /* What 'rank' of this step published as 'key'; NULL: all that it published. */
    BERTH_MPI_UNPUBLISH,
    /* A fence across steps, once a node when all its participants among 'procs' have
     * entered. 'id' names the participants and what they do. The answer is all nodes'
     * data, concatenated, with 'serial', a number that no other gather of the job
     * gets. Before it comes, the plugin is told of all steps that take part. */
    BERTH_MPI_GATHER,
    /* Start 'apps' as one step in the allocation. 'data' becomes its spawn_data. The
     * answer's 'nspace' is the new step, and comes when its tasks run. */
    BERTH_MPI_SPAWN,
    /* Send 'signo' to 'procs'. A task that a signal of this kind ends does end the
     * step as any other would. */
    BERTH_MPI_SIGNAL,
    /* What is known of the step 'nspace' (NULL: of all of the job): 'jobs'. */
    BERTH_MPI_QUERY,
    /* 'data' for the stdin of 'procs'; none: its end. */
    BERTH_MPI_INPUT,
};

enum berth_mpi_range {
    BERTH_MPI_RANGE_JOB,  /* all steps of the job */
    BERTH_MPI_RANGE_STEP, /* tasks of the publisher's step */
    BERTH_MPI_RANGE_NODE, /* tasks on the publisher's node */
    BERTH_MPI_RANGE_TASK, /* the publisher */
};

enum berth_mpi_lifetime {
    BERTH_MPI_UNTIL_JOB_ENDS,
    BERTH_MPI_UNTIL_STEP_ENDS,
    BERTH_MPI_UNTIL_TASK_ENDS,
    BERTH_MPI_UNTIL_READ,
};

/* A question to the job's lead. Which members count depends on the verb; others are
 * 0. All is copied. */
struct berth_mpi_call {
    enum berth_mpi_verb verb;
    uint64_t cookie; /* of the answer */
    uint32_t rank;   /* who asks */
    const char *key;
    enum berth_mpi_range range;
    enum berth_mpi_lifetime lifetime;
    int wait;
    uint8_t id[16];
    const struct berth_mpi_proc *procs;
    size_t n_procs;
    const struct berth_mpi_app *apps;
    size_t n_apps;
    int signo;
    const char *nspace;
    const void *data;
    size_t len;
};

enum berth_mpi_state {
    BERTH_MPI_STARTING,
    BERTH_MPI_RUNNING,
    BERTH_MPI_CONNECTED, /* to its library */
    BERTH_MPI_ENDED,
};

struct berth_mpi_proc_info {
    uint32_t rank, node;
    int64_t pid; /* as its node sees it; 0: unknown */
    enum berth_mpi_state state;
    int status; /* as of waitpid, when it has ended */
};

struct berth_mpi_job_info {
    struct berth_mpi_nspace of;
    const char *command;
    uint32_t step;
    int is_running;
    const struct berth_mpi_proc_info *procs; /* when one step was asked for */
    size_t n_procs;
};

/* The answer to a call, borrowed. */
struct berth_mpi_answer {
    uint64_t cookie;
    int status;        /* 0 or an errno value */
    const char *words; /* about a failure, or "" */
    const void *data;
    size_t len;
    uint64_t serial;
    const char *nspace;
    const struct berth_mpi_job_info *jobs;
    size_t n_jobs;
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
    /* Ask the node of 'rank' of the step 'nspace' (NULL: of this one) for its data;
     * answered by modex_done. */
    void (*modex_request)(void *ctx, const char *nspace, uint32_t rank,
                          uint64_t cookie);
    /* Answer to the slot modex_serve. */
    void (*modex_reply)(void *ctx, uint64_t cookie, int status, const void *data,
                        size_t len);
    /* A task asks for the end of the step. */
    void (*abort)(void *ctx, uint32_t rank, int status, const char *words);
    /* A task connected (first) or finalized (last). */
    void (*client)(void *ctx, uint32_t rank, int is_finalized);
    /* Ask the job's lead; answered by the slot 'answer', once. */
    void (*call)(void *ctx, const struct berth_mpi_call *call);
    /* Nobody waits for the answer to a call any more. It may come yet. */
    void (*cancel)(void *ctx, uint64_t cookie);
    /* A message to the plugins of the step 'nspace' (NULL: of this one, "": of all of
     * the job, this one included) on its node 'node' or on all (BERTH_MPI_ALL). It
     * comes to their slot 'told', also to the sender's own where that is meant; in
     * order. It is lost where there is no such step or node any more. */
    void (*tell)(void *ctx, const char *nspace, uint32_t node, const void *data,
                 size_t len);
    /* Write as 'rank' would: stream 1 or 2. */
    void (*write)(void *ctx, uint32_t rank, int stream, const void *data, size_t len);
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
    /* Tell the tasks' library that 'rank' is gone, with 'status' as of waitpid.
     * Optional. */
    void (*task_ended)(void *self, uint32_t rank, int status);
    /* Stop serving and free. Mandatory; NULL is fine. */
    void (*stop)(void *self);
    /* An open descriptor that 'rank' inherits as BERTH_MPI_TASK_FD, and that is the
     * caller's from now on; -1: the task needs none. Optional; called once a rank,
     * before it starts. */
    int (*task_fd)(void *self, uint32_t rank);
    /* The answer to a host->call. Optional when none is made. */
    void (*answer)(void *self, const struct berth_mpi_answer *answer);
    /* There is another step to exchange with, or it is gone: that comes last, and
     * after it nothing more of it. The same step may be told of twice. Optional. */
    void (*nspace)(void *self, const struct berth_mpi_nspace *nspace, int is_gone);
    /* A message from a node of a step; see host->tell. Optional. */
    void (*told)(void *self, const char *nspace, uint32_t node, const void *data,
                 size_t len);
    /* What a local task wrote to stream 1 or 2; len 0: its end. Optional, quick. */
    void (*output)(void *self, uint32_t rank, int stream, const void *data, size_t len);
    /* The node 'node' of this step is gone with its tasks, and the step, which outlives
     * its tasks, goes on. The host has answered fences that need it and does not pass
     * on requests to it; requests on the way are not answered any more. Optional. */
    void (*node_lost)(void *self, uint32_t node);
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
