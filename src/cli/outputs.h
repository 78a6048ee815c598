/* SPDX-License-Identifier: Apache-2.0
 *
 * outputs.h - where the output of a step's tasks goes: the caller's stdout and
 * stderr, or a file, with or without the rank before each line
 *
 *     task 0 stdout ---\                                /--> fd 1
 *     task 1 stdout ----+--> route --> lines, label ---+
 *     task 1 stderr ---/                                \--> "out.txt"
 *
 * Files of single tasks or nodes are not here: the nodes write them. With several
 * tasks whole lines are handed on, up to LINEBUF_MAX bytes, so no line has bytes of
 * two.
 *
 * Nothing here blocks on a slow reader of fd 1 or 2: bytes wait in a queue that
 * outputs_poll and outputs_flush empty, and outputs_is_full says when to stop
 * taking more from the step.
 */
#ifndef BERTH_CLI_OUTPUTS_H
#define BERTH_CLI_OUTPUTS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct outputs;

struct outputs_options {
    const char *output; /* "": fd 1; a file, "none", "all" or a rank */
    const char *error;  /* "": as the output, "all" being fd 2 */
    bool append;
    bool has_labels;
    bool unbuffered; /* hand on what comes, be it whole lines or not */
    uint32_t job, step, tasks;
    uint32_t array_job, array_task; /* 0: it is no array's */
    uint32_t restarts;
    const char *job_name, *user;
};

/* Open all files. Words name the one that failed. */
int outputs_create(const struct outputs_options *options, struct outputs **ret_outputs,
                   struct err *err);
/* Drops what is still queued. */
void outputs_destroy(struct outputs *outputs);

/* Bytes of one stream (1 stdout, 2 stderr) of a task, in order; len 0 is its
 * end. Ranks that do not exist are ignored. */
void outputs_take(struct outputs *outputs, uint32_t rank, uint32_t stream,
                  const void *bytes, size_t len);

bool outputs_is_full(const struct outputs *outputs);
bool outputs_is_empty(const struct outputs *outputs);

/* Descriptors to wait for, at most 'max'; returns how many. */
size_t outputs_poll(const struct outputs *outputs, struct pollfd *fds, size_t max);
/* Write what 'fds' (as filled by outputs_poll, then polled) has room for. */
void outputs_flush(struct outputs *outputs, const struct pollfd *fds, size_t n);
/* The first write that failed, as -Exxx (-EPIPE: the reader went away), or 0. */
int outputs_failure(const struct outputs *outputs);

#endif
