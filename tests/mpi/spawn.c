/* SPDX-License-Identifier: Apache-2.0
 *
 * spawn.c - starts more of itself, and talks to them
 *
 *     spawn [N]         N more (2) of one program
 *     spawn N multiple  N of each of two programs, which differ in an argument
 *     spawn N nowhere   of a program that does not exist
 *
 * Each child sends its rank to rank 0 of the parents, over the intercommunicator and
 * over one that both were merged into.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int be_child(MPI_Comm parent, const char *which)
{
    int rank, size, sum = 0, all_size;
    MPI_Comm all;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Send(&rank, 1, MPI_INT, 0, 7, parent);
    MPI_Intercomm_merge(parent, 1, &all);
    MPI_Comm_size(all, &all_size);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, all);
    int *appnum, has_appnum;
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &appnum, &has_appnum);
    printf("child %d of %d, %s, app %d, %d in all\n", rank, size, which,
           has_appnum ? *appnum : -1, all_size);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&parent);
    MPI_Finalize();
    return 0;
}

static int spawn(char *self, int n, const char *how, MPI_Comm *children)
{
    char first[] = "first", second[] = "second";
    char nowhere[] = "/nowhere/at/all";
    char *argv_first[] = {first, NULL}, *argv_second[] = {second, NULL};
    char *commands[] = {self, self}, **argvs[] = {argv_first, argv_second};
    int counts[] = {n, n};
    MPI_Info infos[] = {MPI_INFO_NULL, MPI_INFO_NULL};
    if (how && strcmp(how, "multiple") == 0)
        return MPI_Comm_spawn_multiple(2, commands, argvs, counts, infos, 0,
                                       MPI_COMM_WORLD, children, MPI_ERRCODES_IGNORE);
    return MPI_Comm_spawn(how ? nowhere : self, argv_first, n, MPI_INFO_NULL, 0,
                          MPI_COMM_WORLD, children, MPI_ERRCODES_IGNORE);
}

int main(int argc, char **argv)
{
    int rank, n_children, sum = 0, all_sum = 0, zero = 0;
    MPI_Comm parent, children, all;
    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&parent);
    if (parent != MPI_COMM_NULL)
        return be_child(parent, argc > 1 ? argv[1] : "?");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (spawn(argv[0], argc > 1 ? atoi(argv[1]) : 2, argc > 2 ? argv[2] : NULL,
              &children) != MPI_SUCCESS) {
        if (rank == 0)
            printf("not spawned\n");
        fflush(stdout);
        MPI_Abort(MPI_COMM_WORLD, 5);
    }
    MPI_Comm_remote_size(children, &n_children);
    for (int i = 0; rank == 0 && i < n_children; i++) {
        int got;
        MPI_Recv(&got, 1, MPI_INT, i, 7, children, MPI_STATUS_IGNORE);
        sum += got;
    }
    MPI_Intercomm_merge(children, 0, &all);
    MPI_Allreduce(&zero, &all_sum, 1, MPI_INT, MPI_SUM, all);
    if (rank == 0)
        printf("spawned %d, sum %d, %d\n", n_children, sum, all_sum);
    MPI_Comm_free(&all);
    MPI_Comm_disconnect(&children);
    MPI_Finalize();
    return 0;
}
