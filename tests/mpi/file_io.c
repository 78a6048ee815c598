/* SPDX-License-Identifier: Apache-2.0
 *
 * file_io.c - all ranks write one file, and read what others wrote
 *
 *     file_io PATH
 *
 * Blocks of the ranks go round in the file: collective writes with a file view, then
 * each rank reads its neighbour's blocks alone, and all add to the end by the shared
 * pointer. Rank 0 prints "N ranks wrote B bytes". What is wrong ends with exit code 1.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096, ROUNDS = 16 };

static int rank, size;

static void check(int rc, const char *what)
{
    char words[MPI_MAX_ERROR_STRING];
    int len;
    if (rc == MPI_SUCCESS)
        return;
    MPI_Error_string(rc, words, &len);
    fprintf(stderr, "rank %d: %s: %s\n", rank, what, words);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static MPI_File open_file(const char *path, int mode)
{
    MPI_File file;
    check(MPI_File_open(MPI_COMM_WORLD, path, mode, MPI_INFO_NULL, &file), path);
    return file;
}

/* Block i of the file is of rank i % size. */
static void write_round(const char *path)
{
    MPI_File file = open_file(path, MPI_MODE_CREATE | MPI_MODE_WRONLY);
    MPI_Datatype of_rank;
    char *bytes = malloc(BLOCK * ROUNDS);
    memset(bytes, 'a' + rank, BLOCK * ROUNDS);
    MPI_Type_vector(ROUNDS, BLOCK, BLOCK * size, MPI_BYTE, &of_rank);
    MPI_Type_commit(&of_rank);
    check(MPI_File_set_view(file, (MPI_Offset)rank * BLOCK, MPI_BYTE, of_rank, "native",
                            MPI_INFO_NULL),
          "view");
    check(MPI_File_write_all(file, bytes, BLOCK * ROUNDS, MPI_BYTE, MPI_STATUS_IGNORE),
          "write");
    check(MPI_File_close(&file), "close");
    MPI_Type_free(&of_rank);
    free(bytes);
}

static void read_neighbour(const char *path)
{
    MPI_File file = open_file(path, MPI_MODE_RDONLY);
    int other = (rank + 1) % size;
    char bytes[BLOCK];
    for (int i = 0; i < ROUNDS; i++) {
        MPI_Offset at = ((MPI_Offset)i * size + other) * BLOCK;
        check(MPI_File_read_at(file, at, bytes, BLOCK, MPI_BYTE, MPI_STATUS_IGNORE),
              "read");
        for (int b = 0; b < BLOCK; b++)
            if (bytes[b] != 'a' + other)
                check(MPI_ERR_OTHER, "another's bytes");
    }
    check(MPI_File_close(&file), "close");
}

/* Each adds a line, in the order of ranks. */
static void append_lines(const char *path)
{
    MPI_File file = open_file(path, MPI_MODE_WRONLY);
    char line[16];
    int len = snprintf(line, sizeof(line), "rank %3d\n", rank);
    check(MPI_File_seek_shared(file, 0, MPI_SEEK_END), "seek");
    check(MPI_File_write_ordered(file, line, len, MPI_CHAR, MPI_STATUS_IGNORE),
          "append");
    check(MPI_File_close(&file), "close");
}

int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (argc < 2)
        check(MPI_ERR_ARG, "usage: file_io PATH");
    write_round(argv[1]);
    read_neighbour(argv[1]);
    append_lines(argv[1]);
    if (rank == 0)
        printf("%d ranks wrote %d bytes\n", size, BLOCK * ROUNDS * size);
    MPI_Finalize();
    return 0;
}
