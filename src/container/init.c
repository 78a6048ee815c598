/* SPDX-License-Identifier: Apache-2.0
 *
 * init.c - PID 1's loop: take orders, start tasks, reap, report
 *
 * It sleeps in poll and never blocks on its caller: reports that do not fit in
 * the socket wait in a queue. End of file on the socket means the caller is
 * gone; then init leaves, and the kernel ends what still runs inside.
 */
#include "container/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/external.h"
#include "container/isolate.h"
#include "container/join.h"
#include "container/order.h"
#include "container/report.h"
#include "container/rootfs.h"
#include "container/sandbox.h"
#include "container/sweep.h"
#include "container/task.h"

struct running {
    uint32_t id;
    pid_t pid;
    bool leads_group;
};

struct init {
    int sigfd;
    struct task_context context;
    struct running *running;
    size_t n_running;
    struct report *queue; /* not sent yet, oldest first */
    size_t n_queue;
    bool is_joiner; /* in another's container: what we started has to be ended */
};

static void reap(struct init *init);

/* The caller is gone: so are we. PID 1 takes all with it. */
static void leave(struct init *init) __attribute__((noreturn));
static void leave(struct init *init)
{
    if (init->is_joiner) {
        (void)sweep_descendants();
        init->is_joiner = false; /* who was gone before cannot be told */
        reap(init);
    }
    _exit(0);
}

static void flush_reports(struct init *init)
{
    size_t sent = 0;

    while (sent < init->n_queue) {
        int rc = report_send(INIT_SOCK, &init->queue[sent], 0);

        if (rc == -EAGAIN)
            break;
        if (rc)
            leave(init);
        sent++;
    }
    init->n_queue -= sent;
    memmove(init->queue, init->queue + sent, init->n_queue * sizeof(*init->queue));
}

static void tell(struct init *init, const struct report *report, pid_t about)
{
    int rc = init->n_queue ? -EAGAIN : report_send(INIT_SOCK, report, about);

    if (!rc)
        return;
    if (rc != -EAGAIN)
        leave(init);
    init->queue = xrealloc(init->queue, init->n_queue + 1, sizeof(*init->queue));
    init->queue[init->n_queue++] = *report;
}

static void tell_not_started(struct init *init, uint32_t task, const struct err *why)
{
    struct report report = {.kind = REPORT_ENDED, .task = task};

    report.status = W_EXITCODE(why->code == ENOENT ? 127 : 126, 0);
    memcpy(report.words, why->text, sizeof(report.words));
    tell(init, &report, 0);
}

static void spawn(struct init *init, const struct order *order)
{
    struct report report = {.kind = REPORT_STARTED, .task = order->task};
    struct err err = {0};
    pid_t pid;

    if (task_start(order, &init->context, &pid, &err)) {
        tell_not_started(init, order->task, &err);
        return;
    }
    init->running =
        xrealloc(init->running, init->n_running + 1, sizeof(*init->running));
    init->running[init->n_running++] = (struct running){
        .id = order->task, .pid = pid, .leads_group = order->new_session};
    tell(init, &report, pid);
}

static bool is_meant(uint32_t order, uint32_t task)
{
    return order == UINT32_MAX || order == task ||
           (order == TASK_GUEST && task < TASK_GUEST);
}

static void signal_tasks(const struct init *init, const struct order *order)
{
    for (size_t i = 0; i < init->n_running; i++) {
        const struct running *t = &init->running[i];

        if (is_meant(order->task, t->id))
            (void)kill(t->leads_group && !order->is_for_process ? -t->pid : t->pid,
                       order->signo);
    }
}

static void follow_orders(struct init *init)
{
    struct order order;

    for (;;) {
        int rc = order_receive(INIT_SOCK, &order);

        if (rc == -EAGAIN)
            return;
        if (rc <= 0)
            leave(init);
        if (order.kind == ORDER_SPAWN)
            spawn(init, &order);
        else if (order.kind == ORDER_SIGNAL)
            signal_tasks(init, &order);
        else
            (void)sweep_descendants();
        order_fini(&order);
    }
}

static uint64_t usec(const struct timeval *tv)
{
    return (uint64_t)tv->tv_sec * 1000000 + (uint64_t)tv->tv_usec;
}

static void note_end(struct init *init, pid_t pid, int status,
                     const struct rusage *usage)
{
    for (size_t i = 0; i < init->n_running; i++) {
        struct report report = {.kind = REPORT_ENDED};

        if (init->running[i].pid != pid)
            continue;
        report.task = init->running[i].id;
        report.status = status;
        report.user_usec = usec(&usage->ru_utime);
        report.system_usec = usec(&usage->ru_stime);
        report.max_rss_kib = (uint64_t)usage->ru_maxrss;
        init->running[i] = init->running[--init->n_running];
        tell(init, &report, 0);
        return;
    }
}

/* Reap all that ended; who is not a task of ours was an orphan. */
static void reap(struct init *init)
{
    struct signalfd_siginfo info;
    struct rusage usage;
    int status;
    pid_t pid;

    /* However many ended, one SIGCHLD at most is pending. */
    (void)!read(init->sigfd, &info, sizeof(info));
    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
        note_end(init, pid, status, &usage);
}

static void loop(struct init *init) __attribute__((noreturn));
static void loop(struct init *init)
{
    struct pollfd fds[2] = {{.fd = INIT_SOCK}, {.fd = init->sigfd, .events = POLLIN}};

    for (;;) {
        fds[0].events = (short)(POLLIN | (init->n_queue ? POLLOUT : 0));
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            leave(init);
        if (fds[1].revents)
            reap(init);
        if (init->n_queue)
            flush_reports(init);
        if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
            follow_orders(init);
    }
}

/* Once for all tasks: each inherits it. */
static int confine(const struct container_spec *spec, struct err *err)
{
    const struct seccomp_filter *filter;
    int rc = 0;

    if (spec->fake_ids && ((rc = seccomp_filter_fake_ids(&filter, err)) ||
                           (rc = seccomp_filter_install(filter, err))))
        return rc;
    if (spec->n_layers && !spec->unconfined &&
        ((rc = seccomp_filter_default(&filter, err)) ||
         (rc = seccomp_filter_install(filter, err))))
        return rc;
    return spec->profile ? seccomp_filter_install(spec->profile, err) : 0;
}

/* Give up what is not needed any more, and get ready for orders. */
static int settle(const struct container_spec *spec, struct init *init, struct err *err)
{
    sigset_t child;
    int rc = isolate_seal(spec->as_root, err);

    if (!rc)
        rc = confine(spec, err);
    if (rc)
        return rc;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    init->sigfd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (init->sigfd < 0)
        return err_sys(err, errno, "signalfd");
    init->context = (struct task_context){.has_image = spec->n_layers > 0,
                                          .keep_caps = spec->as_root,
                                          .workdir = spec->workdir};
    return 0;
}

/* While our files in /proc are still ours. */
static int tell_namespaces(const struct container_spec *spec, struct err *err)
{
    struct report report = {.kind = REPORT_NAMESPACES};
    int fds[CONTAINER_NAMESPACES];
    int rc;

    if (!spec->joinable)
        return 0;
    rc = join_open_namespaces(fds, err);
    if (rc)
        return rc;
    rc = report_send_fds(INIT_SOCK, &report, fds, CONTAINER_NAMESPACES);
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
        (void)close(fds[i]);
    return rc ? err_sys(err, -rc, "tell the container's namespaces") : 0;
}

static int build(const struct container_spec *spec, uid_t uid, gid_t gid,
                 struct err *err)
{
    int rc;

    if ((rc = isolate_map_ids(uid, gid, spec->as_root ? 0 : uid,
                              spec->as_root ? 0 : gid, err)) ||
        (rc = spec->no_network ? isolate_raise_loopback(err) : 0) ||
        (rc = rootfs_build(spec, err)))
        return rc;
    return tell_namespaces(spec, err);
}

void init_fail(int sock, const struct err *err)
{
    struct report report = {.kind = REPORT_FAILED, .status = err->code};

    memcpy(report.words, err->text, sizeof(report.words));
    (void)report_send(sock, &report, 0);
    _exit(1);
}

void init_serve(const struct container_spec *spec)
{
    struct report ready = {.kind = REPORT_READY};
    struct init init = {.sigfd = -1};
    struct err err = {0};

    if (settle(spec, &init, &err))
        init_fail(INIT_SOCK, &err);
    tell(&init, &ready, 0);
    loop(&init);
}

/* Not with the caller by signal: what was started has to be ended first, and end of
 * file tells in time. */
static int settle_as_joiner(const struct container_spec *spec, struct init *init,
                            struct err *err)
{
    if (prctl(PR_SET_PDEATHSIG, 0) || prctl(PR_SET_CHILD_SUBREAPER, 1))
        return err_sys(err, errno, "take in orphans");
    return settle(spec, init, err);
}

static void serve_as_joiner(const struct container_spec *spec)
    __attribute__((noreturn));
static void serve_as_joiner(const struct container_spec *spec)
{
    struct report ready = {.kind = REPORT_READY};
    struct init init = {.sigfd = -1, .is_joiner = true};
    struct err err = {0};

    if (settle_as_joiner(spec, &init, &err))
        init_fail(INIT_SOCK, &err);
    tell(&init, &ready, 0);
    loop(&init);
}

void init_joiner_main(const struct container_spec *spec, int sock)
{
    struct err err = {0};

    if (isolate_detach(sock, &err))
        init_fail(sock, &err);
    serve_as_joiner(spec);
}

/* Where processes are shared the end of this one is not that of the rest. */
void init_sandbox_main(const struct container_spec *spec, int sock)
{
    struct err err = {0};

    if (isolate_detach(sock, &err))
        init_fail(sock, &err);
    if (rootfs_build(spec, &err))
        init_fail(INIT_SOCK, &err);
    if (sandbox_shares_pids(spec->sandbox))
        serve_as_joiner(spec);
    init_serve(spec);
}

void init_main(const struct container_spec *spec, int sock, uid_t uid, gid_t gid)
{
    struct err err = {0};

    if (isolate_enter_groups(spec->groups, spec->n_groups, &err) ||
        isolate_oom_score(spec->oom_score, &err) || isolate_detach(sock, &err))
        init_fail(sock, &err);
    if (spec->external)
        external_exec(spec, uid, gid);
    if (build(spec, uid, gid, &err))
        init_fail(INIT_SOCK, &err);
    init_serve(spec);
}
