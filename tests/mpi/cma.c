/* SPDX-License-Identifier: Apache-2.0
 *
 * cma.c - may ranks of one node read each other's memory?
 *
 * The kernel's permission for single copy (process_vm_readv) between neighbours
 * in each node's communicator. Each rank but a node's first prints
 * "rank R cma ok" or "rank R cma REASON".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

struct offer {
    int64_t pid;
    uint64_t address;
    uint64_t value;
};

static const char *try_read(const struct offer *offer)
{
    uint64_t got = 0;
    struct iovec local = {&got, sizeof(got)};
    struct iovec remote = {(void *)(uintptr_t)offer->address, sizeof(got)};
    if (process_vm_readv((pid_t)offer->pid, &local, 1, &remote, 1, 0) < 0)
        return strerror(errno);
    return got == offer->value ? "ok" : "wrong data";
}

int main(int argc, char **argv)
{
    int rank, node_rank, node_size, is_bad = 0;
    MPI_Comm node;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL,
                        &node);
    MPI_Comm_rank(node, &node_rank);
    MPI_Comm_size(node, &node_size);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);

    volatile uint64_t value = 0x5eed0000 + rank;
    struct offer mine = {getpid(), (uintptr_t)&value, value}, theirs = {0};
    int next = node_rank + 1 < node_size ? node_rank + 1 : MPI_PROC_NULL;
    int before = node_rank > 0 ? node_rank - 1 : MPI_PROC_NULL;
    MPI_Sendrecv(&mine, sizeof(mine), MPI_BYTE, next, 0, &theirs, sizeof(theirs),
                 MPI_BYTE, before, 0, node, MPI_STATUS_IGNORE);
    if (node_rank > 0) {
        const char *verdict = try_read(&theirs);
        is_bad = strcmp(verdict, "ok") != 0;
        printf("rank %d cma %s\n", rank, verdict);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Comm_free(&node);
    MPI_Finalize();
    return is_bad;
}
