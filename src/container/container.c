/* SPDX-License-Identifier: Apache-2.0
 *
 * container.c - the caller's side: fork the first process, order, listen, end it
 */
#include "container/container.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/init.h"
#include "container/order.h"
#include "container/report.h"

struct container {
    int sock;
    int pidfd;
    pid_t pid;
    bool is_ready;
    bool is_gone;      /* CONTAINER_GONE was told */
    struct err failed; /* why the root could not be built; code 0: it could */
};

static int explain_clone(int code, struct err *err)
{
    switch (code) {
    case EPERM:
    case EACCES:
        return err_set(err, code,
                       "this node does not let user %u make user namespaces "
                       "(kernel.unprivileged_userns_clone, "
                       "kernel.apparmor_restrict_unprivileged_userns)",
                       geteuid());
    case ENOSPC:
    case EUSERS:
        return err_set(err, code,
                       "no more namespaces on this node (user.max_user_namespaces, "
                       "user.max_mnt_namespaces)");
    default:
        return err_sys(err, code, "make the container's namespaces");
    }
}

/* Fork into new namespaces. No SIGCHLD is sent at its end, so the caller's own
 * handling of children is left alone; the pidfd and the socket tell. */
static pid_t clone_init(const struct container_spec *spec, int *ret_pidfd)
{
    struct clone_args args = {
        .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC |
                 (spec->hostname ? CLONE_NEWUTS : 0) |
                 (spec->no_network ? CLONE_NEWNET : 0) | CLONE_PIDFD |
                 CLONE_CLEAR_SIGHAND,
        .pidfd = (uintptr_t)ret_pidfd,
    };

    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static int make_channel(int sock[2], struct err *err)
{
    int on = 1;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
        return err_sys(err, errno, "socket pair to the container");
    if (setsockopt(sock[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
        return err_sys(err, errno, "ask for credentials on the container's socket");
    return 0;
}

/* Compile here what the container's first process installs: it is kept, and there
 * would be nobody to keep it for. */
static int compile_filters(const struct container_spec *spec, struct err *err)
{
    const struct seccomp_filter *filter;
    int rc = 0;

    if (spec->n_layers && !spec->unconfined)
        rc = seccomp_filter_default(&filter, err);
    if (!rc && spec->fake_ids)
        rc = seccomp_filter_fake_ids(&filter, err);
    return rc;
}

int container_create(const struct container_spec *spec, struct container **ret,
                     struct err *err)
{
    cleanup(closep) int ours = -1;
    cleanup(closep) int theirs = -1;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int sock[2] = {-1, -1}, pidfd = -1, code;
    sigset_t all, old;
    struct container *c;
    pid_t pid;
    int rc;

    rc = compile_filters(spec, err);
    if (rc)
        return rc;
    rc = make_channel(sock, err);
    ours = sock[0];
    theirs = sock[1];
    if (rc)
        return rc;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    pid = clone_init(spec, &pidfd);
    code = errno;
    if (pid == 0)
        init_main(spec, theirs, uid, gid);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    if (pid < 0)
        return explain_clone(code, err);
    c = xcalloc(1, sizeof(*c));
    c->sock = take_fd(ours);
    c->pidfd = pidfd;
    c->pid = pid;
    *ret = c;
    return 0;
}

/* Take in a report about the building of the root. */
static void note_building(struct container *c, const struct report *report)
{
    if (report->kind == REPORT_READY)
        c->is_ready = true;
    else
        (void)err_set(&c->failed, report->status > 0 ? report->status : EIO, "%s",
                      report->words);
}

int container_wait_ready(struct container *c, struct err *err)
{
    struct report report;
    pid_t pid;
    int rc;

    while (!c->is_ready && !c->failed.code) {
        rc = report_receive(c->sock, true, &report, &pid);
        if (rc == 0)
            (void)err_set(&c->failed, ECHILD,
                          "the container's first process died while building the root");
        else if (rc < 0)
            return err_sys(err, -rc, "hear from the container");
        else
            note_building(c, &report);
    }
    if (c->is_ready)
        return 0;
    return err_set(err, c->failed.code, "%s", c->failed.text);
}

int container_spawn(struct container *c, const struct task_spec *task, struct err *err)
{
    return order_send_spawn(c->sock, task, err);
}

int container_signal(struct container *c, uint32_t task, int signo, struct err *err)
{
    return order_send_signal(c->sock, task, signo, err);
}

int container_fd(const struct container *c)
{
    return c->sock;
}

static void copy_words(struct container_event *event, const char *words)
{
    (void)snprintf(event->words, sizeof(event->words), "%.*s",
                   (int)sizeof(event->words) - 1, words);
}

static int tell_gone(struct container *c, struct container_event *ret)
{
    if (c->is_gone)
        return -EPIPE;
    c->is_gone = true;
    *ret = (struct container_event){.kind = CONTAINER_GONE, .pid = c->pid};
    copy_words(ret, c->failed.text);
    return 1;
}

static void fill_event(const struct container *c, const struct report *report,
                       pid_t pid, struct container_event *ret)
{
    *ret = (struct container_event){
        .kind = report->kind == REPORT_STARTED ? CONTAINER_TASK_STARTED
                                               : CONTAINER_TASK_ENDED,
        .task = report->task,
        .pid = pid == c->pid ? 0 : pid,
        .status = report->status,
        .user_usec = report->user_usec,
        .system_usec = report->system_usec,
        .max_rss_kib = report->max_rss_kib,
    };
    copy_words(ret, report->words);
}

int container_next_event(struct container *c, struct container_event *ret)
{
    struct report report;
    pid_t pid;
    int rc;

    for (;;) {
        rc = report_receive(c->sock, false, &report, &pid);
        if (rc == -ECONNRESET) /* said once when it ends with orders unread */
            continue;
        if (rc == 0)
            return tell_gone(c, ret);
        if (rc < 0)
            return rc == -EAGAIN ? 0 : rc;
        if (report.kind == REPORT_STARTED || report.kind == REPORT_ENDED)
            break;
        note_building(c, &report);
    }
    fill_event(c, &report, pid, ret);
    return 1;
}

void container_kill(struct container *c)
{
    /* The kernel ends the whole PID namespace with its first process. */
    (void)pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
}

void container_destroy(struct container *c)
{
    siginfo_t info;

    if (!c)
        return;
    container_kill(c);
    while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | __WALL) < 0 &&
           errno == EINTR)
        ;
    closep(&c->pidfd);
    closep(&c->sock);
    free(c);
}

pid_t container_init_pid(const struct container *c)
{
    return c->pid;
}
