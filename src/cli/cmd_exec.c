/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_exec.c - berth exec: a program in a container that runs
 */
#include "cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/exec_session.h"
#include "cli/job_target.h"
#include "cli/pod_target.h"
#include "cli/step_signals.h"
#include "cli/tty.h"

#define BUILD_SECONDS 60 /* that a container may take to stand */

struct exec_args {
    struct common common;
    bool has_input, has_terminal;
    const char *node, *workdir, *container;
    struct object_scope scope;
    char **env;
};

static const struct usage usage = {
    .synopsis = "berth exec [options] job[.step] [options] program [argument...]\n"
                "       berth exec [options] POD [-c CONTAINER] [options] -- program "
                "[argument...]",
    .about =
        "Run a program in a container of a pod (its first, or that of -c), or in that\n"
        "of a job that runs: of its script or, without one, of its oldest step; of "
        "the\n"
        "step that is named. A job is named by its number. The program shares the\n"
        "container's limits, files and processes, and ends when the container does.\n"
        "The exit status is its own; 128 + the signal that ended it; 127 when it is\n"
        "not there, 126 when it cannot be executed.",
    .examples = "  berth exec 17 ps aux\n"
                "  berth exec 17 -it bash\n"
                "  berth exec web -c db -it -- psql\n"
                "  berth exec 17.0 -w n2 cat /proc/self/cgroup\n"
                "  tar c data | berth exec -i 17 tar x -C /tmp\n",
};

static int set_env(const struct opt *opt, const char *value, void *ctx, struct err *err)
{
    struct exec_args *args = ctx;
    const char *eq = strchr(value, '='), *own;

    (void)opt;
    if (value[0] == '\0' || eq == value)
        return err_set(err, EINVAL, "'%s' is not NAME=VALUE", value);
    if (eq) {
        strv_add(&args->env, value);
        return 0;
    }
    own = getenv(value);
    if (!own)
        return err_set(err, EINVAL, "%s is not set here: give NAME=VALUE", value);
    strv_take(&args->env, xasprintf("%s=%s", value, own));
    return 0;
}

static const struct opt opts[] = {
    {"interactive", 'i', .set = opt_flag,
     .offset = offsetof(struct exec_args, has_input),
     .help = "the program reads our input"},
    {"tty", 't', .set = opt_flag, .offset = offsetof(struct exec_args, has_terminal),
     .help = "the program has a terminal, whose keys and screen are ours"},
    {"node", 'w', OPT_NEEDED, "NODE", .set = opt_string,
     .offset = offsetof(struct exec_args, node),
     .help = "on this node of the job or step, not its first"},
    {"container", 'c', OPT_NEEDED, "NAME", .set = opt_string,
     .offset = offsetof(struct exec_args, container),
     .help = "in this container of the pod"},
    OPTS_NAMESPACE(struct exec_args, scope),
    {"workdir", 'D', OPT_NEEDED, "DIR", .set = opt_string,
     .offset = offsetof(struct exec_args, workdir),
     .help = "in this directory, not that of the job"},
    {"env", 'e', OPT_NEEDED, "NAME[=VALUE]", .set = set_env,
     .help = "one more variable; without a value, ours"},
    OPTS_CONFIG(struct exec_args, common),
    OPTS_HELP,
    OPTS_END,
};

static int check(const struct exec_args *args, bool is_pod)
{
    if (is_pod ? args->node != NULL : args->container != NULL) {
        say_error(is_pod
                      ? "--node: a pod is on one node"
                      : "--container: a job has one; of its steps, name one: JOB.STEP");
        return STATUS_USAGE;
    }
    if (args->workdir && args->workdir[0] != '/') {
        say_error("--workdir: '%s' is not an absolute path", args->workdir);
        return STATUS_USAGE;
    }
    if (args->has_terminal && args->has_input && !isatty(STDIN_FILENO)) {
        say_error("--tty: our input is not a terminal: leave -t out");
        return STATUS_USAGE;
    }
    return -1;
}

/* Where it is to run: a job, or a pod when 'pod' is its word. */
struct exec_where {
    struct job_target job;
    const char *pod;
};

static int exec_once(struct berth *berth, const struct exec_args *args,
                     const struct exec_where *where, char **argv, int signal_fd)
{
    Berth__ExecRequest request = BERTH__EXEC_REQUEST__INIT;
    Berth__WindowSize size = BERTH__WINDOW_SIZE__INIT;
    struct exec_streams streams = {.in = args->has_input ? STDIN_FILENO : -1,
                                   .out = STDOUT_FILENO,
                                   .err = STDERR_FILENO,
                                   .signal_fd = signal_fd,
                                   .has_terminal = args->has_terminal};
    cleanup(job_place_fini) struct job_place place = {0};
    cleanup(freep) char *workdir = xstrdup(args->workdir ? args->workdir : "");
    cleanup(freep) char *container = NULL;
    int rc = where->pod ? pod_target_open(berth, where->pod, &args->scope,
                                          args->container, &place.steps, &container)
                        : job_target_open(berth, &where->job, args->node, &place);

    if (rc < 0)
        return STATUS_FAILED;
    if (container)
        request.container = container;
    request.argv = argv;
    request.n_argv = strv_len(argv);
    request.env = args->env;
    request.n_env = strv_len(args->env);
    request.workdir = workdir;
    if (args->has_terminal) {
        tty_size(STDOUT_FILENO, &size.rows, &size.columns);
        request.terminal = &size;
    }
    return exec_session_run(place.steps, &request, &streams);
}

static int exec_in(const struct exec_args *args, const struct exec_where *where,
                   char **argv)
{
    cleanup(link_closep) struct berth *berth = NULL;
    int signal_fd = step_signals_open(args->has_terminal);
    time_t until = time(NULL) + BUILD_SECONDS;
    int status;

    if (signal_fd < 0) {
        say_error("cannot watch for signals: %s", strerror(-signal_fd));
        return STATUS_FAILED;
    }
    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    while ((status = exec_once(berth, args, where, argv, signal_fd)) == -EAGAIN) {
        struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

        if (time(NULL) > until) {
            say_error("the container is still being built");
            return STATUS_FAILED;
        }
        (void)nanosleep(&pause, NULL);
    }
    (void)close(signal_fd);
    return status;
}

/* Options stand before the job and after it; then come the program's own. */
static int parse(int argc, char **argv, struct exec_args *args,
                 struct exec_where *where, int *ret_next)
{
    int next, more, status;

    status = command_parse(&usage, opts, OPTS_STOP, argc, argv, args, &next);
    if (status >= 0)
        return status;
    if (next == argc) {
        say_error("in which job or pod? Give its number or name, and a program");
        return STATUS_USAGE;
    }
    if (pod_target_is_meant(argv[next]))
        where->pod = argv[next];
    else if (job_target_parse(argv[next], &where->job) < 0)
        return STATUS_USAGE;
    status =
        command_parse(&usage, opts, OPTS_STOP, argc - next, argv + next, args, &more);
    if (status >= 0)
        return status;
    if (next + more == argc) {
        say_error("run what in %s %s? Give a program", where->pod ? "pod" : "job",
                  argv[next]);
        return STATUS_USAGE;
    }
    *ret_next = next + more;
    return check(args, where->pod != NULL);
}

int cmd_exec(int argc, char **argv)
{
    struct exec_where where = {.pod = NULL};
    struct exec_args args = {.env = NULL};
    int next, status;

    status = parse(argc, argv, &args, &where, &next);
    if (status < 0 && args.has_terminal) {
        const char *term = getenv("TERM");

        if (!strv_getenv(args.env, "TERM"))
            strv_setenv(&args.env, "TERM", term ? term : "dumb");
    }
    if (status < 0)
        status = exec_in(&args, &where, argv + next);
    job_target_fini(&where.job);
    strv_free(args.env);
    return status;
}
