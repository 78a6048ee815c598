/* SPDX-License-Identifier: Apache-2.0
 *
 * process.c - processes by pid and start time
 */
#include "base/process.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STAT_MAX 4096

int process_find(pid_t pid, struct process *ret_process)
{
    cleanup(freep) char *path = xasprintf("/proc/%d/stat", (int)pid);
    cleanup(freep) char *text = NULL;
    const char *after_name;
    unsigned threads;
    uint64_t start;
    char state;

    if (pid <= 0 || io_read_file(path, STAT_MAX, &text, NULL, NULL) < 0)
        return -ESRCH;
    /* The name may hold anything, so count fields after its last ")". */
    after_name = strrchr(text, ')');
    if (!after_name || sscanf(after_name,
                              ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                              "%*s %*s %*s %*s %*s %u %*s %" SCNu64,
                              &state, &threads, &start) != 3)
        return -ESRCH;
    /* The state is that of the first thread. When others are still on their way out,
     * the process has its files, locks and ports. */
    if ((state == 'Z' || state == 'X') && threads <= 1)
        return -ESRCH;
    *ret_process = (struct process){.pid = pid, .start = start};
    return 0;
}

bool process_is_alive(const struct process *process)
{
    struct process now;

    return process_find(process->pid, &now) == 0 && now.start == process->start;
}

int process_open(const struct process *process)
{
    cleanup(closep) int fd = -1;

    if (process->pid <= 0)
        return -ESRCH;
    fd = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (fd < 0)
        return -errno;
    /* The descriptor is taken first: what is alive now is what it names. */
    return process_is_alive(process) ? take_fd(fd) : -ESRCH;
}

int process_signal(const struct process *process, int signo)
{
    cleanup(closep) int fd = process_open(process);

    if (fd < 0)
        return fd;
    if (syscall(SYS_pidfd_send_signal, fd, signo, NULL, 0) < 0)
        return -errno;
    return 0;
}
