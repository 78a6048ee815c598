/* SPDX-License-Identifier: Apache-2.0
 *
 * namespace.c - mounts, roots and namespaces
 *
 * Where a container may have user namespaces of its own it may mount there, which
 * does no harm: so the verdict is over what it gains by it.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct finding mount_tmpfs(const char *argument)
{
    char dir[] = "/tmp/probe-XXXXXX";
    struct finding found;

    (void)argument;
    if (!mkdtemp(dir))
        return refused("mkdtemp");
    found = judge(mount("tmpfs", dir, "tmpfs", 0, NULL), "mount a tmpfs");
    (void)umount2(dir, MNT_DETACH);
    (void)rmdir(dir);
    return found;
}

static struct finding host_name(const char *argument)
{
    char name[256];

    (void)argument;
    if (gethostname(name, sizeof(name)))
        return refused("gethostname");
    return judge(sethostname(name, strlen(name)), "set the host's name");
}

/* ---------------------------------------------- taking protections away again */

/* Take off what lies over 'top' and below, and make it writable. */
static void uncover(const char *top)
{
    FILE *mounts = fopen("/proc/self/mounts", "re");
    char line[4096], at[4096];

    while (mounts && fgets(line, sizeof(line), mounts)) {
        if (sscanf(line, "%*s %4095s", at) != 1 || strncmp(at, top, strlen(top)) != 0)
            continue;
        (void)mount(NULL, at, NULL, MS_REMOUNT | MS_BIND, NULL);
        (void)mount(NULL, at, NULL, MS_REMOUNT, NULL);
        if (strlen(at) > strlen(top))
            (void)umount2(at, MNT_DETACH);
    }
    if (mounts)
        (void)fclose(mounts);
}

static bool can_write(const char *top, const char *const *names)
{
    for (; *names; names++) {
        char path[256];

        (void)snprintf(path, sizeof(path), "%s/%s", top, *names);
        if (write_same(path) == 0)
            return true;
    }
    return false;
}

/* With what lies over it away, or at a mount of the same kind somewhere else. */
static struct finding unmask(const char *top, const char *kind,
                             const char *const *names)
{
    char dir[] = "/tmp/probe-XXXXXX";
    bool can;

    uncover(top);
    if (!mkdtemp(dir))
        return refused("mkdtemp");
    can = can_write(top, names);
    if (!can && mount(kind, dir, kind, 0, NULL) == 0)
        can = can_write(dir, names);
    (void)umount2(dir, MNT_DETACH);
    (void)rmdir(dir);
    return can ? escaped("%s can be written", top) : held("%s cannot be written", top);
}

static struct finding unmask_proc_here(const char *argument)
{
    static const char *const names[] = {"sys/kernel/core_pattern", NULL};

    (void)argument;
    return unmask("/proc", "proc", names);
}

static struct finding unmask_sys_here(const char *argument)
{
    static const char *const names[] = {
        "kernel/mm/transparent_hugepage/defrag",
        "kernel/rcu_expedited",
        "kernel/profiling",
        NULL,
    };

    (void)argument;
    return unmask("/sys", "sysfs", names);
}

/* As we are; in a mount namespace more; as root of a user namespace more. */
static struct finding three_ways(probe_fn *fn)
{
    struct finding found = in_child(fn, "");

    if (found.verdict == ESCAPED)
        return found;
    if (unshare(CLONE_NEWNS) == 0)
        found = in_child(fn, "");
    if (found.verdict == ESCAPED)
        return found;
    return become_nested_root() == 0 ? in_child(fn, "") : found;
}

static struct finding unmask_proc(const char *argument)
{
    (void)argument;
    return three_ways(unmask_proc_here);
}

static struct finding unmask_sys(const char *argument)
{
    (void)argument;
    return three_ways(unmask_sys_here);
}

/* ------------------------------------------------------------ other namespaces */

static bool is_other_namespace(const char *path, const char *own)
{
    struct stat a, b;

    return stat(path, &a) == 0 && stat(own, &b) == 0 && a.st_ino != b.st_ino;
}

static struct finding set_namespace(const char *argument)
{
    static const char *const kinds[] = {"mnt", "pid", "uts", "ipc", "user"};
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    (void)argument;
    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
            char path[512], own[64];
            int fd;

            (void)snprintf(path, sizeof(path), "/proc/%s/ns/%s", entry->d_name,
                           kinds[i]);
            (void)snprintf(own, sizeof(own), "/proc/self/ns/%s", kinds[i]);
            fd = is_other_namespace(path, own) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (fd >= 0 && setns(fd, 0) == 0)
                return escaped("entered %s", path);
            if (fd >= 0)
                (void)close(fd);
        }
    }
    return held("nowhere else to go");
}

/* -------------------------------------------------------------- other roots */

static struct finding chroot_twice_here(const char *marker)
{
    char dir[] = "/tmp/probe-XXXXXX";

    if (!mkdtemp(dir) || chroot(dir))
        return refused("chroot");
    for (int i = 0; i < 64; i++)
        (void)!chdir("..");
    if (chroot("."))
        return refused("chroot");
    return access(marker, F_OK) ? held("the host is not above")
                                : escaped("out of the root, to the host");
}

static struct finding chroot_twice(const char *marker)
{
    struct finding found = in_child(chroot_twice_here, marker);

    if (found.verdict == ESCAPED || become_nested_root())
        return found;
    return in_child(chroot_twice_here, marker);
}

/* Put another root in place, take it away, and look at what was below. */
static struct finding pivot_here(const char *marker)
{
    char dir[] = "/tmp/probe-XXXXXX";
    char old[64];

    /* The root changes for all of a mount namespace. */
    (void)unshare(CLONE_NEWNS);
    if (!mkdtemp(dir) || mount("tmpfs", dir, "tmpfs", 0, NULL))
        return refused("mount");
    (void)snprintf(old, sizeof(old), "%s/old", dir);
    if (mkdir(old, 0755) || syscall(SYS_pivot_root, dir, old))
        return refused("pivot_root");
    (void)umount2("/old", MNT_DETACH);
    if (shows_marker("/", marker) || shows_marker("/old", marker) ||
        shows_marker(".", marker))
        return escaped("the host lies below the root");
    return held("nothing lies below the root");
}

static struct finding pivot(const char *marker)
{
    struct finding found = in_child(pivot_here, marker);

    if (found.verdict == ESCAPED || become_nested_root())
        return found;
    return in_child(pivot_here, marker);
}

const struct probe namespace_probes[] = {
    {"mount", mount_tmpfs},
    {"host-name", host_name},
    {"unmask-proc", unmask_proc},
    {"unmask-sys", unmask_sys},
    {"namespace", set_namespace},
    {"chroot", chroot_twice},
    {"pivot", pivot},
    {NULL, NULL},
};
