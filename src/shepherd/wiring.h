/* SPDX-License-Identifier: Apache-2.0
 *
 * wiring.h - the seam between the step and its MPI plugin
 *
 * The plugin's callbacks come on its own threads. Here, and only here, they are
 * copied, queued and handed to the loop; no lock guards anything else.
 */
#ifndef BERTH_SHEPHERD_WIRING_H
#define BERTH_SHEPHERD_WIRING_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "wire/messages.pb-c.h"

struct wiring;

/* What comes out of the plugin, on the loop's thread. Data is borrowed. */
struct wiring_events {
    void *ctx;
    void (*fence)(void *ctx, const uint8_t set[16], const uint32_t *nodes,
                  size_t n_nodes, const void *data, size_t len);
    void (*modex_request)(void *ctx, const char *nspace, uint32_t rank,
                          uint64_t cookie);
    void (*modex_reply)(void *ctx, uint64_t cookie, int status, const void *data,
                        size_t len);
    void (*abort)(void *ctx, uint32_t rank, int status, const char *words);
    void (*client)(void *ctx, uint32_t rank, bool is_finalized);
    void (*call)(void *ctx, const Berth__MpiCall *call);
    void (*tell)(void *ctx, const char *nspace, uint32_t node, const void *data,
                 size_t len);
    void (*write)(void *ctx, uint32_t rank, int stream, const void *data, size_t len);
};

/* In a spare, while it is idle: load what every step will need. */
void wiring_preload(const char *topology_xml);

/* Start the plugin that the step of 'assignment' names. 'dir' is private to the
 * step and seen at the same path inside the container; 'uid' and 'gid' are the
 * tasks' as they see themselves. */
int wiring_start(uv_loop_t *loop, const Berth__Assignment *assignment, uint32_t job,
                 const char *dir, uid_t uid, gid_t gid,
                 const struct wiring_events *events, struct wiring **ret,
                 struct err *err);
void wiring_stop(struct wiring *wiring);

/* Hand over now what the plugin has already said: of two things that happened one
 * after another, the loop may learn the second one first. */
void wiring_flush(struct wiring *wiring);

/* Put what 'rank' needs into its environment. */
int wiring_task_env(struct wiring *wiring, uint32_t rank, char ***env, struct err *err);

/* Who asks for a step may be an MPI task itself: its connection is not for the tasks of
 * the new one, whatever these are wired with. */
void wiring_forget_outer(char ***env);

/* What 'rank' inherits as descriptor BERTH_MPI_TASK_FD, the caller's from now on; -1:
 * nothing. */
int wiring_task_fd(struct wiring *wiring, uint32_t rank);

/* Answers to what the plugin asked by 'struct wiring_events', a request of another
 * node for a task of ours, and the news that a task is gone. Arguments are those of
 * berth/mpi.h; 'data' is borrowed for the call. */
void wiring_fence_done(struct wiring *wiring, const uint8_t set[16], int status,
                       const void *data, size_t len);
void wiring_modex_serve(struct wiring *wiring, uint32_t rank, uint64_t cookie);
void wiring_modex_done(struct wiring *wiring, uint64_t cookie, int status,
                       const void *data, size_t len);
void wiring_task_ended(struct wiring *wiring, uint32_t rank, int status);

/* The lead's answer to a call, with steps to know of before it / a message of another
 * plugin / what a task wrote / a node that is gone while the step goes on. */
void wiring_answer(struct wiring *wiring, const Berth__MpiAnswer *msg);
void wiring_told(struct wiring *wiring, const char *nspace, uint32_t node,
                 const void *data, size_t len);
void wiring_output(struct wiring *wiring, uint32_t rank, int stream, const void *data,
                   size_t len);
void wiring_node_lost(struct wiring *wiring, uint32_t node);

#endif
