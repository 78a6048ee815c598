/* SPDX-License-Identifier: Apache-2.0
 *
 * crash.c - the last rank dies while the others wait for it
 *
 * "crash" exits with code 3 and without a word to MPI, "crash quietly" with 0;
 * "crash segv" dies of a signal.
 */
#include <mpi.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == size - 1) {
        if (argc > 1 && strcmp(argv[1], "segv") == 0) {
            signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
        }
        _exit(argc > 1 && strcmp(argv[1], "quietly") == 0 ? 0 : 3);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
