/* SPDX-License-Identifier: Apache-2.0
 *
 * join.c - setns(2) into a personal cluster
 */
#include "client/join.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* True outside of every user namespace but the first. */
static bool in_first_user_namespace(void)
{
    cleanup(freep) char *map = NULL;
    unsigned long inside, outside, count;

    if (io_read_file("/proc/self/uid_map", 4096, &map, NULL, NULL) < 0)
        return true;
    return sscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && inside == 0 &&
           outside == 0 && count == 4294967295UL;
}

static bool shares_user_namespace(pid_t pid)
{
    cleanup(freep) char *path = xasprintf("/proc/%d/ns/user", (int)pid);
    struct stat own, other;

    return stat("/proc/self/ns/user", &own) == 0 && stat(path, &other) == 0 &&
           own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

int join_process(const struct process *process, struct err *err)
{
    cleanup(closep) int fd = process_open(process);

    if (fd < 0)
        return err_set(err, ESRCH, "its process %d has ended", (int)process->pid);
    if (shares_user_namespace(process->pid))
        return 0;
    if (setns(fd, CLONE_NEWUSER | CLONE_NEWNET) < 0)
        return err_sys(err, errno, "cannot enter the namespaces of process %d",
                       (int)process->pid);
    return 0;
}

static int read_pid_file(const char *path, struct process *ret, struct err *err)
{
    cleanup(freep) char *text = NULL;
    int pid;
    int rc = io_read_file(path, 128, &text, NULL, err);

    if (rc < 0)
        return rc;
    if (sscanf(text, "%d %" SCNu64, &pid, &ret->start) != 2 || pid <= 0)
        return err_set(err, EINVAL, "%s does not hold a pid and a start time", path);
    ret->pid = pid;
    return 0;
}

static int drop_capabilities(struct err *err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

    memset(none, 0, sizeof(none));
    if (syscall(SYS_capset, &head, none) < 0)
        return err_sys(err, errno, "cannot give up capabilities");
    return 0;
}

int join_cluster(const struct config *config, struct err *err)
{
    struct process process;
    int rc;

    if (!config->join_pid_file)
        return 0;
    rc = read_pid_file(config->join_pid_file, &process, err);
    if ((rc == -ENOENT || rc == 0) && (rc || !process_is_alive(&process))) {
        if (!in_first_user_namespace())
            return 0;
        return err_set(err, ESRCH,
                       "cluster %s is not up any more: 'berth cluster up' starts one",
                       config->cluster);
    }
    if (rc < 0 || shares_user_namespace(process.pid))
        return rc;
    rc = join_process(&process, err);
    if (rc < 0)
        return err_wrap(err, "cluster %s", config->cluster);
    return drop_capabilities(err);
}
