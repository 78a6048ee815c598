/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_logs.c - what containers of pods wrote
 *
 * One container's log goes straight to stdout. Several are read each by a process of
 * its own, through pipes, so that their lines can be told apart and none waits for
 * another: one after the other, or all at once when they are followed.
 */
#include "cli/pod_logs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/linebuf.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cli/cluster_link.h"
#include "cli/exec_session.h"
#include "cli/object_watch.h"
#include "cli/pod_target.h"

#define TRIES 20 /* to reach a lead, over ten seconds */
#define SELECTED_TAIL 10

/* A container whose log is wanted. */
struct source {
    const Berth__ObjectRecord *pod;
    char *container;
};

struct sources {
    struct source *items;
    size_t n;
};

static void sources_fini(struct sources *sources)
{
    for (size_t i = 0; i < sources->n; i++)
        free(sources->items[i].container);
    free(sources->items);
}

static void add_source(struct sources *sources, const Berth__ObjectRecord *pod,
                       const char *container)
{
    sources->items = xrealloc(sources->items, sources->n + 1, sizeof(*sources->items));
    sources->items[sources->n++] =
        (struct source){.pod = pod, .container = xstrdup(container)};
}

static int add_pod(struct sources *sources, const Berth__ObjectRecord *pod,
                   const struct pod_logs_wish *wish)
{
    cleanup(freep) char *container = NULL;

    if (wish->all_containers) {
        cleanup(strv_freep) char **names = pod_target_containers(pod);

        strv_foreach (name, names)
            add_source(sources, pod, *name);
        return 0;
    }
    container = pod_target_container(pod, wish->container, !wish->scope.selector);
    if (!container)
        return -ENOENT;
    add_source(sources, pod, container);
    return 0;
}

/* ------------------------------------------------------------- one container */

static const Berth__ContainerStatus *status_of(const struct source *source)
{
    const Berth__PodStatus *pod = source->pod->pod;

    for (size_t i = 0; pod && i < pod->n_containers; i++)
        if (strcmp(pod->containers[i]->name, source->container) == 0)
            return pod->containers[i];
    return NULL;
}

/* Why it has written nothing yet; NULL: it may have. */
static const char *why_not_begun(const struct source *source)
{
    const Berth__ContainerStatus *status = status_of(source);

    if (!status)
        return source->pod->pod && source->pod->pod->node[0] ? "PodInitializing"
                                                             : "Pending";
    if (status->state != BERTH__CONTAINER_STATUS__STATE__WAITING || status->restarts)
        return NULL;
    return status->reason[0] ? status->reason : "ContainerCreating";
}

/* 'job' other than 0: of a pod that has ended, from its node. */
static int request(struct berth_steps *steps, uint32_t job, const struct source *source,
                   const struct pod_logs_wish *wish, int out)
{
    Berth__LogRequest log = BERTH__LOG_REQUEST__INIT;
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    const struct exec_streams streams = {.in = -1,
                                         .out = out,
                                         .err = STDERR_FILENO,
                                         .signal_fd = -1,
                                         .may_repeat = true};

    log.job_id = job;
    log.container = source->container;
    log.follow = wish->follow;
    log.previous = wish->previous;
    log.timestamps = wish->timestamps;
    log.tail = wish->tail;
    log.since = wish->since;
    log.limit_bytes = wish->limit_bytes;
    env.body_case = BERTH__ENVELOPE__BODY_LOG;
    env.log = &log;
    return exec_session_request(steps, &env, &streams);
}

/* 1 when the container has begun, or the pod has ended, or is gone. */
static int has_begun(const Berth__ObjectList *list, void *ctx)
{
    struct source *source = ctx, now = *source;

    if (list->n_objects == 0)
        return 1;
    now.pod = list->objects[0];
    return why_not_begun(&now) == NULL ||
           (now.pod->pod && now.pod->pod->phase[0] &&
            strcmp(now.pod->pod->phase, "Pending") != 0 &&
            strcmp(now.pod->pod->phase, "Running") != 0);
}

static int wait_for_begin(struct berth *berth, struct source *source,
                          const struct pod_logs_wish *wish)
{
    char *names[] = {source->pod->name, NULL};
    struct object_group group = {.kind = object_kind("pod", 3), .names = names};
    struct object_scope scope = {.name_space = source->pod->name_space,
                                 .of_all_users = wish->scope.of_all_users};
    struct berth_err err;

    say_info("pod %s, container %s waits (%s)", source->pod->name, source->container,
             why_not_begun(source));
    if (object_watch_until(berth, &group, &scope, -1, has_begun, source, &err) >= 0)
        return 0;
    say_error("%s", err.text);
    return -EIO;
}

/* What is kept of a pod that has ended: an exit status, or -EAGAIN. */
static int show_kept(struct berth *berth, const struct source *source,
                     const struct pod_logs_wish *wish, int out)
{
    struct berth_steps *node = NULL;
    struct berth_err err = {0};
    int rc = pod_target_reach_node(berth, source->pod, &node, &err);

    if (rc < 0) {
        say_error("pod %s has ended, and its logs cannot be read: %s",
                  source->pod->name, rc == -ESRCH ? "it has no node" : err.text);
        return STATUS_FAILED;
    }
    rc = request(node, source->pod->job_id, source, wish, out);
    berth_steps_close(node);
    return rc;
}

/* An exit status. */
static int show_source(struct berth *berth, struct source *source,
                       const struct pod_logs_wish *wish, int out)
{
    struct berth_err err = {0};

    if (!wish->previous && why_not_begun(source) && !wish->follow) {
        say_error("pod %s, container %s has not begun: %s", source->pod->name,
                  source->container, why_not_begun(source));
        return STATUS_FAILED;
    }
    if (!wish->previous && why_not_begun(source) &&
        wait_for_begin(berth, source, wish) < 0)
        return STATUS_FAILED;
    for (int tries = 0; tries < TRIES; tries++) {
        struct berth_steps *lead = NULL;
        int rc = pod_target_reach(berth, source->pod, &lead, &err);

        if (rc == 0) {
            rc = request(lead, 0, source, wish, out);
            berth_steps_close(lead);
        } else if (rc == -ESRCH) {
            rc = show_kept(berth, source, wish, out);
        }
        if (rc >= 0)
            return rc;
        (void)usleep(50000 * (1 + (useconds_t)tries));
    }
    say_error("pod %s: %s", source->pod->name, err.text);
    return STATUS_FAILED;
}

/* ----------------------------------------------------------------- several */

struct reader {
    pid_t pid;
    int fd; /* -1: its log has ended */
    char *prefix;
    struct strbuf part; /* of a line */
};

static void print_line(const char *line, size_t len, void *ctx)
{
    const struct reader *reader = ctx;
    bool is_whole = len > 0 && line[len - 1] == '\n';

    fputs(reader->prefix, stdout);
    (void)fwrite(line, 1, len, stdout);
    if (!is_whole)
        putchar('\n');
}

static int start_reader(const char *config, struct source *source,
                        const struct pod_logs_wish *wish, struct reader *reader)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return -errno;
    (void)fflush(stdout);
    reader->pid = fork();
    if (reader->pid == 0) {
        struct berth *berth;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(fds[0]);
        if (link_open(config, &berth) < 0)
            _exit(STATUS_FAILED);
        _exit(show_source(berth, source, wish, fds[1]));
    }
    (void)close(fds[1]);
    if (reader->pid < 0) {
        (void)close(fds[0]);
        return -EAGAIN;
    }
    reader->fd = fds[0];
    reader->prefix =
        wish->prefix ? xasprintf("[pod/%s/%s] ", source->pod->name, source->container)
                     : xstrdup("");
    return 0;
}

static int end_reader(struct reader *reader)
{
    int status;

    linebuf_end(&reader->part, print_line, reader);
    (void)fflush(stdout);
    (void)close(reader->fd);
    reader->fd = -1;
    while (waitpid(reader->pid, &status, 0) < 0 && errno == EINTR)
        ;
    free(reader->prefix);
    strbuf_fini(&reader->part);
    return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_FAILED;
}

/* Take what has come; true when there is no more. */
static bool read_some(struct reader *reader)
{
    char bytes[16384];
    ssize_t n = read(reader->fd, bytes, sizeof(bytes));

    if (n < 0 && errno == EINTR)
        return false;
    if (n <= 0)
        return true;
    linebuf_take(&reader->part, bytes, (size_t)n, print_line, reader);
    (void)fflush(stdout);
    return false;
}

/* Until all of them have ended; the worst exit status. */
static int read_all(struct reader *readers, size_t n)
{
    cleanup(freep) struct pollfd *fds = xcalloc(n, sizeof(*fds));
    int worst = STATUS_OK;

    for (size_t left = n; left > 0;) {
        for (size_t i = 0; i < n; i++)
            fds[i] = (struct pollfd){.fd = readers[i].fd, .events = POLLIN};
        if (poll(fds, n, -1) < 0)
            continue;
        for (size_t i = 0; i < n; i++) {
            int status;

            if (readers[i].fd < 0 || !fds[i].revents || !read_some(&readers[i]))
                continue;
            status = end_reader(&readers[i]);
            worst = status > worst ? status : worst;
            left--;
        }
    }
    return worst;
}

static int show_beside(const char *config, struct sources *sources,
                       const struct pod_logs_wish *wish)
{
    cleanup(freep) struct reader *readers = xcalloc(sources->n, sizeof(*readers));
    size_t n = 0;

    for (size_t i = 0; i < sources->n; i++) {
        int rc = start_reader(config, &sources->items[i], wish, &readers[n]);

        if (rc < 0)
            say_error("pod %s: %s", sources->items[i].pod->name, strerror(-rc));
        else
            n++;
    }
    return n == sources->n ? read_all(readers, n)
                           : (read_all(readers, n), STATUS_FAILED);
}

static int show_in_order(const char *config, struct sources *sources,
                         const struct pod_logs_wish *wish)
{
    int worst = STATUS_OK;

    for (size_t i = 0; i < sources->n; i++) {
        struct sources one = {.items = &sources->items[i], .n = 1};
        int status = show_beside(config, &one, wish);

        worst = status > worst ? status : worst;
    }
    return worst;
}

/* ----------------------------------------------------------------- all of it */

static int show(const char *config, struct berth *berth, struct sources *sources,
                const struct pod_logs_wish *wish)
{
    if (sources->n == 1 && !wish->prefix)
        return show_source(berth, &sources->items[0], wish, STDOUT_FILENO);
    return wish->follow ? show_beside(config, sources, wish)
                        : show_in_order(config, sources, wish);
}

static int show_pod(const char *config, struct berth *berth, const char *word,
                    const struct pod_logs_wish *wish)
{
    cleanup(pod_target_fini) struct pod_target target = {0};
    cleanup(sources_fini) struct sources sources = {0};

    if (pod_target_find(berth, word, &wish->scope, &target) < 0 ||
        add_pod(&sources, target.record, wish) < 0)
        return STATUS_FAILED;
    return show(config, berth, &sources, wish);
}

static int show_selected(const char *config, struct berth *berth,
                         const struct pod_logs_wish *wish)
{
    cleanup(reply_freep) Berth__ObjectList *list = NULL;
    cleanup(sources_fini) struct sources sources = {0};
    struct object_group group = {.kind = object_kind("pod", 3)};
    struct pod_logs_wish shorter = *wish;
    struct berth_err err;

    if (object_group_ask(berth, &group, &wish->scope, &list, &err) < 0) {
        say_error("%s", err.text);
        return STATUS_FAILED;
    }
    if (list->n_objects == 0) {
        say_info("nothing found");
        return STATUS_OK;
    }
    for (size_t i = 0; i < list->n_objects; i++)
        if (add_pod(&sources, list->objects[i], wish) < 0)
            return STATUS_FAILED;
    if (shorter.tail < 0 && !shorter.follow)
        shorter.tail = SELECTED_TAIL;
    return show(config, berth, &sources, &shorter);
}

int pod_logs_show(const char *config, const char *word,
                  const struct pod_logs_wish *wish)
{
    cleanup(link_closep) struct berth *berth = NULL;

    if (link_open(config, &berth) < 0)
        return STATUS_FAILED;
    return word ? show_pod(config, berth, word, wish)
                : show_selected(config, berth, wish);
}
