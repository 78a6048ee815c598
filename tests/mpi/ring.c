/* SPDX-License-Identifier: Apache-2.0
 *
 * ring.c - messages of 1 byte to 4 MiB once around all ranks, checked
 *
 * With an argument, up to that many MiB. Rank 0 prints "ring of N ok". A wrong byte
 * ends with exit code 1.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int holds_only(const unsigned char *bytes, int len, int want)
{
    for (int i = 0; i < len; i++)
        if (bytes[i] != want)
            return 0;
    return 1;
}

int main(int argc, char **argv)
{
    int rank, size, is_wrong = 0, n_wrong = 0;
    int max = (argc > 1 ? atoi(argv[1]) : 4) << 20;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    unsigned char *out = malloc(max), *in = malloc(max);
    int to = (rank + 1) % size, from = (rank + size - 1) % size;
    static const int lens[] = {1,       64,      4 << 10, 64 << 10,
                               1 << 20, 4 << 20, 8 << 20, 16 << 20};
    for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]) && lens[i] <= max; i++) {
        int len = lens[i];
        memset(out, rank & 0xff, len);
        MPI_Sendrecv(out, len, MPI_BYTE, to, len, in, len, MPI_BYTE, from, len,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        is_wrong |= !holds_only(in, len, from & 0xff);
    }
    MPI_Reduce(&is_wrong, &n_wrong, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0 && n_wrong == 0)
        printf("ring of %d ok\n", size);
    MPI_Finalize();
    free(out);
    free(in);
    return is_wrong;
}
