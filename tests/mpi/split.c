/* SPDX-License-Identifier: Apache-2.0
 *
 * split.c - communicators of even and odd ranks, and of the ranks of each node
 *
 * Prints "rank R half SIZE:SUM node SIZE".
 */
#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int rank, half_size, node_size, sum = 0;
    MPI_Comm half, node;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL,
                        &node);
    MPI_Comm_size(half, &half_size);
    MPI_Comm_size(node, &node_size);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, half);
    printf("rank %d half %d:%d node %d\n", rank, half_size, sum, node_size);
    MPI_Comm_free(&half);
    MPI_Comm_free(&node);
    MPI_Finalize();
    return 0;
}
