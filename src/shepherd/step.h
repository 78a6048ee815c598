/* SPDX-License-Identifier: Apache-2.0
 *
 * step.h - one node's part of a step, shared by the files that carry it out
 *
 *     step.c      life: prepare, start, abort, end
 *     branch.c    the step's tree: parent, children, what travels between them
 *     exchange.c  fences and modex between the MPI plugins of its nodes
 *     tasks.c     processes: start, ends
 *     streams.c   what they write: to the client, to nowhere, to files
 *     input.c     what they read
 *     holding.c   afterwards, when its container stays for other steps
 */
#ifndef BERTH_SHEPHERD_STEP_H
#define BERTH_SHEPHERD_STEP_H

#include "shepherd/bag.h"
#include "shepherd/box.h"
#include "shepherd/fence.h"
#include "shepherd/guest.h"
#include "shepherd/shepherd.h"
#include "shepherd/wiring.h"
#include "spec/program_spec.h"

struct stream_file;

/* Our end of what a task writes. */
struct stream {
    struct task *task;
    uv_pipe_t pipe;
    bool is_open;
    struct stream_file *file; /* its lines go there, labelled; NULL: to the client */
    struct strbuf line;       /* of 'file', not whole yet */
};

struct task {
    struct step *step;
    uint32_t local, rank;
    bool has_ended;
    pid_t pid;                       /* as the node sees it; 0: not started */
    int status;                      /* of its end */
    bool is_connected, is_finalized; /* as an MPI process */
    struct stream streams[2];        /* its stdout (or its terminal) and stderr */
    uv_pipe_t stdin_pipe;
    bool has_input;    /* by stdin_pipe */
    int terminal_sock; /* that its terminal comes over; -1 */
};

/* Input on its way to the tasks. */
struct chunk;
struct input {
    struct strbuf early; /* that came before all could get it */
    bool early_end;
    bool flows;            /* all nodes below are there, and our tasks */
    struct chunk *oldest;  /* that a task here has not taken */
    struct chunk **newest; /* where the next one goes */
    uint64_t given, taken; /* bytes, ever: to and by tasks here */
    uint64_t told;         /* of what all have taken, here and below */
};

struct child {
    struct step *step;
    struct channel *ch; /* NULL: not there yet, or gone */
    uint32_t index;
    bool is_known;    /* it has joined */
    uint64_t join_id; /* of its Join, to be answered; 0: it does not ask */
    bool has_ended;
    bool has_no_input; /* none of its tasks gets any */
    uint64_t taken;    /* input, by all below */
};

struct step {
    struct shepherd *sh;
    const Berth__LaunchStep *launch;
    const Berth__StepNode *own;
    uint32_t n_nodes, fanout;

    struct box *box;
    uv_poll_t box_poll;
    bool is_ready; /* box and wiring stand */
    uv_timer_t prepare, late;

    struct task *tasks;
    uint32_t n_tasks, n_running;
    struct program_spec programs; /* of --multi-prog */
    char *first_program;          /* of rank 0: a path, or NAME:PATH to look for */
    struct bag_node *bag;         /* its tasks are slots of a bag; or NULL */
    uint32_t n_streams;           /* open ones, and files that have to be written */
    bool is_paused;               /* they are not read */
    struct input input;
    struct stream_file *files;

    struct channel *parent;
    bool parent_reached; /* the way to it is open */
    bool parent_open;    /* and it has taken us in, as far as that is in doubt */
    uint64_t called_at, call_until; /* loop time, ms */
    uv_timer_t recall;
    struct child *children;
    uint32_t n_children;

    struct guests guests; /* in the box, beside the tasks */

    struct channel *lead; /* to hold the container for; see holding.c */
    bool is_held, is_holding, must_let_go;

    struct wiring *wiring;
    struct fences *fences;

    bool is_started, is_aborted, is_over;
    uint64_t user_usec, system_usec; /* of the tasks that ended here */
    Berth__NodeEnded sums;           /* of what has ended in our subtree */
    uint32_t *ended;                 /* its indexes */
    char *words;                     /* what went wrong here */
};

/* ------------------------------------------------------------------ step.c */
/* Something failed here: tell the lead, and end. */
void step_fail(struct step *step, const struct err *err);
/* If something was killed here for lack of memory since this was last asked, that is
 * what went wrong. 'task' ended (NULL: all have), with at most 'rss_kib'. */
void step_check_memory(struct step *step, const struct task *task, uint64_t rss_kib);
/* The step is over, by order: kill what runs. */
void step_abort(struct step *step);
/* Start the tasks when all is there / end when all is done. */
void step_maybe_start(struct step *step);
void step_maybe_end(struct step *step);
/* The parent has let go: clean up and end this process, once the last words of its
 * guests are on their way. */
void step_leave(struct step *step);

/* ---------------------------------------------------------------- branch.c */
int branch_connect(struct step *step, struct err *err);
/* A connection to the lead, wherever it is; NULL and words. */
struct channel *branch_call_lead(struct step *step,
                                 const struct channel_callbacks *callbacks,
                                 struct err *err);
void branch_up(struct step *step, Berth__Envelope *env);
void branch_down(struct step *step, Berth__Envelope *env);
/* Towards the node with this index, wherever it is in the tree. */
void branch_towards(struct step *step, uint32_t index, Berth__Envelope *env);
/* When the way up is full, nobody below may add to it until it has drained. */
void branch_pause_when_congested(struct step *step);
bool branch_is_done(const struct step *step);

/* --------------------------------------------------------------- holding.c */
/* The box is ready. If others may join it, let them, and stay for them. */
int holding_start(struct step *step, struct err *err);
/* Whether the lead knows, or need not: before that nothing starts. */
bool holding_is_settled(const struct step *step);
/* The step is over: whether its container stays, and we for it. */
bool holding_goes_on(struct step *step);
/* The container need not stay any more, or has ended. */
void holding_end(struct step *step);

/* -------------------------------------------------------------- exchange.c */
struct wiring_events exchange_wiring_events(struct step *step);
struct fence_actions exchange_fence_actions(struct step *step);
/* From a neighbour: for us, or to be passed on. */
void exchange_take_modex_request(struct step *step, Berth__Envelope *env);
void exchange_take_modex_reply(struct step *step, Berth__Envelope *env);
/* From above: for us, to be passed on, or both. */
void exchange_take_answer(struct step *step, Berth__Envelope *env);
void exchange_take_message(struct step *step, Berth__Envelope *env);
void exchange_take_inquiry(struct step *step, Berth__Envelope *env);
/* Whether the step goes on when nodes are lost: one with MPI that outlives its tasks.
 */
bool exchange_survives_loss(const struct step *step);
/* The child 'index' is lost: let all nodes that are left know. */
void exchange_tell_lost(struct step *step, uint32_t index);

/* ----------------------------------------------------------------- tasks.c */
int tasks_start(struct step *step, struct err *err);
void tasks_signal(struct step *step, int signo);
void tasks_signal_ranks(struct step *step, const Berth__StepSignal *msg);
struct task *tasks_by_rank(struct step *step, uint32_t rank);
/* The devices of one task, when the step's tasks here are those the job was placed
 * for; NULL: all of the job's. */
const char *tasks_devices_of(const struct step *step, uint32_t local);

/* --------------------------------------------------------------- streams.c */
/* Make what 'task' reads, writes and writes errors to; the caller closes 'fds'. */
int streams_open(struct task *task, int fds[3], struct err *err);
/* It has started: its terminal is there. / It has ended, or never began. */
void streams_started(struct task *task);
void streams_ended(struct task *task);
bool streams_has_terminal(const struct task *task);
/* The client's terminal has this size now. */
void streams_resize(struct step *step, const Berth__WindowSize *size);
/* As if it had written this to stream 1 or 2. */
void tasks_say(struct task *task, uint32_t stream, const void *data, size_t len);
/* Stop and resume reading what tasks write: the way up is full. */
void streams_pause(struct step *step, bool paused);
/* A pipe of which we keep one end: 'ours' is 0 to read, 1 to write. */
int streams_open_pipe(struct step *step, uv_pipe_t *pipe, int ours, int *ret_theirs,
                      struct err *err);

/* ----------------------------------------------------------- stream_files.c */
/* The file that 'pattern' names for 'task', to be written; one for all tasks here
 * whose names are the same. It is the step's. */
int stream_files_open(struct task *task, const char *pattern,
                      struct stream_file **ret_file, struct err *err);
int stream_file_fd(const struct stream_file *file);
/* All tasks have what they need, and no stream of theirs is written by us. */
void stream_files_close(struct step *step);
/* So much waits to be written that its tasks should, too. */
bool stream_file_is_full(const struct stream_file *file);
/* The absolute name that 'pattern' stands for; the caller frees it. */
char *stream_files_name(const struct task *task, const char *pattern);
/* Bytes of a task for its file, line by line with its rank; len 0 is the end. */
void stream_file_take(struct stream *stream, const char *bytes, size_t len);

/* ----------------------------------------------------------------- input.c */
/* Make the stdin of 'task'. */
int input_open(struct task *task, int *ret_fd, struct err *err);
/* 'task' takes no more. */
void input_close(struct task *task);
/* From above: bytes for the tasks here and below; len 0 is the end. */
void input_take(struct step *step, const void *data, size_t len);
/* So much more was taken below 'child'. */
void input_child_took(struct child *child, uint32_t len);
/* Something has changed (tasks started, a child joined or ended): pass on what waits,
 * and tell what was taken. */
void input_continue(struct step *step);

#endif
