/* SPDX-License-Identifier: Apache-2.0
 *
 * hang.c - the last rank never comes to its end
 *
 * "hang before" stays away from MPI_Finalize, where all others then wait; "hang after"
 * has been there and does not exit, so that the others do. Each rank but the last
 * prints "RANK at its end".
 */
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (rank < size - 1) {
        printf("%d at its end\n", rank);
        fflush(stdout);
    } else if (argc < 2 || strcmp(argv[1], "after") != 0) {
        for (;;)
            pause();
    }
    MPI_Finalize();
    if (rank == size - 1)
        for (;;)
            pause();
    return 0;
}
