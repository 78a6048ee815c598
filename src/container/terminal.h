/* SPDX-License-Identifier: Apache-2.0
 *
 * terminal.h - a terminal of the container's own for one of its tasks
 *
 *     caller                               init
 *     socketpair, order with one end --->  open ptmx inside, unlock, open its slave
 *     terminal_receive  <--- master -----  task: setsid, TIOCSCTTY, 0 1 2 = slave
 *
 * So its name is right inside (tty(1)), and its end is the hangup of what runs on it.
 */
#ifndef BERTH_CONTAINER_TERMINAL_H
#define BERTH_CONTAINER_TERMINAL_H

#include "base/err.h"

/* Init: make one of this size, send its master over 'sock'. The caller owns
 * *ret_slave. */
int terminal_make(int sock, unsigned int rows, unsigned int columns, int *ret_slave,
                  struct err *err);

/* What is on the other side of 'master' learns of the new size. */
void terminal_resize(int master, unsigned int rows, unsigned int columns);

/* The caller: take the master from 'sock', without waiting. -EAGAIN when it has not
 * come, -EPIPE when it will not. The caller owns *ret_master. */
int terminal_receive(int sock, int *ret_master);

#endif
