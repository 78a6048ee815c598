/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_output.h - where the output of a bag's commands goes
 *
 *     a file for each command  (--output 'out.%t')   written as it comes
 *     our stdout, one file     held until the command has ended, so that what two
 *                              commands write is not mixed; in their order, if wished
 *
 * What is held stays in memory up to BAG_HELD_MAX, the rest in a file without a name.
 * Only the last attempt of a command is shown. Nothing here blocks on a slow reader.
 */
#ifndef BERTH_CLI_BAG_OUTPUT_H
#define BERTH_CLI_BAG_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BAG_HELD_MAX (32u << 20)

struct bag_output;

struct bag_output_options {
    const char *output; /* "", "all": fd 1; "none"; a file pattern */
    const char *error;  /* "": with output when that is a file, else fd 2 */
    bool append, keep_order, has_labels;
    uint32_t job, step;
    const char *job_name, *user;
};

/* Strings are borrowed. Words name the file that could not be opened. */
int bag_output_create(const struct bag_output_options *options, struct bag_output **ret,
                      struct err *err);
void bag_output_destroy(struct bag_output *o);

/* A command is on its way: in ascending order, each once. */
void bag_output_begin(struct bag_output *o, uint64_t index);
/* Bytes of stream 1 or 2 of its present attempt, on 'node'. */
void bag_output_take(struct bag_output *o, uint64_t index, uint32_t stream,
                     const char *node, const void *bytes, size_t len);
/* Its attempt has ended; 'is_final': no other follows. */
void bag_output_end(struct bag_output *o, uint64_t index, const char *node,
                    bool is_final);
/* Nothing more comes, of commands that did not end either: show what there is. */
void bag_output_finish(struct bag_output *o);

/* The reader is far behind: take no more from the step until it has caught up. */
bool bag_output_is_full(const struct bag_output *o);
/* Commands that have ended and wait for others before them. */
size_t bag_output_held(const struct bag_output *o);
bool bag_output_is_empty(const struct bag_output *o);
size_t bag_output_poll(const struct bag_output *o, struct pollfd fds[2]);
void bag_output_flush(struct bag_output *o, const struct pollfd *fds, size_t n);
/* The first write that failed, as -Exxx (-EPIPE: the reader went away), or 0. */
int bag_output_failure(const struct bag_output *o);

#endif
