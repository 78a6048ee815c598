/* SPDX-License-Identifier: Apache-2.0
 *
 * tty.h - our terminal as the far end of another one
 */
#ifndef BERTH_CLI_TTY_H
#define BERTH_CLI_TTY_H

#include <stdint.h>

/* Pass on every key untouched, until tty_restore or the end of this process. -Exxx. */
int tty_raw(int fd);
/* Get each key at once, unseen; Ctrl-C stays a signal. */
int tty_keys(int fd);
/* As it was. Repeats change nothing. */
void tty_restore(void);

/* Rows and columns; 24 and 80 where 'fd' does not know. */
void tty_size(int fd, uint32_t *ret_rows, uint32_t *ret_columns);

#endif
