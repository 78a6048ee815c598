/* SPDX-License-Identifier: Apache-2.0
 *
 * cmd_cp.c - berth cp: files into a job's container, and out of it
 *
 * A tar stream between a process of ours here and Berth's own program inside, so an
 * image needs neither tar nor a shell.
 */
#include "cli/command.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cluster_link.h"
#include "cli/exec_session.h"
#include "cli/job_target.h"
#include "cli/pod_target.h"
#include "cli/tar_tree.h"

#define BUILD_SECONDS 60 /* that a container may take to stand */

struct cp_args {
    struct common common;
    struct object_scope scope;
    const char *node, *container;
};

static const struct usage usage = {
    .synopsis = "berth cp [options] job[.step]:path path\n"
                "       berth cp [options] path job[.step]:path\n"
                "       berth cp [options] [-c CONTAINER] POD:path path\n"
                "       berth cp [options] [-c CONTAINER] path POD:path",
    .about =
        "Copy a file or a directory out of the container of a job that runs, or of a\n"
        "pod, or into it, as cp -r does: into a directory that is there, else under "
        "the name that\n"
        "is given; 'dir/.' is what is in dir. Links stay links. '-' is a tar stream.",
    .examples = "  berth cp 17:/tmp/trace.json .\n"
                "  berth cp inputs 17.0:/scratch\n"
                "  berth cp -w n2 17.0:/tmp/core.4711 /tmp\n"
                "  berth cp site.conf web:/etc/nginx -c main\n"
                "  berth cp 17:/var/log - | tar t\n",
};

static const struct opt opts[] = {
    {"node", 'w', OPT_NEEDED, "NODE", .set = opt_string,
     .offset = offsetof(struct cp_args, node),
     .help = "on this node of the job or step, not its first"},
    {"container", 'c', OPT_NEEDED, "NAME", .set = opt_string,
     .offset = offsetof(struct cp_args, container),
     .help = "in this container of the pod"},
    OPTS_NAMESPACE(struct cp_args, scope),
    OPTS_CONFIG(struct cp_args, common),
    OPTS_HELP,
    OPTS_END,
};

/* The path in "17.0:path" or "web:path"; NULL for a path of ours, which has a '/'
 * before its ':' ("./a:b") or no ':'. */
static const char *inside_path(const char *word)
{
    const char *colon = strchr(word, ':');
    size_t job = strspn(word, "0123456789_[].abcht"); /* "17_3.batch" */
    size_t pod = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-.");

    if (!colon || colon == word)
        return NULL;
    if (isdigit((unsigned char)word[0]) && word + job == colon)
        return colon + 1;
    if (strncmp(word, "pod/", 4) == 0)
        pod = 4 + strspn(word + 4, "abcdefghijklmnopqrstuvwxyz0123456789-.");
    return word + pod == colon ? colon + 1 : NULL;
}

/* ------------------------------------------------------------------ our end */

static int write_out(int in)
{
    char bytes[65536];
    ssize_t n;

    while ((n = read(in, bytes, sizeof(bytes))) > 0) {
        for (ssize_t at = 0, put; at < n; at += put) {
            put = write(STDOUT_FILENO, bytes + at, (size_t)(n - at));
            if (put < 0)
                return 1;
        }
    }
    return 0;
}

/* In a process of its own: pack 'path' to 'fd', or unpack 'fd' there. */
static int work_here(const char *path, int fd, bool is_out)
{
    struct err err;
    int rc;

    if (is_out && strcmp(path, "-") == 0)
        return write_out(fd);
    rc = is_out ? tar_unpack(fd, path, &err) : tar_pack(path, fd, &err);
    if (rc < 0 && rc != -EPIPE)
        say_error("%s", err.text);
    return rc < 0;
}

/* Start it; *ret_fd is the session's end of the pipe. */
static pid_t start_here(const char *path, bool is_out, int *ret_fd)
{
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC))
        return -1;
    pid = fork();
    if (pid == 0) {
        (void)close(fds[is_out]);
        _exit(work_here(path, fds[!is_out], is_out));
    }
    (void)close(fds[!is_out]);
    if (is_out)
        (void)fcntl(fds[1], F_SETFL, O_NONBLOCK);
    *ret_fd = fds[is_out];
    return pid;
}

/* -------------------------------------------------------------------- there */

/* A place in a job, or in a pod when 'pod' is its word. */
struct cp_where {
    struct job_target job;
    const char *pod;
};

static int open_place(struct berth *berth, const struct cp_args *args,
                      const struct cp_where *where, struct job_place *place,
                      char **ret_container)
{
    return where->pod ? pod_target_open(berth, where->pod, &args->scope,
                                        args->container, &place->steps, ret_container)
                      : job_target_open(berth, &where->job, args->node, place);
}

static int copy_once(struct berth *berth, const struct cp_args *args,
                     const struct cp_where *where, const char *inside, const char *here,
                     bool is_out)
{
    cleanup(job_place_fini) struct job_place place = {0};
    cleanup(freep) char *path = xstrdup(inside);
    char *argv[] = {(char[]){"berth"}, is_out ? (char[]){".pack"} : (char[]){".unpack"},
                    path, NULL};
    Berth__ExecRequest request = BERTH__EXEC_REQUEST__INIT;
    struct exec_streams streams = {
        .in = -1, .out = -1, .err = STDERR_FILENO, .signal_fd = -1};
    bool is_stream = !is_out && strcmp(here, "-") == 0;
    cleanup(freep) char *container = NULL;
    int fd = -1, status, own = 0;
    pid_t pid = 0;

    if (open_place(berth, args, where, &place, &container) < 0)
        return STATUS_FAILED;
    if (container)
        request.container = container;
    if (is_stream)
        fd = STDIN_FILENO;
    else
        pid = start_here(here, is_out, &fd);
    if (pid < 0) {
        say_error("cannot start the copy: %s", strerror(errno));
        return STATUS_FAILED;
    }
    if (is_out)
        streams.out = fd;
    else
        streams.in = fd;
    request.argv = argv;
    request.n_argv = 3;
    request.is_tool = true;
    status = exec_session_run(place.steps, &request, &streams);
    if (!is_stream)
        (void)close(fd);
    while (pid > 0 && waitpid(pid, &own, 0) < 0 && errno == EINTR)
        ;
    if (status == -EAGAIN)
        return status;
    return status || own ? STATUS_FAILED : STATUS_OK;
}

static int copy(const struct cp_args *args, const struct cp_where *where,
                const char *inside, const char *here, bool is_out)
{
    cleanup(link_closep) struct berth *berth = NULL;
    /* Several things may come in a stream: so there must be a place for them. */
    cleanup(freep) char *into =
        !is_out && strcmp(here, "-") == 0 ? xasprintf("%s/", inside) : xstrdup(inside);
    time_t until = time(NULL) + BUILD_SECONDS;
    int status;

    if (link_open(args->common.config, &berth) < 0)
        return STATUS_FAILED;
    while ((status = copy_once(berth, args, where, into, here, is_out)) == -EAGAIN) {
        struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};

        if (time(NULL) > until) {
            say_error("the container is still being built");
            return STATUS_FAILED;
        }
        (void)nanosleep(&pause, NULL);
    }
    return status;
}

int cmd_cp(int argc, char **argv)
{
    struct cp_args args = {.node = NULL};
    struct cp_where where = {.pod = NULL};
    cleanup(freep) char *job = NULL;
    const char *from, *to, *word;
    int next, status;

    status = command_parse(&usage, opts, OPTS_ANYWHERE, argc, argv, &args, &next);
    if (status >= 0)
        return status;
    if (next + 2 != argc) {
        say_error("give what is to be copied, and where to");
        return STATUS_USAGE;
    }
    from = inside_path(argv[next]);
    to = inside_path(argv[next + 1]);
    if (!from == !to) {
        say_error(
            from ? "both are inside of jobs or pods: copy out, then in"
                 : "neither is inside of a job or pod: write JOB:PATH or POD:PATH");
        return STATUS_USAGE;
    }
    word = from ? argv[next] : argv[next + 1];
    if ((from ? from : to)[0] == '\0') {
        say_error("'%s': which path?", word);
        return STATUS_USAGE;
    }
    job = xstrndup(word, (size_t)(strchr(word, ':') - word));
    if (pod_target_is_meant(job))
        where.pod = job;
    else if (job_target_parse(job, &where.job) < 0)
        return STATUS_USAGE;
    status = copy(&args, &where, from ? from : to, from ? argv[next + 1] : argv[next],
                  from != NULL);
    job_target_fini(&where.job);
    return status;
}
