/* SPDX-License-Identifier: Apache-2.0
 *
 * nursery.h - the process that all shepherds of a node are copies of
 */
#ifndef BERTH_SHEPHERD_NURSERY_H
#define BERTH_SHEPHERD_NURSERY_H

#include <stdbool.h>

/* Is 'fd' the line of a nursery, rather than that of a shepherd? */
bool nursery_is_asked(int fd);

/* Follow the orders that come over 'fd' (see nursery.c), until it ends: then this
 * process does too. Returns in each child, which has its line in place of 'fd'. The
 * caller has one thread. */
void nursery_serve(int fd);

#endif
