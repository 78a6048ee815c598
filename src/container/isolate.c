/* SPDX-License-Identifier: Apache-2.0
 *
 * isolate.c - ids, descriptors, signals and capabilities of the first process
 */
#include "container/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/exec.h"
#include "base/mem.h"

static int write_proc(const char *path, const char *text, struct err *err)
{
    cleanup(closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return err_sys(err, errno, "write \"%s\" to %s", text, path);
    return 0;
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return x < y ? -1 : x > y;
}

void isolate_keep_only(int *fds, size_t n)
{
    unsigned int from = 3;

    qsort(fds, n, sizeof(*fds), by_number);
    for (size_t i = 0; i < n; i++) {
        if (fds[i] < (int)from)
            continue;
        if (fds[i] > (int)from)
            (void)close_range(from, (unsigned int)fds[i] - 1, 0);
        from = (unsigned int)fds[i] + 1;
    }
    (void)close_range(from, ~0U, 0);
}

int isolate_enter_groups(const int *fds, size_t n, struct err *err)
{
    int code = 0;

    for (size_t i = 0; i < n; i++) {
        if (write(fds[i], "0", 1) < 0)
            code = errno;
        (void)close(fds[i]);
    }
    if (code)
        return err_sys(err, code, "enter the control groups of the step");
    /* The caller may not be dumpable as long as it has these descriptors; and the files
     * in /proc of who is not are root's. */
    if (prctl(PR_SET_DUMPABLE, 1))
        return err_sys(err, errno, "make the first process dumpable");
    return 0;
}

int isolate_oom_score(int score, struct err *err)
{
    cleanup(closep) int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    char text[16] = "0";
    char first = 0;

    if (score > 0)
        (void)snprintf(text, sizeof(text), "%d", score);
    if (fd >= 0 && read(fd, &first, 1) == 1 && (first == '-' || score > 0) &&
        write(fd, text, strlen(text)) < 0)
        return err_sys(err, errno, "set oom_score_adj to %s", text);
    return 0;
}

int isolate_map_ids(uid_t uid, gid_t gid, uid_t inside_uid, gid_t inside_gid,
                    struct err *err)
{
    char text[64];
    int rc;

    /* A process that changed its uid is not dumpable, and then its files in
     * /proc belong to root. */
    if (prctl(PR_SET_DUMPABLE, 1))
        return err_sys(err, errno, "make the first process dumpable");
    rc = write_proc("/proc/self/setgroups", "deny", err);
    if (rc)
        return rc;
    (void)snprintf(text, sizeof(text), "%u %u 1", inside_uid, uid);
    rc = write_proc("/proc/self/uid_map", text, err);
    if (rc)
        return rc;
    (void)snprintf(text, sizeof(text), "%u %u 1", inside_gid, gid);
    return write_proc("/proc/self/gid_map", text, err);
}

static int close_inherited(int sock, struct err *err)
{
    int null;

    if (sock != INIT_SOCK && dup3(sock, INIT_SOCK, O_CLOEXEC) < 0)
        return err_sys(err, errno, "keep the socket to the caller");
    if (close_range(INIT_SOCK + 1, ~0U, 0))
        return err_sys(err, errno, "close inherited descriptors");
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return err_sys(err, errno, "open /dev/null");
    for (int fd = 0; fd < INIT_SOCK; fd++) {
        if (dup3(null, fd, O_CLOEXEC) < 0)
            return err_sys(err, errno, "replace descriptor %d", fd);
    }
    (void)close(null);
    return 0;
}

int isolate_detach(int sock, struct err *err)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};

    if (prctl(PR_SET_PDEATHSIG, SIGKILL))
        return err_sys(err, errno, "die with the caller");
    (void)prctl(PR_SET_NAME, "berth-init");
    for (int signo = 1; signo < SIGRTMIN; signo++)
        (void)sigaction(signo, &dfl, NULL);
    return close_inherited(sock, err);
}

int isolate_raise_loopback(struct err *err)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    cleanup(closep) int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &request))
        return err_sys(err, errno, "raise the loopback device");
    return 0;
}

void isolate_open_ports(void)
{
    char group[32];
    struct err err;

    (void)snprintf(group, sizeof(group), "%u %u", getegid(), getegid());
    (void)write_proc("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", &err);
    (void)write_proc("/proc/sys/net/ipv4/ping_group_range", group, &err);
}

/* The caller's may hold keys of its own, or the daemon's. */
static int leave_keyring(struct err *err)
{
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS)
        return 0;
    if (errno == EDQUOT)
        return err_set(err, EDQUOT,
                       "no more keyrings for this user on this node "
                       "(kernel.keys.maxkeys)");
    return err_sys(err, errno, "make a session keyring");
}

int isolate_seal(bool keep_caps, struct err *err)
{
    int rc = leave_keyring(err);

    if (rc)
        return rc;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_sys(err, errno, "set no_new_privs");
    /* Its memory is a copy of the caller's and may hold keys. */
    if (prctl(PR_SET_DUMPABLE, 0))
        return err_sys(err, errno, "make the first process undumpable");
    for (int cap = 0; !keep_caps && cap <= CAP_LAST_CAP; cap++) {
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0)) {
            if (errno == EINVAL)
                break; /* this kernel has fewer */
            return err_sys(err, errno, "drop capability %d", cap);
        }
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        return err_sys(err, errno, "clear ambient capabilities");
    return 0;
}

ON_BORROWED_STACK int isolate_drop_caps(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};

    return (int)syscall(SYS_capset, &head, none);
}
