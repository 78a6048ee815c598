/* SPDX-License-Identifier: Apache-2.0
 *
 * hybrid.c - threads of OpenMP in ranks of MPI, and where hwloc finds each bound
 *
 * Prints "thread RANK THREAD PUS NUMA" for each thread, where PUS and NUMA are lists of
 * what it is bound to, then "hybrid of N ranks sum S" by rank 0: the sum over all
 * threads of all ranks of rank + thread.
 */
#include <hwloc.h>
#include <mpi.h>
#include <omp.h>
#include <stdio.h>

static void say_binding(hwloc_topology_t topology, int rank, int thread)
{
    hwloc_bitmap_t pus = hwloc_bitmap_alloc(), numa = hwloc_bitmap_alloc();
    char of_pus[256], of_numa[256];
    hwloc_get_cpubind(topology, pus, HWLOC_CPUBIND_THREAD);
    hwloc_cpuset_to_nodeset(topology, pus, numa);
    hwloc_bitmap_list_snprintf(of_pus, sizeof(of_pus), pus);
    hwloc_bitmap_list_snprintf(of_numa, sizeof(of_numa), numa);
#pragma omp critical
    {
        printf("thread %d %d %s %s\n", rank, thread, of_pus, of_numa);
        fflush(stdout);
    }
    hwloc_bitmap_free(pus);
    hwloc_bitmap_free(numa);
}

int main(int argc, char **argv)
{
    int rank, size, given, sum = 0, total = 0;
    hwloc_topology_t topology;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &given);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (given < MPI_THREAD_FUNNELED)
        MPI_Abort(MPI_COMM_WORLD, 1);
    hwloc_topology_init(&topology);
    hwloc_topology_load(topology);
#pragma omp parallel reduction(+ : sum)
    {
        sum += rank + omp_get_thread_num();
        say_binding(topology, rank, omp_get_thread_num());
    }
    MPI_Reduce(&sum, &total, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("hybrid of %d ranks sum %d\n", size, total);
    hwloc_topology_destroy(topology);
    MPI_Finalize();
    return 0;
}
