/* SPDX-License-Identifier: Apache-2.0
 *
 * private_munge.h - a munged of the test's own, in a temporary directory
 */
#ifndef BERTH_TESTS_PRIVATE_MUNGE_H
#define BERTH_TESTS_PRIVATE_MUNGE_H

/* Start it and wait until it answers; returns the socket's path. Skips the test
 * (with words) when munged is not installed. */
const char *private_munge_start(void);
void private_munge_stop(void);

#endif
