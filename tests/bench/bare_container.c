/* SPDX-License-Identifier: Apache-2.0
 *
 * bare_container.c - the least a container can cost, to compare with
 *
 * Loops: clone into new user, mount, PID and IPC namespaces, map ids, bind a
 * root file system, pivot into it, exec; wait for the end. No /proc, no /dev, no
 * overlay, no first process.
 *
 *     bare_container --root DIR [-n COUNT] -- PROGRAM [ARGUMENTS]
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static void die(const char *what)
{
    (void)fprintf(stderr, "bare_container: %s: %s\n", what, strerror(errno));
    _exit(125);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        die(path);
    (void)close(fd);
}

static void become_container(const char *root, uid_t uid, gid_t gid, char **argv)
{
    char map[64];

    write_file("/proc/self/setgroups", "deny");
    (void)snprintf(map, sizeof(map), "%u %u 1", uid, uid);
    write_file("/proc/self/uid_map", map);
    (void)snprintf(map, sizeof(map), "%u %u 1", gid, gid);
    write_file("/proc/self/gid_map", map);
    if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) || chdir(root))
        die(root);
    if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
        die("pivot_root");
    (void)execv(argv[0], argv);
    die(argv[0]);
}

static double run_once(const char *root, char **argv)
{
    struct clone_args args = {.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID |
                                       CLONE_NEWIPC,
                              .exit_signal = SIGCHLD};
    double start = now_usec();
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int status;
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

    if (pid < 0)
        die("clone3");
    if (pid == 0)
        become_container(root, uid, gid, argv);
    if (waitpid(pid, &status, 0) < 0 || status != 0) {
        (void)fprintf(stderr, "bare_container: %s ended with status %d\n", argv[0],
                      status);
        exit(1);
    }
    return now_usec() - start;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"root", required_argument, NULL, 'r'},
                                            {NULL, 0, NULL, 0}};
    const char *root = NULL;
    size_t n = 200;
    double *samples;
    int c;

    while ((c = getopt_long(argc, argv, "+n:", options, NULL)) != -1) {
        if (c == 'r')
            root = optarg;
        else if (c == 'n')
            n = strtoul(optarg, NULL, 10);
        else
            return 2;
    }
    if (!root || !n || !argv[optind]) {
        (void)fprintf(stderr,
                      "usage: bare_container --root DIR [-n COUNT] -- PROGRAM\n");
        return 2;
    }
    samples = calloc(n, sizeof(*samples));
    if (!samples)
        return 1;
    for (size_t i = 0; i < n; i++)
        samples[i] = run_once(root, argv + optind);
    print_samples("ended", samples, n);
    free(samples);
    return 0;
}
