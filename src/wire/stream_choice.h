/* SPDX-License-Identifier: Apache-2.0
 *
 * stream_choice.h - what --input, --output and --error mean
 *
 * One place for the client, which keeps one file for all tasks to itself, and the
 * nodes, which have those of single tasks or nodes.
 */
#ifndef BERTH_WIRE_STREAM_CHOICE_H
#define BERTH_WIRE_STREAM_CHOICE_H

#include <stdint.h>

enum stream_choice {
    STREAM_ALL,   /* all tasks, the client's own stream */
    STREAM_NONE,  /* no task */
    STREAM_ONE,   /* one task, the client's own stream */
    STREAM_FILE,  /* all tasks, one file of the client's */
    STREAM_FILES, /* files of tasks or nodes: the pattern has %t, %n or %N */
};

/* Of the option's text, "" being "all". '*ret_task' is set with STREAM_ONE. */
enum stream_choice stream_choose(const char *text, uint32_t *ret_task);

#endif
