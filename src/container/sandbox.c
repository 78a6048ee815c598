/* SPDX-License-Identifier: Apache-2.0
 *
 * sandbox.c - what the containers of a pod have in common
 */
#include "container/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "container/init.h"
#include "container/isolate.h"
#include "container/join.h"
#include "container/pause.h"
#include "container/report.h"

_Static_assert(PAUSE_SOCK == INIT_SOCK, "one socket, before and after it becomes it");

#define GROUPS_MAX 32 /* more than there are kinds of */
/* To orders that were given up: more than these are not a sandbox's. */
#define ANSWERS_MAX 256u

/* Places in the order of container_namespaces. */
enum { NS_USER, NS_MOUNT, NS_PID, NS_IPC, NS_UTS, NS_NETWORK };

struct sandbox {
    int sock, pidfd;
    pid_t pid;
    bool as_root;
    int namespaces[CONTAINER_NAMESPACES];
    int *memory;
    size_t n_memory;
    unsigned int n_orders;
};

/* ------------------------------------------------------------ its first process */

static int tell_namespaces(struct err *err)
{
    struct report report = {.kind = REPORT_NAMESPACES};
    int fds[CONTAINER_NAMESPACES];
    int rc = join_open_namespaces(fds, err);

    if (rc)
        return rc;
    rc = report_send_fds(INIT_SOCK, &report, fds, CONTAINER_NAMESPACES);
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
        (void)close(fds[i]);
    return rc ? err_sys(err, -rc, "tell the sandbox's namespaces") : 0;
}

/* Mounted at the path, and told by descriptor. */
static int mount_memory(const struct sandbox_memory *memory, struct err *err)
{
    struct report report = {.kind = REPORT_MEMORY};
    cleanup(closep) int root = -1;
    char options[64];
    int n = snprintf(options, sizeof(options), "mode=%o", memory->mode);
    int rc;

    if (memory->bytes && !memory->never_swapped)
        (void)snprintf(options + n, sizeof(options) - (size_t)n, ",size=%" PRIu64,
                       memory->bytes);
    if (mount("memory", memory->path, memory->never_swapped ? "ramfs" : "tmpfs",
              MS_NOSUID | MS_NODEV, options))
        return err_sys(err, errno, "mount a file system of memory at %s", memory->path);
    root = open(memory->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    rc = root < 0 ? -errno : report_send_fds(INIT_SOCK, &report, &root, 1);
    return rc ? err_sys(err, -rc, "tell of %s", memory->path) : 0;
}

static int set_up(const struct sandbox_spec *spec, uid_t uid, gid_t gid,
                  struct err *err)
{
    int rc;

    if ((rc = isolate_map_ids(uid, gid, spec->has_ids ? spec->uid : uid,
                              spec->has_ids ? spec->gid : gid, err)) ||
        (rc = spec->own_network ? isolate_raise_loopback(err) : 0))
        return rc;
    if (spec->own_network)
        isolate_open_ports();
    if (spec->hostname && sethostname(spec->hostname, strlen(spec->hostname)))
        return err_sys(err, errno, "set the host name to %s", spec->hostname);
    for (size_t i = 0; i < spec->n_memory; i++) {
        rc = mount_memory(&spec->memory[i], err);
        if (rc)
            return rc;
    }
    rc = tell_namespaces(err);
    return rc ? rc : isolate_seal(false, err);
}

/* A program starts with its own memory, in place of a copy of the caller's. */
static void become(const char *program)
{
    char *argv[] = {(char[]){"berth-pause"}, NULL};
    char *env[] = {NULL};
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup3(INIT_SOCK, INIT_SOCK + 1, 0) < 0 ||
        dup3(INIT_SOCK + 1, INIT_SOCK, 0) < 0 || close(INIT_SOCK + 1))
        return;
    (void)execve(program, argv, env);
}

/* The caller may have ways into other groups. */
static void let_go(const struct sandbox_spec *spec, int sock)
{
    int keep[1 + GROUPS_MAX] = {sock};
    size_t n = 1;

    for (size_t i = 0; i < spec->n_groups && i < GROUPS_MAX; i++)
        keep[n++] = spec->groups[i];
    isolate_keep_only(keep, n);
}

static void pause_main(const struct sandbox_spec *spec, int sock, uid_t uid, gid_t gid)
    __attribute__((noreturn));
static void pause_main(const struct sandbox_spec *spec, int sock, uid_t uid, gid_t gid)
{
    struct report ready = {.kind = REPORT_READY};
    struct err err = {0};

    let_go(spec, sock);
    if (isolate_enter_groups(spec->groups, spec->n_groups, &err) ||
        isolate_detach(sock, &err))
        init_fail(sock, &err);
    (void)prctl(PR_SET_NAME, "berth-pause");
    if (set_up(spec, uid, gid, &err))
        init_fail(INIT_SOCK, &err);
    (void)report_send(INIT_SOCK, &ready, 0);
    if (spec->program)
        become(spec->program);
    pause_serve();
}

/* ------------------------------------------------------------------ the caller */

static pid_t clone_pause(const struct sandbox_spec *spec, int *ret_pidfd)
{
    struct clone_args args = {
        .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC |
                 (spec->hostname ? CLONE_NEWUTS : 0) |
                 (spec->own_network ? CLONE_NEWNET : 0) |
                 (spec->shares_pids ? CLONE_NEWPID : 0) | CLONE_PIDFD |
                 CLONE_CLEAR_SIGHAND,
        .pidfd = (uintptr_t)ret_pidfd,
    };

    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* What is not the sandbox's own is left out. */
static void keep_namespaces(struct sandbox *sandbox, const struct sandbox_spec *spec,
                            const int *fds)
{
    const bool is_own[CONTAINER_NAMESPACES] = {
        [NS_USER] = true,
        [NS_MOUNT] = true,
        [NS_PID] = spec->shares_pids,
        [NS_IPC] = true,
        [NS_UTS] = spec->hostname != NULL,
        [NS_NETWORK] = spec->own_network,
    };

    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++) {
        if (is_own[i])
            sandbox->namespaces[i] = fds[i];
        else
            (void)close(fds[i]);
    }
}

static void keep_memory(struct sandbox *sandbox, int fd)
{
    sandbox->memory =
        xrealloc(sandbox->memory, sandbox->n_memory + 1, sizeof(*sandbox->memory));
    sandbox->memory[sandbox->n_memory++] = fd;
}

static int hear_ready(struct sandbox *sandbox, const struct sandbox_spec *spec,
                      struct err *err)
{
    struct report report;
    int fds[REPORT_FDS_MAX];
    size_t n;
    pid_t pid;

    for (;;) {
        int rc = report_receive_fds(sandbox->sock, true, &report, &pid, fds, &n);

        if (rc <= 0)
            return err_set(err, ECHILD, "the sandbox's first process died");
        if (report.kind == REPORT_FAILED)
            return err_set(err, report.status > 0 ? report.status : EIO, "%s",
                           report.words);
        if (report.kind == REPORT_NAMESPACES && n == CONTAINER_NAMESPACES)
            keep_namespaces(sandbox, spec, fds);
        if (report.kind == REPORT_MEMORY && n == 1)
            keep_memory(sandbox, fds[0]);
        if (report.kind == REPORT_READY)
            return 0;
    }
}

static struct sandbox *sandbox_new(const struct sandbox_spec *spec)
{
    struct sandbox *sandbox = xcalloc(1, sizeof(*sandbox));

    sandbox->sock = sandbox->pidfd = -1;
    sandbox->as_root = spec->as_root;
    memset(sandbox->namespaces, -1, sizeof(sandbox->namespaces));
    return sandbox;
}

int sandbox_create(const struct sandbox_spec *spec, struct sandbox **ret,
                   struct err *err)
{
    struct timeval patience = {.tv_sec = 1};
    struct sandbox *sandbox;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    sigset_t all, old;
    int sock[2], code, rc;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
        return err_sys(err, errno, "socket pair to the sandbox");
    sandbox = sandbox_new(spec);
    sandbox->sock = sock[0];
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    sandbox->pid = clone_pause(spec, &sandbox->pidfd);
    code = errno;
    if (sandbox->pid == 0)
        pause_main(spec, sock[1], uid, gid);
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    (void)close(sock[1]);
    rc = sandbox->pid < 0 ? container_explain_clone(code, err)
                          : hear_ready(sandbox, spec, err);
    if (rc) {
        sandbox_destroy(sandbox);
        return rc;
    }
    (void)setsockopt(sandbox->sock, SOL_SOCKET, SO_RCVTIMEO, &patience,
                     sizeof(patience));
    *ret = sandbox;
    return 0;
}

void sandbox_destroy(struct sandbox *sandbox)
{
    siginfo_t info;

    if (!sandbox)
        return;
    if (sandbox->pid > 0) {
        (void)pidfd_send_signal(sandbox->pidfd, SIGKILL, NULL, 0);
        while (waitid(P_PIDFD, (id_t)sandbox->pidfd, &info, WEXITED | __WALL) < 0 &&
               errno == EINTR)
            ;
    }
    for (size_t i = 0; i < CONTAINER_NAMESPACES; i++)
        closep(&sandbox->namespaces[i]);
    for (size_t i = 0; i < sandbox->n_memory; i++)
        (void)close(sandbox->memory[i]);
    free(sandbox->memory);
    closep(&sandbox->pidfd);
    closep(&sandbox->sock);
    free(sandbox);
}

const int *sandbox_namespaces(const struct sandbox *sandbox)
{
    return sandbox->namespaces;
}

int sandbox_network(const struct sandbox *sandbox)
{
    return sandbox->namespaces[NS_NETWORK];
}

int sandbox_memory(const struct sandbox *sandbox, size_t i)
{
    return sandbox->memory[i];
}

bool sandbox_shares_pids(const struct sandbox *sandbox)
{
    return sandbox->namespaces[NS_PID] >= 0;
}

bool sandbox_is_root(const struct sandbox *sandbox)
{
    return sandbox->as_root;
}

pid_t sandbox_pid(const struct sandbox *sandbox)
{
    return sandbox->pid;
}

/* --------------------------------------------------------------------- sockets */

/* The next answer, of whatever order; its socket, or -1. What is none ends 'number'. */
static int hear_answer(int sock, unsigned int number, struct pause_answer *ret)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = ret, .iov_len = sizeof(*ret)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         /* Room for a second one would be room to leave it here. */
                         .msg_controllen = CMSG_LEN(sizeof(int))};
    const struct cmsghdr *c;
    int fd = -1;
    ssize_t n;

    do
        n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
        c->cmsg_len >= CMSG_LEN(sizeof(fd)))
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    if (n == (ssize_t)sizeof(*ret))
        return fd;
    *ret = (struct pause_answer){.number = number, .code = n < 0 ? errno : EPIPE};
    closep(&fd);
    return -1;
}

int sandbox_hear_socket(int sock, unsigned int number, int *ret_code)
{
    struct pause_answer answer;

    for (unsigned int i = 0; i < ANSWERS_MAX; i++) {
        cleanup(closep) int fd = -1;

        fd = hear_answer(sock, number, &answer);
        *ret_code = answer.code;
        if (answer.number == number)
            return take_fd(fd);
    }
    *ret_code = EPROTO;
    return -1;
}

int sandbox_socket(struct sandbox *sandbox, int family, int type, int protocol,
                   struct err *err)
{
    struct pause_order order = {.number = ++sandbox->n_orders,
                                .family = family,
                                .type = type,
                                .protocol = protocol};
    int code, fd;

    if (sandbox_network(sandbox) < 0) {
        fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
        return fd < 0 ? err_sys(err, errno, "socket") : fd;
    }
    if (send(sandbox->sock, &order, sizeof(order), MSG_NOSIGNAL) < 0)
        return err_sys(err, errno, "ask for a socket of the pod's network");
    fd = sandbox_hear_socket(sandbox->sock, order.number, &code);
    return fd < 0 ? err_sys(err, code ? code : EIO, "a socket of the pod's network")
                  : fd;
}
