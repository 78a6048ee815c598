/* SPDX-License-Identifier: Apache-2.0
 *
 * fork_loop.c - the least that many short commands can cost, to compare with
 *
 * Keeps so many children going: vfork, exec, wait; no pipe, no record, no container.
 *
 *     fork_loop COUNT AT-ONCE PROGRAM [ARGUMENTS]
 */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static void start(char **argv)
{
    pid_t pid = vfork();

    if (pid < 0) {
        perror("fork_loop: vfork");
        _exit(125);
    }
    if (pid)
        return;
    (void)execv(argv[0], argv);
    _exit(127);
}

int main(int argc, char **argv)
{
    long left = argc > 3 ? atol(argv[1]) : 0, room = argc > 3 ? atol(argv[2]) : 0;
    long count = left;
    double began = now_usec(), each;
    int status;

    if (left < 1 || room < 1) {
        (void)fprintf(stderr, "usage: fork_loop COUNT AT-ONCE PROGRAM [ARGUMENTS]\n");
        return 2;
    }
    for (; left || room < atol(argv[2]);) {
        for (; left && room; left--, room--)
            start(argv + 3);
        if (wait(&status) < 0 || status) {
            (void)fprintf(stderr, "fork_loop: %s failed\n", argv[3]);
            return 1;
        }
        room++;
    }
    each = (now_usec() - began) / (double)count;
    print_samples("each", &each, 1);
    return 0;
}
