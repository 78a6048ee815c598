/* SPDX-License-Identifier: Apache-2.0
 *
 * step_input.h - what tasks read from their stdin
 */
#ifndef BERTH_CLI_STEP_INPUT_H
#define BERTH_CLI_STEP_INPUT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* Bytes sent at a time: a connection that polls as writable takes so many
 * without blocking. */
#define STEP_INPUT_CHUNK 8192
/* Bytes on their way at most: what tasks do not read stays with us, so that
 * signals never stand behind it. */
#define STEP_INPUT_WINDOW (256u << 10)

struct step_input {
    int fd;        /* -1: there is no input, or it has ended */
    bool is_ready; /* poll(2) said there is something to read */
    size_t on_way; /* sent, but not yet read by all tasks */
};

/* Open what --input=TEXT names: "", "all" and a task's number are our own stdin, "none"
 * and files of tasks are nothing to us, all else is a file. A terminal in whose
 * background we are is not read, as that would stop us; /dev/null needs no reading. */
int step_input_open(struct step_input *input, const char *text, struct err *err);
bool step_input_is_open(const struct step_input *input);
void step_input_close(struct step_input *input);

/* Read what is there: > 0 bytes, 0 at the end (the input is closed then), or
 * -EAGAIN. */
ssize_t step_input_read(struct step_input *input, void *bytes, size_t size);

#endif
