/* SPDX-License-Identifier: Apache-2.0
 *
 * process.c - the host's processes, and the container's first one
 *
 * The argument is the pid of a victim: of a process that the test has started for
 * it, or 1.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t victim_of(const char *argument)
{
    return (pid_t)strtol(argument, NULL, 10);
}

static struct finding trace(const char *argument)
{
    pid_t pid = victim_of(argument);
    long rc = ptrace(PTRACE_ATTACH, pid, NULL, NULL);
    struct finding found = judge(rc, "ptrace");

    if (rc == 0) {
        (void)waitpid(pid, NULL, __WALL);
        (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
    }
    return found;
}

static struct finding open_of(pid_t pid, const char *name, int flags)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return judge(open(path, flags | O_CLOEXEC), path);
}

static struct finding memory(const char *argument)
{
    return open_of(victim_of(argument), "mem", O_RDWR);
}

static struct finding environment(const char *argument)
{
    return open_of(victim_of(argument), "environ", O_RDONLY);
}

/* Kill, and see whether it has died: the kernel accepts, and forgets, what a
 * namespace sends to its own first process. */
static struct finding kill_victim(const char *argument)
{
    struct timespec tick = {.tv_nsec = 10000000};
    pid_t pid = victim_of(argument);

    if (kill(pid, SIGKILL))
        return errno == ESRCH ? held("no such process") : refused("kill");
    for (int i = 0; i < 20; i++) {
        char path[32], text[512] = "";
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
        file = fopen(path, "re");
        if (!file || !fgets(text, sizeof(text), file) || strstr(text, ") Z"))
            i = 1000;
        if (file)
            (void)fclose(file);
        if (i >= 1000)
            return escaped("killed %d", (int)pid);
        (void)nanosleep(&tick, NULL);
    }
    return held("%d lives on", (int)pid);
}

/* CVE-2019-5736: the program of whoever started us, reached through /proc, is
 * written when it does not run any more. That it runs now is no protection. */
static struct finding overwrite_exe(const char *argument)
{
    char path[64];
    int fd, writable;

    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)victim_of(argument));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return refused(path);
    if (fcntl(fd, F_GET_SEALS) > 0)
        return held("the program is a sealed copy");
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    writable = open(path, O_WRONLY | O_CLOEXEC);
    if (writable < 0 && errno == ETXTBSY)
        return escaped("only busy");
    return judge(writable, "open a program of the host for writing");
}

static struct finding priority(const char *argument)
{
    (void)argument;
    return judge(setpriority(PRIO_PROCESS, 0, -10), "set a priority above others");
}

static struct finding real_time(const char *argument)
{
    struct sched_param param = {.sched_priority = 1};

    (void)argument;
    return judge(sched_setscheduler(0, SCHED_FIFO, &param), "run in real time");
}

/* Shared memory of System V with the key that the test has put there. */
static struct finding shared_memory(const char *argument)
{
    return judge(shmget((key_t)strtol(argument, NULL, 0), 0, 0),
                 "find shared memory of the host");
}

const struct probe process_probes[] = {
    {"trace", trace},
    {"memory", memory},
    {"environment", environment},
    {"kill", kill_victim},
    {"overwrite-exe", overwrite_exe},
    {"priority", priority},
    {"real-time", real_time},
    {"shared-memory", shared_memory},
    {NULL, NULL},
};
