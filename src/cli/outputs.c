/* SPDX-License-Identifier: Apache-2.0
 *
 * outputs.c - where the output of a step's tasks goes
 */
#include "cli/outputs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/strbuf.h"
#include "cli/sink.h"

#define TASKS_MAX 1000000
#define LINE_MAX_BYTES (64u << 10) /* a longer line is labelled in pieces */

/* One task's streams: where they go, and the line that is not whole yet. */
struct route {
    struct sink *to[2]; /* stdout, stderr; borrowed from 'sinks' */
    struct strbuf line[2];
};

struct outputs {
    bool has_labels;
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

static bool is_rank(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static char *file_name(const struct outputs_options *o, const char *pattern,
                       uint32_t rank)
{
    struct pattern_values values = {
        .job = o->job,
        .step = o->step,
        .task = rank,
        .user = o->user,
        .job_name = o->job_name,
    };

    if (o->node_of)
        values.node_name = o->node_of(rank, &values.node, o->ctx);
    return pattern_expand(pattern, &values);
}

/* Where one stream of 'rank' goes, by the option's text. */
static int choose(struct outputs *outputs, const struct outputs_options *o,
                  const char *text, int fd, uint32_t rank, struct sink **ret_sink,
                  struct err *err)
{
    cleanup(freep) char *name = NULL;

    if (text[0] == '\0' || strcmp(text, "all") == 0 ||
        (is_rank(text) && strtoul(text, NULL, 10) == rank)) {
        *ret_sink = sink_of_fd(outputs, fd);
        return 0;
    }
    if (strcmp(text, "none") == 0 || is_rank(text)) {
        *ret_sink = sink_of_fd(outputs, -1);
        return 0;
    }
    name = file_name(o, text, rank);
    return sink_of_file(outputs, name, o->append, ret_sink, err);
}

static bool is_file(const char *text)
{
    return text[0] && strcmp(text, "all") != 0 && strcmp(text, "none") != 0 &&
           !is_rank(text);
}

static int make_route(struct outputs *outputs, const struct outputs_options *o,
                      uint32_t rank, struct err *err)
{
    struct route *route = &outputs->routes[rank];
    int rc = choose(outputs, o, o->output, STDOUT_FILENO, rank, &route->to[0], err);

    if (rc < 0)
        return rc;
    if (o->error[0] == '\0' && is_file(o->output))
        route->to[1] = route->to[0];
    else
        rc = choose(outputs, o, o->error, STDERR_FILENO, rank, &route->to[1], err);
    return rc;
}

int outputs_create(const struct outputs_options *options, struct outputs **ret_outputs,
                   struct err *err)
{
    struct outputs *outputs;

    if (options->tasks == 0 || options->tasks > TASKS_MAX)
        return err_set(err, EPROTO, "a step of %u tasks", options->tasks);
    outputs = xcalloc(1, sizeof(*outputs));
    outputs->has_labels = options->has_labels;
    outputs->label_width = snprintf(NULL, 0, "%u", options->tasks - 1);
    outputs->n_routes = options->tasks;
    outputs->routes = xcalloc(options->tasks, sizeof(*outputs->routes));
    for (uint32_t rank = 0; rank < options->tasks; rank++) {
        int rc = make_route(outputs, options, rank, err);

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

/* "07: " and the line, which ends in a newline afterwards in any case. */
static void put_line(struct outputs *outputs, uint32_t rank, struct sink *sink,
                     struct strbuf *line)
{
    char label[32];
    int n = snprintf(label, sizeof(label), "%0*u: ", outputs->label_width, rank);

    if (line->s[line->len - 1] != '\n')
        strbuf_putc(line, '\n');
    sink_take(sink, label, (size_t)n);
    sink_take(sink, line->s, line->len);
    strbuf_cut(line, 0);
}

static void take_labelled(struct outputs *outputs, uint32_t rank, struct sink *sink,
                          struct strbuf *line, const char *bytes, size_t len)
{
    if (len == 0 && line->len > 0)
        put_line(outputs, rank, sink, line);
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t n = newline ? (size_t)(newline - bytes) + 1 : len;

        strbuf_add(line, bytes, n);
        bytes += n;
        len -= n;
        if (newline || line->len > LINE_MAX_BYTES)
            put_line(outputs, rank, sink, line);
    }
}

void outputs_take(struct outputs *outputs, uint32_t rank, uint32_t stream,
                  const void *bytes, size_t len)
{
    struct route *route;
    unsigned int i = stream - 1;

    if (rank >= outputs->n_routes || i > 1)
        return;
    route = &outputs->routes[rank];
    if (outputs->has_labels)
        take_labelled(outputs, rank, route->to[i], &route->line[i], bytes, len);
    else
        sink_take(route->to[i], bytes, len);
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
