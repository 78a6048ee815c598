/* SPDX-License-Identifier: Apache-2.0
 *
 * files.c - the host's files, settings and devices
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* ------------------------------------------------- settings of the kernel */

static struct finding proc_sys(const char *argument)
{
    (void)argument;
    return judge(write_same("/proc/sys/kernel/core_pattern"),
                 "write /proc/sys/kernel/core_pattern");
}

/* Only opened: what is written to it happens. */
static struct finding sysrq(const char *argument)
{
    (void)argument;
    return judge(open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC),
                 "open /proc/sysrq-trigger for writing");
}

static struct finding sys_write(const char *argument)
{
    static const char *const paths[] = {
        "/sys/kernel/mm/transparent_hugepage/defrag",
        "/sys/kernel/rcu_expedited",
        "/sys/kernel/profiling",
        "/sys/kernel/mm/ksm/run",
    };
    struct finding found = {.verdict = ABSENT};

    (void)argument;
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
        if (access(paths[i], F_OK))
            continue;
        found = judge(write_same(paths[i]), paths[i]);
        if (found.verdict == ESCAPED)
            break;
    }
    return found;
}

static struct finding each_hierarchy(const char *name)
{
    struct finding found = held("no cgroup hierarchy is seen");
    DIR *dir = opendir("/sys/fs/cgroup");
    struct dirent *entry;

    while (dir && found.verdict != ESCAPED && (entry = readdir(dir))) {
        char path[512];

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/%s", entry->d_name, name);
        if (access(path, F_OK) == 0)
            found = judge(open(path, O_WRONLY | O_CLOEXEC), path);
    }
    if (dir)
        (void)closedir(dir);
    return found;
}

/* A program that the kernel runs as root, on the host, when a cgroup empties. */
static struct finding release_agent(const char *argument)
{
    (void)argument;
    return each_hierarchy("release_agent");
}

static struct finding cgroup_procs(const char *argument)
{
    (void)argument;
    return each_hierarchy("cgroup.procs");
}

/* ----------------------------------------------------------------- devices */

static struct finding open_device(const char *path)
{
    return judge(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK), path);
}

static struct finding dev_mem(const char *argument)
{
    (void)argument;
    return open_device("/dev/mem");
}

static struct finding dev_kmsg(const char *argument)
{
    (void)argument;
    return open_device("/dev/kmsg");
}

/* In a directory where one may be made, and of whose mount it may be opened. */
static struct finding make_and_open(mode_t kind, dev_t dev)
{
    static const char *const dirs[] = {"/tmp", "/dev/shm", "/dev", "/"};
    struct finding found = {.verdict = ABSENT};

    for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
        char path[64];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/probe-%d", dirs[i], (int)getpid());
        found = judge(mknod(path, kind | 0600, dev), "mknod");
        if (found.verdict != ESCAPED)
            continue;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        found = judge(fd, "open a device made by mknod");
        (void)unlink(path);
        if (found.verdict == ESCAPED)
            break;
    }
    return found;
}

/* The console's log, which is there in every kernel. */
static struct finding mknod_char(const char *argument)
{
    (void)argument;
    return make_and_open(S_IFCHR, makedev(1, 11));
}

/* Those of MAJOR:MINOR,MAJOR:MINOR that there are. */
static struct finding mknod_block(const char *argument)
{
    struct finding found = {.verdict = ABSENT};
    unsigned int major, minor;
    int len;

    while (sscanf(argument, "%u:%u%n", &major, &minor, &len) == 2) {
        found = make_and_open(S_IFBLK, makedev(major, minor));
        if (found.verdict == ESCAPED)
            break;
        argument += len;
        argument += strspn(argument, ",");
    }
    return found;
}

/* --------------------------------------------------------- the host's files */

static struct finding see_marker(const char *marker)
{
    return judge(access(marker, F_OK), "see a file of the host");
}

static struct finding magic_links(const char *marker)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    char path[512];
    int seen = 0;

    while (dir && (entry = readdir(dir))) {
        static const char *const names[] = {"root", "cwd"};

        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        seen++;
        for (size_t i = 0; i < 2; i++) {
            (void)snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, names[i]);
            if (shows_marker(path, marker))
                return escaped("%s leads to the host", path);
        }
    }
    return held("none of %d processes leads to the host", seen);
}

static struct finding descriptors(const char *marker)
{
    for (int fd = 0; fd < 4096; fd++) {
        char path[64];
        struct stat st;

        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (fcntl(fd, F_GETFD) < 0)
            continue;
        if (shows_marker(path, marker))
            return escaped("descriptor %d leads to the host", fd);
        if (fd > 2)
            return escaped("descriptor %d is open", fd);
        if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
            return escaped("descriptor %d is a directory", fd);
    }
    return held("0, 1 and 2 only");
}

static struct finding working_directory(const char *marker)
{
    return shows_marker(".", marker) ? escaped("the way up leads to the host")
                                     : held("the way up ends at /");
}

/* ------------------------------------------------------------- by file handle */

struct handle {
    struct file_handle head;
    unsigned char bytes[MAX_HANDLE_SZ];
};

int print_handle(const char *path)
{
    struct handle handle = {.head = {.handle_bytes = MAX_HANDLE_SZ}};
    int mount_id;

    if (name_to_handle_at(AT_FDCWD, path, &handle.head, &mount_id, 0)) {
        perror("probe: name_to_handle_at");
        return 1;
    }
    (void)printf("%d:", handle.head.handle_type);
    for (unsigned int i = 0; i < handle.head.handle_bytes; i++)
        (void)printf("%02x", handle.bytes[i]);
    (void)putchar('\n');
    return 0;
}

static int parse_handle(const char *text, struct handle *ret)
{
    int at = 0;

    if (sscanf(text, "%d:%n", &ret->head.handle_type, &at) != 1)
        return -1;
    for (; sscanf(text + at, "%2hhx", &ret->bytes[ret->head.handle_bytes]) == 1;
         at += 2)
        ret->head.handle_bytes++;
    return 0;
}

/* A file of the host, on whatever file system of the host is seen. */
static struct finding file_handle(const char *argument)
{
    static const char *const seen[] = {"/", "/etc/hosts", "/etc/resolv.conf", "."};
    struct handle handle = {.head = {.handle_bytes = 0}};
    struct finding found = {.verdict = ABSENT};

    if (parse_handle(argument, &handle))
        return found;
    for (size_t i = 0; i < sizeof(seen) / sizeof(*seen); i++) {
        int at = open(seen[i], O_RDONLY | O_CLOEXEC);

        if (at < 0)
            continue;
        found = judge(open_by_handle_at(at, &handle.head, O_RDONLY), seen[i]);
        (void)close(at);
        if (found.verdict == ESCAPED)
            break;
    }
    return found;
}

/* This program, set-uid root: started by a user, it says who it is. */
static struct finding set_uid(const char *argument)
{
    (void)argument;
    if (geteuid() != getuid() || getegid() != getgid())
        return escaped("uid %u became %u", (unsigned int)getuid(),
                       (unsigned int)geteuid());
    return held("still uid %u", (unsigned int)geteuid());
}

/* Write a file that root of the host owns, given by name. */
static struct finding host_write(const char *path)
{
    return judge(open(path, O_WRONLY | O_CLOEXEC), path);
}

const struct probe file_probes[] = {
    {"proc-sys", proc_sys},
    {"sysrq", sysrq},
    {"sys-write", sys_write},
    {"release-agent", release_agent},
    {"cgroup-procs", cgroup_procs},
    {"dev-mem", dev_mem},
    {"dev-kmsg", dev_kmsg},
    {"mknod-char", mknod_char},
    {"mknod-block", mknod_block},
    {"see-marker", see_marker},
    {"magic-links", magic_links},
    {"descriptors", descriptors},
    {"working-directory", working_directory},
    {"file-handle", file_handle},
    {"set-uid", set_uid},
    {"host-write", host_write},
    {NULL, NULL},
};
