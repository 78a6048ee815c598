/* SPDX-License-Identifier: Apache-2.0
 *
 * pingpong.c - latency and bandwidth between the first and the last rank
 *
 * Rank 0 prints one line of JSON: the median of the half round trip for 8 bytes
 * in microseconds, and the median bandwidth for 4 MiB in GB/s.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SMALL = 8,
    LARGE = 4 << 20,
    SMALL_ROUNDS = 5000,
    LARGE_ROUNDS = 100,
    WARM_UP = 20
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void round_trip(char *bytes, int len, int rank, int peer)
{
    if (rank == 0)
        MPI_Send(bytes, len, MPI_BYTE, peer, 0, MPI_COMM_WORLD);
    MPI_Recv(bytes, len, MPI_BYTE, peer, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank != 0)
        MPI_Send(bytes, len, MPI_BYTE, peer, 0, MPI_COMM_WORLD);
}

/* The median half round trip in seconds. */
static double measure(char *bytes, int len, int rounds, int rank, int peer)
{
    double *took = malloc(rounds * sizeof(*took));
    for (int i = 0; i < WARM_UP; i++)
        round_trip(bytes, len, rank, peer);
    for (int i = 0; i < rounds; i++) {
        double begin = MPI_Wtime();
        round_trip(bytes, len, rank, peer);
        took[i] = (MPI_Wtime() - begin) / 2;
    }
    qsort(took, rounds, sizeof(*took), by_value);
    double median = took[rounds / 2];
    free(took);
    return median;
}

int main(int argc, char **argv)
{
    int rank, size;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int last = size - 1;
    if (size > 1 && (rank == 0 || rank == last)) {
        int peer = rank == 0 ? last : 0;
        char *bytes = calloc(1, LARGE);
        double small = measure(bytes, SMALL, SMALL_ROUNDS, rank, peer);
        double large = measure(bytes, LARGE, LARGE_ROUNDS, rank, peer);
        if (rank == 0)
            printf("{\"latency_us\": %.3f, \"bandwidth_gbps\": %.3f}\n", small * 1e6,
                   LARGE / large / 1e9);
        free(bytes);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return size > 1 ? 0 : 1;
}
