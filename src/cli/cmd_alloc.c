/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_alloc.c - berth alloc: an allocation, and a shell that uses it
 */
#include "cli/command.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/allocation.h"
#include "cli/cluster_link.h"
#include "options/components.h"
#include "options/job_env.h"
#include "cli/step_signals.h"

#define OWN_TIMEOUT_MS 10000

static void print_usage(void)
{
    printf("Usage: berth alloc [options] [command [argument...]]\n\n"
           "Wait for an allocation, then run a shell (or the command) here. Each\n"
           "'berth run' in it is a step on the allocation, which ends with the shell.\n"
           "\nOptions:\n");
    opts_print(job_options, FOR_ALLOC, stdout);
    printf("\nExamples:\n"
           "  berth alloc -N2 -t 1h\n"
           "  berth alloc -n8 --image hpcc berth run ./solver\n");
}

static int read_options(int argc, char **argv, struct job_args *args, int *ret_next)
{
    struct err err;
    int rc = job_env_read(environ, FOR_ALLOC, false, args, &err);

    if (rc == 0)
        rc = components_parse(FOR_ALLOC, argc, argv, args, ret_next, &err);
    if (rc == 0)
        rc = components_join(args, &err);
    if (rc == -ECANCELED) {
        print_usage();
        return STATUS_OK;
    }
    if (rc < 0) {
        say_error("%s", err.text);
        return STATUS_USAGE;
    }
    say_warnings(args->warnings, args->quiet);
    return -1;
}

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
            say_error("Job allocation %u has been revoked.", alloc->job);
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

static int alloc_and_run(struct job_args *args, char **argv, int next)
{
    char *own[] = {xstrdup(shell()), NULL};
    char **command = argv[next] ? argv + next : own;
    const char *name = argv[next] ? argv[next] : "interactive";
    struct allocation alloc;
    int signal_fd = step_signals_open(false), status;

    if (signal_fd < 0) {
        say_error("cannot watch for signals: %s", strerror(-signal_fd));
        return STATUS_FAILED;
    }
    status = allocation_open(args, argv, name, signal_fd, &alloc);
    if (status == 0)
        status = become_owner(&alloc);
    if (status == 0) {
        say_info("Granted job allocation %u", alloc.job);
        status = run_command(&alloc, args, command, signal_fd);
        say_info("Relinquishing job allocation %u", alloc.job);
    }
    allocation_close(&alloc);
    close(signal_fd);
    free(own[0]);
    return status;
}

int cmd_alloc(int argc, char **argv)
{
    struct job_args args;
    int next, status;

    job_args_init(&args, time(NULL));
    status = read_options(argc, argv, &args, &next);
    if (status < 0)
        status = alloc_and_run(&args, argv, next);
    job_args_fini(&args);
    return status;
}
