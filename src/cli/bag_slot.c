/* SPDX-License-Identifier: Apache-2.0
 *
 * bag_slot.c - one command of a bag at a time, on the cores of one slot
 *
 * The child shares our memory until it executes, as with vfork: it writes nothing but
 * its own stack and what failed.
 */
#include "cli/bag_slot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/exec.h"
#include "base/mem.h"
#include "base/strv.h"

#define CHILD_STACK_SIZE (64 * 1024)
#define MAX_CPUS 8192

struct launch {
    const struct bag_slot *slot;
    char **argv;
    int fds[3];
    const char *failed_step; /* NULL: exec itself */
    int code;                /* errno value; 0: it was executed */
};

int64_t bag_now_usec(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* -------------------------------------------------------------------- init */

/* Whether 'slot' has a variable of its own of this name. */
static bool has_own(const Berth__BagSlot *from, const char *var)
{
    size_t len = strcspn(var, "=") + 1;

    for (size_t i = 0; i < from->n_env; i++)
        if (strncmp(from->env[i], var, len) == 0)
            return true;
    return strncmp(var, "BERTH_BAG_INDEX=", len) == 0 ||
           strncmp(var, "BERTH_BAG_ATTEMPT=", len) == 0;
}

int bag_slot_init(struct bag_slot *slot, const Berth__BagSlot *from, char *const *base,
                  struct err *err)
{
    size_t n = 0;

    *slot = (struct bag_slot){.fds = {-1, -1}};
    slot->env = xcalloc(strv_len(base) + from->n_env + 3, sizeof(*slot->env));
    for (; *base; base++)
        if (!has_own(from, *base))
            slot->env[n++] = *base;
    for (size_t i = 0; i < from->n_env; i++)
        slot->env[n++] = from->env[i];
    slot->env[n++] = slot->index_text;
    slot->env[n] = slot->attempt_text;
    return from->cpus[0] ? bitset_parse(from->cpus, MAX_CPUS, &slot->cpus, err) : 0;
}

/* ------------------------------------------------------------------- child */

ON_BORROWED_STACK static const char *prepare(const struct launch *launch)
{
    const struct bitset *cpus = launch->slot->cpus;
    sigset_t none;

    (void)setsid();
    if (cpus && sched_setaffinity(0, cpus->nbits / 8, (const void *)cpus->words))
        return "bind to CPUs ";
    for (int fd = 0; fd < 3; fd++)
        if (dup2(launch->fds[fd], fd) < 0)
            return "set up standard streams of ";
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) ? "unblock signals for " : NULL;
}

/* Programs that every shell has itself, so that small images have no other. */
ON_BORROWED_STACK static bool is_builtin(const char *name)
{
    static const char *const names[] = {"echo", "printf", "true", "false",
                                        "test", "[",      "kill", "pwd"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* The shell runs it with the same arguments, as they are. */
ON_BORROWED_STACK static void exec_builtin(char **argv, char *const *env)
{
    static char shell[] = "/bin/sh", option[] = "-c", command[] = "\"$0\" \"$@\"";

    argv -= BAG_SLOT_SPARE;
    argv[0] = shell;
    argv[1] = option;
    argv[2] = command;
    (void)execve(shell, argv, env);
}

ON_BORROWED_STACK static int child_main(void *arg)
{
    struct launch *launch = arg;
    char *const *env = launch->slot->env;
    const char *path = strv_getenv(env, "PATH");

    launch->failed_step = prepare(launch);
    if (launch->failed_step) {
        launch->code = errno;
    } else if (strchr(launch->argv[0], '/')) {
        (void)execve(launch->argv[0], launch->argv, env);
        launch->code = errno;
    } else {
        launch->code = exec_in_path(path ? path : "/usr/local/bin:/usr/bin:/bin",
                                    launch->argv, env);
        if (launch->code == ENOENT && is_builtin(launch->argv[0])) {
            launch->code = 0;
            exec_builtin(launch->argv, env);
            launch->code = ENOENT; /* no shell either */
        }
    }
    _exit(127);
}

static int explain(const struct launch *launch, struct err *err)
{
    const char *name = launch->argv[0];

    if (launch->failed_step)
        return err_sys(err, launch->code == ENOENT ? EIO : launch->code, "%s%s",
                       launch->failed_step, name);
    if (launch->code == ENOENT)
        return err_set(err, ENOENT, "exec %s: not found%s", name,
                       strchr(name, '/') ? "" : " in PATH");
    if (launch->code == ENOEXEC)
        return err_set(err, ENOEXEC,
                       "exec %s: not a program of this machine's kind, and no script "
                       "that starts with #!",
                       name);
    return err_sys(err, launch->code, "exec %s", name);
}

/* ------------------------------------------------------------------- start */

static int open_pipes(struct bag_slot *slot, struct launch *launch, struct err *err)
{
    for (int i = 0; i < 2; i++) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC))
            return err_sys(err, errno, "pipe");
        slot->fds[i] = fds[0];
        launch->fds[i + 1] = fds[1];
        (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

static int launch_child(struct launch *launch, pid_t *ret_pid, struct err *err)
{
    static char stack[CHILD_STACK_SIZE] __attribute__((aligned(64)));

    *ret_pid = clone(child_main, stack + CHILD_STACK_SIZE,
                     CLONE_VM | CLONE_VFORK | SIGCHLD, launch);
    if (*ret_pid < 0)
        return err_sys(err, errno, "fork for %s", launch->argv[0]);
    if (!launch->code)
        return 0;
    (void)waitpid(*ret_pid, NULL, 0);
    return explain(launch, err);
}

int bag_slot_start(struct bag_slot *slot, uint64_t index, uint32_t attempt, char **argv,
                   int null_fd, struct err *err)
{
    struct launch launch = {.slot = slot, .argv = argv, .fds = {null_fd, -1, -1}};
    pid_t pid = 0;
    int rc;

    (void)snprintf(slot->index_text, sizeof(slot->index_text),
                   "BERTH_BAG_INDEX=%" PRIu64, index);
    (void)snprintf(slot->attempt_text, sizeof(slot->attempt_text),
                   "BERTH_BAG_ATTEMPT=%" PRIu32, attempt);
    slot->index = index;
    slot->attempt = attempt;
    slot->timed_out = false;
    slot->deadline = 0;
    slot->start_usec = clock_epoch_usec();
    slot->began = bag_now_usec();
    rc = open_pipes(slot, &launch, err);
    if (!rc)
        rc = launch_child(&launch, &pid, err);
    closep(&launch.fds[1]);
    closep(&launch.fds[2]);
    if (rc)
        bag_slot_clear(slot);
    else
        slot->pid = pid;
    return rc;
}

void bag_slot_signal(const struct bag_slot *slot, int signo)
{
    if (slot->pid)
        (void)kill(-slot->pid, signo);
}

void bag_slot_sweep(const struct bag_slot *slot)
{
    (void)kill(-slot->pid, SIGKILL);
}

void bag_slot_clear(struct bag_slot *slot)
{
    closep(&slot->fds[0]);
    closep(&slot->fds[1]);
    slot->fds[0] = slot->fds[1] = -1;
    slot->pid = 0;
}
