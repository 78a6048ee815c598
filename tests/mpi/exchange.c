/* SPDX-License-Identifier: Apache-2.0
 *
 * exchange.c - two neighbours exchange 4 MiB again and again until they are ended
 *
 * So somebody can look at how they do it. Each rank prints "RANK PID", with the pid
 * as it sees it, before it begins.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LEN = 4 << 20 };

int main(int argc, char **argv)
{
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    char *out = calloc(1, LEN), *in = calloc(1, LEN);
    int other = rank ^ 1;
    printf("%d %d\n", rank, (int)getpid());
    fflush(stdout);
    for (;;) {
        MPI_Sendrecv(out, LEN, MPI_BYTE, other, 0, in, LEN, MPI_BYTE, other, 0,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        usleep(10000);
    }
}
