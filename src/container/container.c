/* SPDX-License-Identifier: Apache-2.0
 *
 * container.c - the caller's side: fork the first process, order, listen, end it
 */
#include "container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
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

#include "base/io.h"
#include "base/mem.h"
#include "container/build.h"
#include "container/init.h"
#include "container/join.h"
#include "container/order.h"
#include "container/report.h"
#include "container/sandbox.h"

/* For a joiner to end what it has started. */
#define JOINER_END_MS 5000

#define LOG_MAX 65536

struct container {
    int sock;
    int pidfd;
    pid_t pid;
    pid_t init; /* who speaks: the same, or what an external program started */
    char *log;  /* of such a program */
    bool is_ready;
    bool is_joined; /* another's container: its first process is not ours */
    int namespaces[CONTAINER_NAMESPACES]; /* of a joinable one; -1 */
    bool is_gone;                         /* CONTAINER_GONE was told */
    struct err failed; /* why the root could not be built; code 0: it could */
};

int container_explain_clone(int code, struct err *err)
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

static struct container *container_new(int sock, int pidfd, pid_t pid)
{
    struct container *c = xcalloc(1, sizeof(*c));

    c->sock = sock;
    c->pidfd = pidfd;
    c->pid = c->init = pid;
    memset(c->namespaces, -1, sizeof(c->namespaces));
    return c;
}

static void container_free(struct container *c)
{
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
        closep(&c->namespaces[i]);
    closep(&c->pidfd);
    closep(&c->sock);
    free(c->log);
    free(c);
}

/* ----------------------------------------------------------------- joining */

/* Wait for a child that sends no signal. */
static void wait_for(int pidfd)
{
    siginfo_t info;

    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL) < 0 && errno == EINTR)
        ;
}

/* The helper tells who follows orders, or why there is nobody; who follows them may
 * have failed by then, and been faster to say so. */
static int hear_joined(struct container *c, struct err *err)
{
    struct report report;
    int fds[REPORT_FDS_MAX];
    size_t n = 0;
    pid_t pid;

    while (c->pidfd < 0) {
        int rc = report_receive_fds(c->sock, true, &report, &pid, fds, &n);

        if (rc <= 0 && c->failed.code)
            return err_set(err, c->failed.code, "%s", c->failed.text);
        if (rc <= 0)
            return err_set(err, ECHILD, "the container has ended");
        if (report.kind == REPORT_FAILED)
            (void)err_set(&c->failed, report.status, "%s", report.words);
        if (report.kind == REPORT_READY)
            c->is_ready = true;
        if (report.kind == REPORT_JOINED && n == 1) {
            c->pid = c->init = report.status;
            c->pidfd = fds[0];
        }
    }
    return 0;
}

/* A container of a pod is made by a helper that has entered the sandbox. It is forked
 * as libc does it: the caller may have threads by now, and lives on. */
static int create_in_sandbox(const struct container_spec *spec, struct container **ret,
                             struct err *err)
{
    int sock[2] = {-1, -1};
    sigset_t all, old;
    struct container *c;
    siginfo_t info;
    pid_t pid;
    int rc;

    rc = spec->external ? err_set(err, ENOTSUP,
                                  "containers of a pod are made by Berth itself, not "
                                  "by another program")
                        : compile_filters(spec, err);
    if (!rc)
        rc = make_channel(sock, err);
    if (rc)
        return rc;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    pid = fork();
    if (pid == 0)
        join_sandbox_main(spec, sock[1]);
    rc = pid < 0 ? err_sys(err, errno, "fork for the container") : 0;
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    (void)close(sock[1]);
    c = container_new(sock[0], -1, -1);
    c->is_joined = sandbox_shares_pids(spec->sandbox);
    if (!rc) {
        rc = hear_joined(c, err);
        while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
            ;
    }
    if (rc) {
        container_free(c);
        return rc;
    }
    *ret = c;
    return 0;
}

/* ---------------------------------------------------------------------- creating */

int container_create(const struct container_spec *spec, struct container **ret,
                     struct err *err)
{
    cleanup(closep) int ours = -1;
    cleanup(closep) int theirs = -1;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    int sock[2] = {-1, -1}, pidfd = -1, code;
    sigset_t all, old;
    pid_t pid;
    int rc;

    if (spec->sandbox)
        return create_in_sandbox(spec, ret, err);
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
        return container_explain_clone(code, err);
    *ret = container_new(take_fd(ours), pidfd, pid);
    (*ret)->log = spec->external ? xstrdup(spec->external->log) : NULL;
    return 0;
}

int container_join(const struct container_spec *spec,
                   const int namespaces[CONTAINER_NAMESPACES], struct container **ret,
                   struct err *err)
{
    struct clone_args args = {.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND};
    int sock[2] = {-1, -1}, helper = -1, rc;
    sigset_t all, old;
    struct container *c;
    pid_t pid;

    rc = compile_filters(spec, err);
    if (!rc)
        rc = make_channel(sock, err);
    if (rc)
        return rc;
    args.pidfd = (uintptr_t)&helper;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
    if (pid == 0)
        join_main(spec, namespaces, sock[1]);
    rc = pid < 0 ? err_sys(err, errno, "fork for the container") : 0;
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    (void)close(sock[1]);
    c = container_new(sock[0], -1, -1);
    c->is_joined = true;
    if (!rc) {
        rc = hear_joined(c, err);
        wait_for(helper);
        (void)close(helper);
    }
    if (rc) {
        container_free(c);
        return rc;
    }
    *ret = c;
    return 0;
}

const int *container_namespaces(const struct container *c)
{
    return c->namespaces;
}

/* ------------------------------------------------------------------- orders */

static void note_namespaces(struct container *c, const int *fds, size_t n)
{
    if (n == CONTAINER_NAMESPACES)
        memcpy(c->namespaces, fds, n * sizeof(*fds));
}

/* Take in a report about the building of the root. */
static void note_building(struct container *c, const struct report *report, pid_t pid,
                          const int *fds, size_t n)
{
    if (report->kind == REPORT_READY) {
        c->is_ready = true;
        c->init = c->log ? pid : c->init;
    } else if (report->kind == REPORT_NAMESPACES) {
        note_namespaces(c, fds, n);
    } else {
        (void)err_set(&c->failed, report->status > 0 ? report->status : EIO, "%s",
                      report->words);
    }
}

/* It ended without a word of its own; an external program may have left some. */
static void note_silent_end(struct container *c)
{
    cleanup(freep) char *text = NULL;
    char *line;

    if (c->log)
        (void)io_read_file(c->log, LOG_MAX, &text, NULL, NULL);
    while (text && (line = strrchr(text, '\n')) && !line[1])
        *line = '\0';
    line = text ? strrchr(text, '\n') : NULL;
    line = line ? line + 1 : text;
    (void)err_set(&c->failed, ECHILD, "%s%s",
                  line && *line ? "the container's runtime: "
                                : "the container's first process died while building "
                                  "the root",
                  line ? line : "");
}

/* The caller may have made the socket one that does not block. */
static int receive_and_wait(struct container *c, struct report *report, pid_t *pid,
                            int *fds, size_t *n)
{
    struct pollfd pfd = {.fd = c->sock, .events = POLLIN};
    int rc;

    while ((rc = report_receive_fds(c->sock, true, report, pid, fds, n)) == -EAGAIN)
        (void)poll(&pfd, 1, -1);
    return rc;
}

int container_wait_ready(struct container *c, struct err *err)
{
    int fds[REPORT_FDS_MAX];
    struct report report;
    pid_t pid;
    size_t n;
    int rc;

    while (!c->is_ready && !c->failed.code) {
        rc = receive_and_wait(c, &report, &pid, fds, &n);
        if (rc == 0)
            note_silent_end(c);
        else if (rc < 0)
            return err_sys(err, -rc, "hear from the container");
        else
            note_building(c, &report, pid, fds, n);
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
    return order_send_signal(c->sock, task, signo, 0, err);
}

int container_signal_process(struct container *c, uint32_t task, int signo,
                             struct err *err)
{
    return order_send_signal(c->sock, task, signo, ORDER_PROCESS, err);
}

int container_sweep(struct container *c, struct err *err)
{
    return order_send_sweep(c->sock, err);
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

/* A joiner is reaped at once: the end of the container it was in waits for that. */
static int tell_gone(struct container *c, struct container_event *ret)
{
    if (c->is_gone)
        return -EPIPE;
    c->is_gone = true;
    if (c->is_joined)
        wait_for(c->pidfd);
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
        .pid = pid == c->init ? 0 : pid,
        .status = report->status,
        .user_usec = report->user_usec,
        .system_usec = report->system_usec,
        .max_rss_kib = report->max_rss_kib,
    };
    copy_words(ret, report->words);
}

int container_next_event(struct container *c, struct container_event *ret)
{
    int fds[REPORT_FDS_MAX];
    struct report report;
    pid_t pid;
    size_t n;
    int rc;

    for (;;) {
        rc = report_receive_fds(c->sock, false, &report, &pid, fds, &n);
        if (rc == -ECONNRESET) /* said once when it ends with orders unread */
            continue;
        if (rc == 0)
            return tell_gone(c, ret);
        if (rc < 0)
            return rc == -EAGAIN ? 0 : rc;
        if (report.kind == REPORT_STARTED || report.kind == REPORT_ENDED)
            break;
        note_building(c, &report, pid, fds, n);
    }
    fill_event(c, &report, pid, ret);
    return 1;
}

void container_kill(struct container *c)
{
    /* The kernel ends the whole PID namespace with its first process. Of another's
     * container only what was started through us is to end: the joiner, at end of file,
     * sees to it, and tells. */
    if (c->is_joined)
        (void)shutdown(c->sock, SHUT_WR);
    else
        (void)pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
}

/* A joiner that does not come to it, because somebody inside stops it, is killed. */
static void wait_for_joiner(const struct container *c)
{
    struct pollfd pfd = {.fd = c->pidfd, .events = POLLIN};

    if (poll(&pfd, 1, JOINER_END_MS) <= 0)
        (void)pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
}

void container_destroy(struct container *c)
{
    if (!c)
        return;
    container_kill(c);
    if (c->is_joined)
        wait_for_joiner(c);
    wait_for(c->pidfd); /* at once, when it was reaped before */
    container_free(c);
}

pid_t container_init_pid(const struct container *c)
{
    return c->init;
}

int container_open(const struct container *c, const char *path)
{
    cleanup(freep) char *root = xasprintf("/proc/%d/root", (int)container_init_pid(c));
    cleanup(closep) int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return dir < 0 ? -errno : resolve_in(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}
