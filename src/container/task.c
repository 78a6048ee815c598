/* SPDX-License-Identifier: Apache-2.0
 *
 * task.c - fork, bind, exec
 *
 * The child shares init's memory until it executes (as vfork does): init is a
 * copy of a large caller, and copying its page tables for each task would cost
 * more than all the rest. So the child writes nothing but its own stack and what
 * failed, and no pipe is needed to learn of a failed exec.
 */
#include "container/task.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bitset.h"
#include "base/exec.h"
#include "base/mem.h"
#include "base/strv.h"
#include "container/isolate.h"
#include "container/terminal.h"

#define TASK_STACK_SIZE (64 * 1024)
#define MAX_CPUS 8192
#define MAX_NUMA 1024
#define WIRE_FD 3 /* is init's own socket here, so never the source of a copy */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What failed, where the words need more than the program's name. */
static const char WORKDIR[] = "workdir";
static const char BIND_CPUS[] = "bind to CPUs ";

struct launch {
    const struct order *order;
    const char *path; /* directories to search; NULL: argv[0] is a path */
    const struct bitset *cpus, *memory;
    int terminal; /* -1: it has none */
    const char *workdir;
    bool keep_caps;
    const char *failed_step; /* NULL: exec itself */
    int code;                /* errno value; 0: it was executed */
};

ON_BORROWED_STACK static int bind_to_cpus(const struct bitset *cpus)
{
    static unsigned char now[MAX_CPUS / 8];
    long n;

    if (sched_setaffinity(0, cpus->nbits / 8, (const void *)cpus->words))
        return -1;
    /* The kernel quietly leaves out what the cpuset forbids. */
    memset(now, 0, sizeof(now));
    n = sched_getaffinity(0, sizeof(now), (void *)now);
    if (n < 0 || memcmp(now, cpus->words, sizeof(now)) != 0) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

ON_BORROWED_STACK static int bind_memory(uint32_t policy, const struct bitset *nodes)
{
    return (int)syscall(SYS_set_mempolicy, (long)policy, nodes->words, nodes->nbits);
}

/* What its user is told first, with our number in place of each '@'. */
ON_BORROWED_STACK static void say_notice(const char *notice)
{
    char pid[16];
    int len = snprintf(pid, sizeof(pid), "%d", (int)getpid());

    while (*notice) {
        size_t n = strcspn(notice, "@");

        if ((n && write(STDERR_FILENO, notice, n) < 0) ||
            (notice[n] && write(STDERR_FILENO, pid, (size_t)len) < 0))
            return;
        notice += n + (notice[n] != '\0');
    }
}

/* A working directory that is not here is worth a word, not a failure. One
 * task says it for all. */
ON_BORROWED_STACK static void say_moved(const struct order *order, const char *to,
                                        int why)
{
    char words[512];
    int len;

    if (order->task != 0 && order->task <= TASK_GUEST)
        return;
    len = snprintf(words, sizeof(words),
                   "berth: working directory %s: %s: using %s instead\n", order->cwd,
                   strerror(why), to);
    if (len >= (int)sizeof(words))
        len = sizeof(words) - 1;
    if (write(STDERR_FILENO, words, (size_t)len) < 0)
        return;
}

/* As far as that goes; whether it is there then is what chdir says. */
ON_BORROWED_STACK static void make_directories(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof(part))
        return;
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        (void)mkdir(part, 0755);
    }
}

/* Where the order says, or in the container's directory, or at the top. Returns
 * where the task is then; NULL, errno set, when nowhere. */
ON_BORROWED_STACK static const char *enter(const struct launch *launch, int *ret_why)
{
    const char *places[] = {launch->order->cwd, launch->workdir, "/"};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        if (!places[i])
            continue;
        if (i == 0 && launch->order->makes_cwd && access(places[i], F_OK) != 0)
            make_directories(places[i]);
        if (chdir(places[i]) == 0)
            return places[i];
        if (i == 0)
            *ret_why = errno;
    }
    return NULL;
}

/* The child, up to exec. Returns the step that failed, errno set. */
ON_BORROWED_STACK static const char *prepare(const struct launch *launch)
{
    const struct order *order = launch->order;
    const char *place;
    sigset_t none;
    int moved = 0;

    if (order->new_session || order->has_terminal)
        (void)setsid();
    (void)umask(order->umask);
    if (launch->cpus && bind_to_cpus(launch->cpus))
        return BIND_CPUS;
    if (launch->memory && bind_memory(order->memory_policy, launch->memory))
        return "bind the memory of ";
    place = enter(launch, &moved);
    if (moved && order->needs_cwd) {
        errno = moved;
        return WORKDIR;
    }
    if (!place)
        return "enter ";
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(launch->terminal >= 0 ? launch->terminal : order->fds[fd], fd) < 0)
            return "set up standard streams of ";
    }
    if (launch->terminal >= 0 && ioctl(STDIN_FILENO, TIOCSCTTY, 0))
        return "give its terminal to ";
    if (moved)
        say_moved(order, place, moved);
    say_notice(order->notice);
    if (order->has_wire && dup2(order->fds[3], WIRE_FD) < 0)
        return "hand its connection to ";
    if (close_range(order->has_wire ? WIRE_FD + 1 : WIRE_FD, ~0U, 0))
        return "close descriptors for ";
    if (!launch->keep_caps && isolate_drop_caps())
        return "drop capabilities for ";
    (void)sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL))
        return "unblock signals for ";
    return NULL;
}

/* Some programs ask their environment which process they are, and nobody else can
 * know it in time: whoever made the environment has left room for the number. */
static void write_pid(char **env)
{
    static const char name[] = "SLURM_TASK_PID=0000000000";
    size_t len = sizeof(name) - 11; /* up to the number */

    for (; *env; env++)
        if (strcmp(*env, name) == 0) {
            (void)snprintf(*env + len, 11, "%d", (int)getpid());
            return;
        }
}

ON_BORROWED_STACK static int task_child(void *arg)
{
    struct launch *launch = arg;
    const struct order *order = launch->order;

    launch->failed_step = prepare(launch);
    write_pid(order->env);
    if (launch->failed_step) {
        launch->code = errno;
    } else if (launch->path) {
        launch->code = exec_in_path(launch->path, order->argv, order->env);
    } else {
        (void)execve(order->argv[0], order->argv, order->env);
        launch->code = errno;
    }
    _exit(127);
}

static int explain(const struct launch *launch, const struct task_context *context,
                   struct err *err)
{
    const char *name = launch->order->argv[0];
    const char *where = context->has_image ? "inside the image" : "on this node";
    struct stat st;

    if (launch->failed_step == BIND_CPUS && launch->code == EINVAL)
        return err_set(err, EINVAL,
                       "bind %s to CPUs %s: not all of them may be used here", name,
                       launch->order->cpus);
    if (launch->failed_step == WORKDIR)
        return err_set(err, EACCES, "working directory %s: %s %s", launch->order->cwd,
                       strerror(launch->code), where);
    if (launch->failed_step)
        return err_sys(err, launch->code == ENOENT ? EIO : launch->code, "%s%s",
                       launch->failed_step, name);
    if (launch->code == ENOENT && launch->path)
        return err_set(err, ENOENT, "exec %s: not found in PATH %s", name, where);
    if (launch->code == ENOENT && stat(name, &st) == 0)
        return err_set(err, ENOEXEC,
                       "exec %s: its interpreter or dynamic loader is missing %s", name,
                       where);
    if (launch->code == ENOENT)
        return err_set(err, ENOENT, "exec %s: not found %s", name, where);
    if (launch->code == ENOEXEC)
        return err_set(err, ENOEXEC,
                       "exec %s: not a program of this machine's kind, and "
                       "no script that starts with #!",
                       name);
    return err_sys(err, launch->code, "exec %s", name);
}

/* Run task_child on a stack of its own; returns when it has executed or ended. */
static int launch_child(struct launch *launch, pid_t *ret_pid, struct err *err)
{
    static char stack[TASK_STACK_SIZE] __attribute__((aligned(64)));

    *ret_pid = clone(task_child, stack + TASK_STACK_SIZE,
                     CLONE_VM | CLONE_VFORK | SIGCHLD, launch);
    if (*ret_pid < 0)
        return err_sys(err, errno, "fork for %s", launch->order->argv[0]);
    return 0;
}

int task_start(const struct order *order, const struct task_context *context,
               pid_t *ret_pid, struct err *err)
{
    cleanup(bitset_destroyp) struct bitset *cpus = NULL;
    cleanup(bitset_destroyp) struct bitset *memory = NULL;
    cleanup(closep) int terminal = -1;
    struct launch launch = {.order = order,
                            .workdir = context->workdir,
                            .keep_caps = context->keep_caps,
                            .terminal = -1};
    pid_t pid = -1;
    int rc;

    if (*order->cpus) {
        rc = bitset_parse(order->cpus, MAX_CPUS, &cpus, err);
        if (rc)
            return rc;
    }
    if (*order->memory) {
        rc = bitset_parse(order->memory, MAX_NUMA, &memory, err);
        if (rc)
            return rc;
    }
    launch.cpus = cpus;
    launch.memory = memory;
    if (!strchr(order->argv[0], '/')) {
        launch.path = strv_getenv(order->env, "PATH");
        if (!launch.path)
            launch.path = DEFAULT_PATH;
    }
    if (order->has_terminal) {
        rc = terminal_make(order->fds[0], order->rows, order->columns, &terminal, err);
        if (rc)
            return rc;
        launch.terminal = terminal;
    }
    rc = launch_child(&launch, &pid, err);
    if (rc)
        return rc;
    if (launch.code) {
        (void)waitpid(pid, NULL, 0);
        return explain(&launch, context, err);
    }
    *ret_pid = pid;
    return 0;
}
