/* SPDX-License-Identifier: Apache-2.0
 *
 * private_munge.h - a munged of the test's own, in a temporary directory
 */
#ifndef BERTH_TESTS_PRIVATE_MUNGE_H
#define BERTH_TESTS_PRIVATE_MUNGE_H

#include "wire/auth.h"

/* How to use it, while it runs. */
extern struct wire_auth munge_auth;

/* Start it and wait until it answers; returns the socket's path. Skips the test
 * (with words) when munged is not installed. */
const char *private_munge_start(void);
void private_munge_stop(void);

/* The same as the setup and teardown of a group of tests. */
int private_munge_setup(void **state);
int private_munge_teardown(void **state);

#endif
