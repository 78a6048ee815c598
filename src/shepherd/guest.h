/* SPDX-License-Identifier: Apache-2.0
 *
 * guest.h - programs that clients start inside a container that runs
 *
 *     guest.c      life: request, start, signals, end
 *     guest_io.c   bytes between the client and the program
 *
 * A guest shares the container of the job's own tasks and all that holds for them, but
 * nothing waits for it: it ends with the container, and a client that does not read
 * or does not write holds up its own guest only.
 */
#ifndef BERTH_SHEPHERD_GUEST_H
#define BERTH_SHEPHERD_GUEST_H

#include "base/strbuf.h"
#include "shepherd/box.h"
#include "shepherd/shepherd.h"

/* So many bytes may be on the way in each direction. */
#define GUEST_WINDOW (1u << 20)

struct guest;

/* Those of one container. */
struct guests {
    struct shepherd *sh;
    struct box *box; /* borrowed; NULL: there is none, or none yet */
    bool is_over;    /* it has gone */
    /* As its tasks have them. */
    char **env;
    const char *cwd, *cpus; /* borrowed */
    unsigned int umask;

    char *ending; /* words for those that a signal ends from now on; NULL */
    int status;   /* wait status of the container's own program, once it has ended */
    /* The input of one that is attached has ended. May be NULL. */
    void (*on_input_end)(void *ctx);
    void *input_ctx;

    struct guest *first;
    unsigned int n;
    uint32_t last_id;
    /* After the last guest has gone. May be NULL. */
    void (*on_empty)(void *ctx);
    void *ctx;
};

/* ------------------------------------------------------------------ guest.c */
/* Before anything else. */
void guests_init(struct guests *guests, struct shepherd *sh);
/* The container stands, and its tasks are ordered: guests may come. Copies 'env';
 * borrows the rest until the container has gone. */
void guests_open(struct guests *guests, struct box *box, char *const *env,
                 const char *cwd, const char *cpus, unsigned int umask);
/* The ExecRequest 'env' has come on 'ch'. The channel is ours from now on, also when
 * it is refused. */
void guests_request(struct guests *guests, struct channel *ch,
                    const Berth__Envelope *env);
/* The same for a program of the node's outside of the container: 'argv', run as we are.
 * Its stdin ends when the container does, and it is waited for. */
void guests_run_outside(struct guests *guests, struct channel *ch,
                        const Berth__Envelope *env, char *const *argv);
/* The same for a connection in place of a program: 'fd', a socket that is ours. */
void guests_connect(struct guests *guests, struct channel *ch,
                    const Berth__Envelope *env, int fd);
/* The same for streams of the container's own program: 'fds' are an end to write its
 * input to, or -1, and ends that give what it writes to stdout and stderr, or -1; they
 * are ours. It ends when the container does, with guests->status. */
void guests_attach(struct guests *guests, struct channel *ch,
                   const Berth__Envelope *env, bool has_terminal, const int fds[3]);
/* Turn the request 'env' away; the channel is ours from now on. */
void guests_refuse(struct channel *ch, const Berth__Envelope *env,
                   const struct err *err);
/* Whom a signal to a container's tasks is for, as container_signal wants it: what ends
 * or stops a job is for guests too, all else is between its own processes. */
uint32_t guests_scope_of(int signo);
/* All inside was told to end, for this reason. */
void guests_told_to_end(struct guests *guests, const char *words);
/* True when the event was about a guest. */
bool guests_take_event(struct guests *guests, const struct container_event *event);
/* The container has gone, and with it all that ran inside; so ends each guest, with
 * these words. */
void guests_end(struct guests *guests, const char *words);

/* ------------------------------------------------- between the two files */

/* One descriptor of ours, a stream of the program's on its other side. */
struct flow {
    struct guest *guest;
    uint32_t stream;
    int fd; /* -1: not there, or ended */
    uv_poll_t poll;
    bool has_poll;
    bool is_dry; /* nothing more came when it was last looked at */
};

struct guest {
    struct guests *of;
    struct channel *ch; /* NULL: the client has gone */
    uint32_t id;
    uint64_t request;
    bool has_started, has_ended, has_told;
    int status;
    char *words; /* why, when it did not end by itself */

    bool is_outside; /* a process of ours, not of the container's */
    uv_process_t process;
    bool is_connection; /* nor that: a socket */
    bool is_attached;   /* nor that: streams of the container's own program */

    bool has_terminal;
    int terminal_sock; /* that the terminal comes over; -1 */
    struct flow in, out[2];
    struct strbuf queue; /* input that the program has not taken yet */
    size_t queue_sent;
    bool input_ended;
    uint32_t window; /* so much the client may still get */

    uv_timer_t grace; /* from the client's loss to the end by force */
    unsigned int n_handles;
    struct guest *next;
};

/* Make the pipes: our ends to flows, the program's to 'fds'; or the socket that its
 * terminal comes over. */
int guest_io_open(struct guest *guest, bool has_stdin, int fds[3], struct err *err);
/* The program runs: serve its streams from now on. */
void guest_io_start(struct guest *guest);
/* In place of both: a socket, ours from now on. */
int guest_io_take_socket(struct guest *guest, int fd, struct err *err);
/* Streams that there are already, as guests_attach has them. */
void guest_io_take_streams(struct guest *guest, const int fds[3]);
void guest_io_close(struct guest *guest);
void guest_io_close_input(struct guest *guest);
/* From the client. -EPROTO when it sends more than it may. */
int guest_io_take(struct guest *guest, const Berth__ExecData *data);
void guest_io_resize(struct guest *guest, const Berth__WindowSize *size);
/* The program has ended: true when all it wrote has been sent. */
bool guest_io_is_drained(struct guest *guest);
/* Back to guest.c: output ran dry after the end. */
void guest_maybe_finish(struct guest *guest);
/* A handle that the guest's memory holds is closed. */
void guest_unref(struct guest *guest);

#endif
