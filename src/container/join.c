/* SPDX-License-Identifier: Apache-2.0
 *
 * join.c - a second process to take orders, in a container that stands
 *
 *     caller --clone--> helper: setns of all  --clone(PARENT)--> joiner (init.c)
 *            <------------- pid, pidfd ---- exit
 *
 * A PID namespace is entered by children only, so there are two. Who has made a user
 * namespace, by id, has all capabilities in it when coming from outside: this is how
 * the job's user gets in, and nobody from another container does. Descriptors of
 * namespaces are handed on, because the container's first process shows nobody its
 * files in /proc.
 *
 * A container of a pod comes into its sandbox the same way; what is forked then makes
 * mount and PID namespaces of its own, and a root.
 */
#include "container/join.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/init.h"
#include "container/isolate.h"
#include "container/report.h"
#include "container/sandbox.h"

#define GROUPS_MAX 32 /* more than there are kinds of */

/* The user namespace first: the others are its own. */
static const struct {
    const char *path;
    int kind;
} namespaces_of[CONTAINER_NAMESPACES] = {
    {"/proc/self/ns/user", CLONE_NEWUSER}, {"/proc/self/ns/mnt", CLONE_NEWNS},
    {"/proc/self/ns/pid", CLONE_NEWPID},   {"/proc/self/ns/ipc", CLONE_NEWIPC},
    {"/proc/self/ns/uts", CLONE_NEWUTS},   {"/proc/self/ns/net", CLONE_NEWNET},
};

int join_open_namespaces(int ret_fds[CONTAINER_NAMESPACES], struct err *err)
{
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++) {
        ret_fds[i] = open(namespaces_of[i].path, O_RDONLY | O_CLOEXEC);
        if (ret_fds[i] >= 0)
            continue;
        (void)err_sys(err, errno, "%s", namespaces_of[i].path);
        while (i)
            (void)close(ret_fds[--i]);
        return -err->code;
    }
    return 0;
}

/* Those that the container shares with the node are ours already, and could not be
 * entered from inside its user namespace. Asked before that: then /proc is another. */
static void leave_out_own(const int fds[], bool is_own[CONTAINER_NAMESPACES])
{
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++) {
        struct stat ours, theirs;

        is_own[i] =
            fds[i] < 0 ||
            (stat(namespaces_of[i].path, &ours) == 0 && fstat(fds[i], &theirs) == 0 &&
             ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev);
    }
}

static int enter(const int fds[CONTAINER_NAMESPACES], struct err *err)
{
    bool is_own[CONTAINER_NAMESPACES];

    leave_out_own(fds, is_own);
    /* Nobody inside may look at our memory, a copy of the caller's. */
    if (prctl(PR_SET_DUMPABLE, 0))
        return err_sys(err, errno, "make a process undumpable");
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++) {
        if (!is_own[i] && setns(fds[i], namespaces_of[i].kind))
            return err_sys(err, errno, "enter the container (%s)",
                           strrchr(namespaces_of[i].path, '/') + 1);
    }
    return 0;
}

typedef void life_fn(const struct container_spec *spec, int sock);

static int fork_inside(const struct container_spec *spec, uint64_t namespaces,
                       life_fn *life, int sock, struct err *err)
{
    struct report report = {.kind = REPORT_JOINED};
    int pidfd = -1;
    struct clone_args args = {
        .flags = CLONE_PARENT | CLONE_PIDFD | namespaces,
        .pidfd = (uintptr_t)&pidfd,
    };
    pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
    int rc;

    if (pid == 0)
        life(spec, sock);
    if (pid < 0)
        return container_explain_clone(errno, err);
    report.status = pid;
    rc = report_send_fds(sock, &report, &pidfd, 1);
    return rc ? err_sys(err, -rc, "tell who is in the container") : 0;
}

/* The helper's last act. */
static void end_helper(int sock, const struct err *failed) __attribute__((noreturn));
static void end_helper(int sock, const struct err *failed)
{
    struct report report = {.kind = REPORT_FAILED};

    if (!failed)
        _exit(0);
    report.status = failed->code;
    memcpy(report.words, failed->text, sizeof(report.words));
    (void)report_send(sock, &report, 0);
    _exit(1);
}

void join_main(const struct container_spec *spec,
               const int namespaces[CONTAINER_NAMESPACES], int sock)
{
    struct err err = {0};
    bool failed = isolate_enter_groups(spec->groups, spec->n_groups, &err) ||
                  enter(namespaces, &err) ||
                  fork_inside(spec, 0, init_joiner_main, sock, &err);

    end_helper(sock, failed ? &err : NULL);
}

/* The caller may have ways into other groups. */
static void let_go(const struct container_spec *spec, int sock)
{
    const int *namespaces = sandbox_namespaces(spec->sandbox);
    int keep[1 + CONTAINER_NAMESPACES + GROUPS_MAX] = {sock};
    size_t n = 1;

    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
        keep[n++] = namespaces[i];
    for (size_t i = 0; i < spec->n_groups && i < GROUPS_MAX; i++)
        keep[n++] = spec->groups[i];
    isolate_keep_only(keep, n);
}

void join_sandbox_main(const struct container_spec *spec, int sock)
{
    const struct sandbox *sandbox = spec->sandbox;
    uint64_t own = CLONE_NEWNS | (sandbox_shares_pids(sandbox) ? 0 : CLONE_NEWPID);
    struct err err = {0};
    bool failed;

    let_go(spec, sock);
    failed = isolate_enter_groups(spec->groups, spec->n_groups, &err) ||
             isolate_oom_score(spec->oom_score, &err) ||
             enter(sandbox_namespaces(sandbox), &err) ||
             fork_inside(spec, own, init_sandbox_main, sock, &err);

    end_helper(sock, failed ? &err : NULL);
}
