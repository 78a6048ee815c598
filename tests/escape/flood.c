/* SPDX-License-Identifier: Apache-2.0
 *
 * flood.c - too much of everything, up to a bound that does no harm
 *
 * The argument is the amount: processes, or MiB.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CHILDREN 2000

static struct finding fork_bomb(const char *argument)
{
    static pid_t children[MAX_CHILDREN];
    size_t most = strtoul(argument, NULL, 10), n = 0;
    struct finding found;

    if (!most || most > MAX_CHILDREN)
        most = MAX_CHILDREN;
    for (; n < most; n++) {
        children[n] = fork();
        if (children[n] < 0)
            break;
        if (children[n] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                (void)pause();
        }
    }
    found = n == most ? escaped("%zu processes", n)
                      : held("%zu processes: %s", n, strerror(errno));
    for (size_t i = 0; i < n; i++)
        (void)kill(children[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    return found;
}

static struct finding touch(const char *argument)
{
    size_t bytes = strtoul(argument, NULL, 10) << 20;
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    return at == MAP_FAILED ? refused("mmap") : escaped("%s MiB", argument);
}

/* Who is killed for it is a child, or us. */
static struct finding memory_flood(const char *argument)
{
    return in_child(touch, argument);
}

static struct finding fill(const char *argument)
{
    static char block[1 << 20];
    size_t most = strtoul(argument, NULL, 10);
    int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        return refused("/dev/shm");
    memset(block, 1, sizeof(block));
    for (size_t i = 0; i < most; i++)
        if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
            return held("%zu MiB: %s", i, strerror(errno));
    return escaped("%zu MiB", most);
}

/* Files in memory count like memory. */
static struct finding shm_flood(const char *argument)
{
    return in_child(fill, argument);
}

const struct probe flood_probes[] = {
    {"fork-bomb", fork_bomb},
    {"memory-flood", memory_flood},
    {"shm-flood", shm_flood},
    {NULL, NULL},
};
