/* SPDX-License-Identifier: Apache-2.0
 *
 * lead.h - the owner of an allocation, shared by the files that carry it out
 *
 *     lead.c    life of the job: start, time limit, signals, end
 *     serve.c   connections: clients that ask for steps, roots of steps' trees
 *     runs.c    steps: place, launch, end; with run_*.c, see runs.h
 *     batch.c   the job's script
 *     pod_*.c   a pod, in place of all that; see pod_lead.h
 *     logs.c    what the script wrote, shown
 *     holders.c containers that outlive the step that made them
 *     watch.c   clients that look at a step
 *     switchboard.c, spawn.c, inquiry.c  what MPI plugins ask
 */
#ifndef BERTH_SHEPHERD_LEAD_H
#define BERTH_SHEPHERD_LEAD_H

#include "base/strbuf.h"
#include "shepherd/bag.h"
#include "shepherd/guest.h"
#include "shepherd/layout.h"
#include "shepherd/past.h"
#include "shepherd/shepherd.h"
#include "spec/step_depend.h"

struct batch;
struct images;
struct limit;
struct logs;
struct pod_lead;
struct reports;
struct run;
struct run_wait;

/* A connection to the lead: a client, or the root shepherd of a step. */
struct conn {
    struct lead *lead;
    struct channel *ch;
    struct run *run;            /* the step it asked for, or is the root of */
    bool is_owner;              /* the allocation ends with it */
    Berth__ContainerSpec *held; /* the container that its shepherd stays for */
    bool is_told;               /* to let go of it */
    struct run *watches;        /* a step that is another's; see watch.c */
    uint64_t missed;            /* bytes of it that were not sent */
    bool is_behind;             /* and what comes is not sent either */
    size_t input_on_way;        /* bytes from it that task 0 has not read */
    bool waits;                 /* for the end of a step that is another's */
    uint32_t waits_for;
    uint64_t wait_request;
    struct conn *next;
};

/* Input on its way to task 0, in order: whose it is. */
struct input_part {
    struct conn *from; /* NULL: gone */
    size_t len;
};

/* A step, from request to end. */
struct run {
    struct lead *lead;
    Berth__StepSpec *spec;
    Berth__LaunchStep launch;
    uint8_t secret[16];
    struct conn *client, *root; /* NULL: not there (any more) */
    uint64_t request;           /* of the client, to be answered */
    bool awaits_client; /* its output goes to files: their writer, not yet there */
    struct step_depend depend;
    uint64_t looked_at;         /* in this look at the line; see run_queue.c */
    char *why;                  /* it waits; NULL: not known */
    bool is_placed;             /* nodes and cores are its own */
    bool is_launched;           /* else its image is still on the way */
    unsigned int n_asked;       /* questions about its launch that are not answered */
    bool root_failed;           /* its first node refuses */
    struct run_wait *wait_node; /* for daemons that are away; or NULL */
    bool is_killed, out_of_memory;
    /* Seconds since the epoch: asked for; placed, with its image there. 0: not yet */
    int64_t request_time, start_time;
    uint32_t tasks;
    int64_t start_usec;    /* start_time, closer */
    Berth__NodeEnded used; /* once its nodes have ended; 'words' is not ours */
    int exit_code, exit_signal;
    char *words;
    struct strbuf input; /* that came before the root did */
    struct input_part *parts;
    size_t n_parts;
    bool input_ended;
    uv_timer_t *overdue; /* for room, for the root to come, to end after a kill */
    struct limit *limit, *wait; /* see run_limits.c */
    struct bag *bag;            /* of commands that it runs; or NULL */
    /* Asked for by a task of another step, on that node of it; see spawn.c. */
    bool is_spawned, is_answered;
    uint32_t parent_step, parent_index;
    bool is_over; /* it has let go of all, but steps that it spawned run on */
    struct run *next;
};

struct lead {
    struct shepherd *sh;
    const Berth__JobSpec *spec;
    struct layout *layout;
    uv_pipe_t listener;
    struct limit *limit; /* NULL: there is none */
    uv_timer_t grace;
    bool is_stopped, awaits_owner;
    struct conn *conns;
    struct run *runs; /* oldest first */
    uint32_t next_step;
    struct run *claims; /* the oldest that waits for room: see layout_claim */
    struct past past;
    bool is_in_line, is_in_line_again; /* see run_queue.c */
    uint64_t looks;                    /* at those that wait, so far */
    struct batch *batch;
    struct pod_lead *pod;            /* NULL: the job is no pod; see pod_lead.h */
    struct logs *logs;               /* NULL before the script runs */
    struct guests guests;            /* in the container of the batch script */
    struct images *images;           /* which nodes have which; see images.h */
    struct reports *reports;         /* of steps that have ended; see reports.h */
    bool is_terminating;             /* asked to end; killed after the grace */
    uv_signal_t on_shutdown;         /* of a pod: the machine goes down */
    struct switchboard *switchboard; /* NULL: no plugin has asked for anything */
    bool is_ending, is_reported;
    Berth__JobEnded ended;
    char *words;
    int last_code, last_signal; /* of the last step */
    char *oom_words;            /* of the last step that lacked memory */
    bool holders_are_late;
};

/* ------------------------------------------------------------------ lead.c */
/* The job is over: end what still runs, then report. First call counts. */
void lead_end(struct lead *lead, int exit_code, int exit_signal, const char *words);
void lead_maybe_report(struct lead *lead);
/* Seconds from SIGTERM to SIGKILL. */
uint32_t lead_grace(const struct lead *lead);

/* ----------------------------------------------------------------- serve.c */
int serve_start(struct lead *lead, struct err *err);
void serve_adopt(struct lead *lead, int fd, const void *hello, size_t len);

/* ----------------------------------------------------------------- runs.c */
void run_request(struct conn *client, const Berth__Envelope *env);
/* The first node's shepherd has come. Asked to (by an id), the lead says that it is the
 * one. */
void run_join(struct conn *root, const Berth__Envelope *env);
void run_from_client(struct run *run, const Berth__Envelope *env);
void run_from_root(struct run *run, const Berth__Envelope *env);
void run_lost_client(struct run *run);
void run_lost_root(struct run *run, const char *why);
/* Signal the tasks of all steps; 'kill' ends them at once. */
void runs_signal(struct lead *lead, int signo, bool kill);
/* Answer which steps run, and where. */
void runs_list(struct lead *lead, struct channel *ch, const Berth__Envelope *env);
/* The clock of all steps stops, or goes on. */
void run_limits_hold(struct lead *lead, bool held);
/* Somebody waits for a step to end / gives an order to one. */
void runs_wait(struct conn *conn, const Berth__Envelope *env);
void runs_control(struct conn *conn, const Berth__Envelope *env);
/* Place what can be placed. */
void runs_start_waiting(struct lead *lead);
/* Our node's daemon has gone / is there again: before the former is called, what it
 * was asked has failed. */
void runs_node_is_away(struct lead *lead);
void runs_node_is_back(struct lead *lead);

/* To the step's client and to those who watch; the step is held up while the client
 * does not read. */
void run_to_client(struct run *run, const Berth__Envelope *env);

/* Tell 'ch' what was started, in reply to 'request'. */
void run_describe_start(const struct run *run, struct channel *ch, uint64_t request);
/* Input for task 0 from a client that watches; from an MPI plugin, none is its end. */
void run_watcher_input(struct conn *conn, const Berth__TaskInput *input);
void run_plugin_input(struct run *run, const void *data, size_t len);

/* ----------------------------------------------------------------- watch.c */
void watch_request(struct conn *conn, const Berth__Envelope *env);
/* What the step's client is told, to all who watch. */
void watch_tell(struct run *run, const Berth__Envelope *env);
/* The step is over / the client goes. */
void watch_end(struct run *run);
void watch_leave(struct conn *conn);
/* Input: 'len' bytes come from a client (NULL: a plugin); -EPROTO, and it is cut off,
 * when that is more than it may send. So many were read: tell those whose they are. A
 * client goes. */
int input_note(struct run *run, struct conn *from, size_t len);
void input_taken(struct run *run, size_t len);
void input_forget(struct run *run, const struct conn *from);

/* ------------------------------------------------------------------ logs.c */
/* The script runs, and writes its output to fds[0], its errors to fds[1]: remember
 * when these grew. */
void logs_watch(struct lead *lead, const int fds[2]);
/* The LogRequest 'env' has come on 'ch', which is ours from now on. */
void logs_request(struct lead *lead, struct channel *ch, const Berth__Envelope *env);

/* --------------------------------------------------------------- holders.c */
/* Complete what a step says of a container with a name, or refuse it with words. */
int holders_settle(const struct lead *lead, Berth__StepSpec *spec, struct err *err);
/* The shepherd behind 'conn' holds the container of its step, and says so with a Join
 * that is answered. */
void holders_join(struct conn *conn, const Berth__Envelope *env);
/* The job is over: tell holders to let go. False when none is left, or they take too
 * long; each that goes calls lead_maybe_report. */
bool holders_remain(struct lead *lead);

/* ----------------------------------------------------------------- batch.c */
/* The file of the job's output, or of its errors; the caller frees it. */
char *batch_log_path(const struct lead *lead, bool is_error);
int batch_start(struct lead *lead, struct err *err);
void batch_signal(struct batch *batch, int signo);
/* Signal the shell that runs the script, not what it has started. */
void batch_signal_shell(struct batch *batch, int signo);
void batch_kill(struct batch *batch);

#endif
