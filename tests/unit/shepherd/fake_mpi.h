/* SPDX-License-Identifier: Apache-2.0
 *
 * fake_mpi.h - what the test knows of its plugin
 */
#ifndef BERTH_TESTS_FAKE_MPI_H
#define BERTH_TESTS_FAKE_MPI_H

#define FAKE_THREADS 4
#define FAKE_CALLS 500
/* A step of so many tasks is refused. */
#define FAKE_REFUSED 3

#endif
