/* SPDX-License-Identifier: Apache-2.0
 *
 * alloc_shell.c - a shell that has an allocation
 */
#include "cli/alloc_shell.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/command.h"
#include "cli/step_signals.h"

#define OWN_TIMEOUT_MS 10000

static const char *shell(void)
{
    const struct passwd *pw;
    const char *name = getenv("SHELL");

    if (name && name[0] != '\0')
        return name;
    pw = getpwuid(getuid());
    return pw && pw->pw_shell && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh";
}

/* In the child: become the command. */
static void become(char *const *argv, char **env)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    environ = env;
    execvp(argv[0], argv);
    say_error("cannot run %s: %s", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* The lead has closed the connection: time limit, cancel, node lost. */
static bool is_revoked(struct allocation *alloc)
{
    Berth__Envelope *env;
    struct berth_err err;
    int rc;

    while ((rc = berth_steps_recv(alloc->steps, 0, &env, &err)) == 0)
        berth_free(env);
    return rc != -EAGAIN;
}

/* Wait for the child; pass signals on, tell it when the allocation has gone. */
static void watch(struct allocation *alloc, pid_t child, int child_fd, int signal_fd)
{
    struct pollfd fds[] = {
        {.fd = child_fd, .events = POLLIN},
        {.fd = signal_fd, .events = POLLIN},
        {.fd = berth_steps_fd(alloc->steps), .events = POLLIN},
    };

    while (!(fds[0].revents & POLLIN)) {
        if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
            continue;
        for (int signo; fds[1].revents && (signo = step_signals_next(signal_fd));)
            if (signo == SIGTERM || signo == SIGHUP) /* the terminal sends the rest */
                kill(child, signo);
        if (fds[2].revents && is_revoked(alloc)) {
            say_news("Job allocation %u has been revoked.", alloc->job);
            /* A shell at a terminal heeds the first, whatever ignores hangups
             * (under nohup) the second. */
            kill(child, SIGHUP);
            kill(child, SIGTERM);
            fds[2].fd = -1;
        }
    }
}

/* The lead takes the first connection that says something as the allocation's
 * owner: say it, and have it confirmed, before a step can. */
static int become_owner(struct allocation *alloc)
{
    Berth__Ping ping = BERTH__PING__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT, *reply;
    struct berth_err err;

    env.id = 1;
    env.body_case = BERTH__ENVELOPE__BODY_PING;
    env.ping = &ping;
    if (berth_steps_send(alloc->steps, &env, &err) < 0 ||
        berth_steps_recv(alloc->steps, OWN_TIMEOUT_MS, &reply, &err) < 0) {
        say_error("job %u: %s", alloc->job, err.text);
        return STATUS_FAILED;
    }
    berth_free(reply);
    return 0;
}

static int run_command(struct allocation *alloc, const struct job_args *args,
                       char *const *argv, int signal_fd)
{
    cleanup(strv_freep) char **env = strv_dup(environ);
    cleanup(closep) int child_fd = -1;
    int status = 0;
    pid_t child;

    allocation_env(alloc, args, &env);
    fflush(NULL);
    child = fork();
    if (child < 0) {
        say_error("cannot start %s: %s", argv[0], strerror(errno));
        return STATUS_FAILED;
    }
    if (child == 0)
        become(argv, env);
    child_fd = pidfd_open(child, 0);
    if (child_fd >= 0)
        watch(alloc, child, child_fd, signal_fd);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int use(struct allocation *alloc, const struct job_args *args,
               char *const *command, int signal_fd)
{
    int status = args->no_shell ? 0 : become_owner(alloc);

    if (status)
        return status;
    say_info("Granted job allocation %u", alloc->job);
    if (args->no_shell)
        return 0;
    status = run_command(alloc, args, command, signal_fd);
    say_info("Relinquishing job allocation %u", alloc->job);
    return status;
}

int alloc_shell(struct job_args *args, char **argv, char **command,
                const struct allocation_sayings *says)
{
    cleanup(freep) char *own = xstrdup(shell());
    char *own_command[] = {own, NULL};
    const char *name = command[0] ? command[0] : "interactive";
    int signal_fd = step_signals_open(false), status;
    struct allocation alloc;

    if (signal_fd < 0) {
        say_error("cannot watch for signals: %s", strerror(-signal_fd));
        return STATUS_FAILED;
    }
    status = (args->no_shell ? allocation_get : allocation_open)(
        args, argv, name, signal_fd, says, &alloc);
    if (status == 0)
        status = use(&alloc, args, command[0] ? command : own_command, signal_fd);
    allocation_close(&alloc);
    close(signal_fd);
    return status;
}
