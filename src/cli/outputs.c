/* SPDX-License-Identifier: Apache-2.0
 *
 * outputs.c - where the output of a step's tasks goes
 */
#include "cli/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/linebuf.h"
#include "base/mem.h"
#include "base/pattern.h"
#include "base/strbuf.h"
#include "cli/sink.h"
#include "wire/stream_choice.h"

#define TASKS_MAX 1000000

/* One task's streams: where they go, and the line that is not whole yet. */
struct route {
    struct sink *to[2]; /* stdout, stderr; borrowed from 'sinks' */
    struct strbuf line[2];
};

struct outputs {
    bool has_labels;
    bool by_lines; /* whole ones are handed on, so that tasks never mix in one */
    int label_width;
    struct route *routes;
    uint32_t n_routes;
    struct sink **sinks;
    size_t n_sinks;
};

static struct sink *add_sink(struct outputs *outputs, char *name, int fd)
{
    struct sink *sink = sink_create(name, fd);

    outputs->sinks =
        xrealloc(outputs->sinks, outputs->n_sinks + 1, sizeof(*outputs->sinks));
    outputs->sinks[outputs->n_sinks++] = sink;
    return sink;
}

static bool is_same_file(int a, int b)
{
    struct stat sa, sb;

    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
           sa.st_ino == sb.st_ino;
}

static struct sink *sink_of_fd(struct outputs *outputs, int fd)
{
    for (size_t i = 0; i < outputs->n_sinks; i++)
        if (!outputs->sinks[i]->name && outputs->sinks[i]->fd == fd)
            return outputs->sinks[i];
    /* With 2>&1 one queue keeps both streams in the order they came. */
    if (fd == STDERR_FILENO && is_same_file(STDOUT_FILENO, STDERR_FILENO))
        return sink_of_fd(outputs, STDOUT_FILENO);
    return add_sink(outputs, NULL, fd);
}

static int sink_of_file(struct outputs *outputs, const char *name, bool append,
                        struct sink **ret_sink, struct err *err)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), fd;

    /* The last one first: a pattern without %t names the same file each time. */
    for (size_t i = outputs->n_sinks; i > 0; i--) {
        struct sink *sink = outputs->sinks[i - 1];

        if (sink->name && strcmp(sink->name, name) == 0) {
            *ret_sink = sink;
            return 0;
        }
    }
    fd = open(name, flags, 0666);
    if (fd < 0)
        return err_sys(err, errno, "cannot write %s", name);
    *ret_sink = add_sink(outputs, xstrdup(name), fd);
    return 0;
}

static char *file_name(const struct outputs_options *o, const char *pattern)
{
    struct pattern_values values = {
        .job = o->job,
        .has_array = o->array_job != 0,
        .array_job = o->array_job,
        .array_task = o->array_task,
        .step = o->step,
        .restarts = o->restarts,
        .user = o->user,
        .job_name = o->job_name,
    };

    return pattern_expand(pattern, &values);
}

/* Where one stream of 'rank' goes, by the option's text. */
static int choose(struct outputs *outputs, const struct outputs_options *o,
                  const char *text, int fd, uint32_t rank, struct sink **ret_sink,
                  struct err *err)
{
    cleanup(freep) char *name = NULL;
    uint32_t one = rank;

    switch (stream_choose(text, &one)) {
    case STREAM_ALL:
    case STREAM_ONE:
        *ret_sink = sink_of_fd(outputs, one == rank ? fd : -1);
        return 0;
    case STREAM_NONE:
    case STREAM_FILES: /* the nodes' */
        *ret_sink = sink_of_fd(outputs, -1);
        return 0;
    case STREAM_FILE:
        break;
    }
    name = file_name(o, text);
    return sink_of_file(outputs, name, o->append, ret_sink, err);
}

/* Errors go with the output, to their own descriptor when that is none of ours. */
static int make_route(struct outputs *outputs, const struct outputs_options *o,
                      uint32_t rank, struct err *err)
{
    struct route *route = &outputs->routes[rank];
    const char *error = o->error[0] ? o->error : o->output;
    int rc = choose(outputs, o, o->output, STDOUT_FILENO, rank, &route->to[0], err);

    return rc < 0 ? rc
                  : choose(outputs, o, error, STDERR_FILENO, rank, &route->to[1], err);
}

static int check_task(const char *option, const char *text, uint32_t tasks,
                      struct err *err)
{
    uint32_t one;

    if (stream_choose(text, &one) != STREAM_ONE || one < tasks)
        return 0;
    return err_set(err, EINVAL, "--%s=%s: the last task of the step is %u", option,
                   text, tasks - 1);
}

static int check(const struct outputs_options *o, struct err *err)
{
    int rc;

    if (o->tasks == 0 || o->tasks > TASKS_MAX)
        return err_set(err, EPROTO, "a step of %u tasks", o->tasks);
    rc = check_task("output", o->output, o->tasks, err);
    return rc ? rc : check_task("error", o->error, o->tasks, err);
}

int outputs_create(const struct outputs_options *options, struct outputs **ret_outputs,
                   struct err *err)
{
    struct outputs *outputs;
    int rc = check(options, err);

    if (rc < 0)
        return rc;
    outputs = xcalloc(1, sizeof(*outputs));
    outputs->has_labels = options->has_labels;
    outputs->by_lines =
        options->has_labels || (!options->unbuffered && options->tasks > 1);
    outputs->label_width = snprintf(NULL, 0, "%u", options->tasks - 1);
    outputs->n_routes = options->tasks;
    outputs->routes = xcalloc(options->tasks, sizeof(*outputs->routes));
    for (uint32_t rank = 0; rank < options->tasks; rank++) {
        rc = make_route(outputs, options, rank, err);
        if (rc < 0) {
            outputs_destroy(outputs);
            return rc;
        }
    }
    *ret_outputs = outputs;
    return 0;
}

void outputs_destroy(struct outputs *outputs)
{
    if (!outputs)
        return;
    for (uint32_t i = 0; i < outputs->n_routes; i++) {
        strbuf_fini(&outputs->routes[i].line[0]);
        strbuf_fini(&outputs->routes[i].line[1]);
    }
    for (size_t i = 0; i < outputs->n_sinks; i++)
        sink_destroy(outputs->sinks[i]);
    free(outputs->routes);
    free(outputs->sinks);
    free(outputs);
}

struct labelled {
    const struct outputs *outputs;
    uint32_t rank;
    struct sink *sink;
};

/* "07: " and the line, which ends in a newline afterwards in any case. */
static void put_labelled(const char *line, size_t len, void *ctx)
{
    const struct labelled *to = ctx;
    char label[32];
    int n =
        snprintf(label, sizeof(label), "%0*u: ", to->outputs->label_width, to->rank);

    sink_take(to->sink, label, (size_t)n);
    sink_take(to->sink, line, len);
    if (line[len - 1] != '\n')
        sink_take(to->sink, "\n", 1);
}

static void put_plain(const char *line, size_t len, void *ctx)
{
    const struct labelled *to = ctx;

    sink_take(to->sink, line, len);
}

void outputs_take(struct outputs *outputs, uint32_t rank, uint32_t stream,
                  const void *bytes, size_t len)
{
    linebuf_fn *put = outputs->has_labels ? put_labelled : put_plain;
    struct labelled to = {.outputs = outputs, .rank = rank};
    unsigned int i = stream - 1;
    struct strbuf *line;

    if (rank >= outputs->n_routes || i > 1)
        return;
    line = &outputs->routes[rank].line[i];
    to.sink = outputs->routes[rank].to[i];
    if (!outputs->by_lines)
        sink_take(to.sink, bytes, len);
    else if (len)
        linebuf_take(line, bytes, len, put, &to);
    else
        linebuf_end(line, put, &to);
}

bool outputs_is_full(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->n_sinks; i++)
        if (sink_queued(outputs->sinks[i]) > SINK_FULL)
            return true;
    return false;
}

bool outputs_is_empty(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->n_sinks; i++)
        if (sink_queued(outputs->sinks[i]) > 0)
            return false;
    return true;
}

size_t outputs_poll(const struct outputs *outputs, struct pollfd *fds, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < outputs->n_sinks && n < max; i++)
        if (sink_queued(outputs->sinks[i]) > 0)
            fds[n++] = (struct pollfd){.fd = outputs->sinks[i]->fd, .events = POLLOUT};
    return n;
}

void outputs_flush(struct outputs *outputs, const struct pollfd *fds, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (fds[i].revents == 0)
            continue;
        for (size_t j = 0; j < outputs->n_sinks; j++)
            if (outputs->sinks[j]->fd == fds[i].fd)
                sink_flush(outputs->sinks[j]);
    }
}

int outputs_failure(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->n_sinks; i++)
        if (outputs->sinks[i]->failure)
            return outputs->sinks[i]->failure;
    return 0;
}
