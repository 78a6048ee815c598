/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_log.c - what a run of a container writes, on its way to its files
 *
 * A file system that is slow holds up the containers that write, and the lead; so the
 * files are on a disk of the node's.
 */
#include "shepherd/pod_log.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "shepherd/pod_log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536
#define CHUNKS_A_TURN 4 /* then others have theirs */
#define CHUNKS_AT_END 64

struct source {
    struct pod_log *log;
    unsigned int stream;
    int fd; /* -1: not there, or ended */
    uv_poll_t poll;
};

/* Where a copy goes. */
struct copy {
    unsigned int stream;
    int fd;
    size_t missed; /* bytes since the last that fitted */
    struct copy *next;
};

struct pod_log {
    struct pod_lead *pl;
    struct pod_log_file *file;
    struct source sources[2];
    struct copy *copies;
    unsigned int open; /* polls that are not closed */
    bool is_closing;
};

char *pod_log_path(const struct pod_lead *pl, const char *container,
                   unsigned int attempt)
{
    return xasprintf("%s/%s.%u.log", pl->log_dir, container, attempt);
}

int pod_log_name_first(const struct pod_lead *pl, struct err *err)
{
    cleanup(freep) char *path = xasprintf("%s/first", pl->log_dir);
    const char *name = pl->spec->spec->containers.items[0].name;

    return io_write_file_atomic(path, name, strlen(name), 0600, err);
}

static void remove_run(const struct pod_lead *pl, const char *container,
                       unsigned int attempt)
{
    cleanup(freep) char *path = pod_log_path(pl, container, attempt);
    cleanup(freep) char *old = xasprintf("%s.old", path);

    (void)unlink(path);
    (void)unlink(old);
}

int pod_log_create(struct pod_member *member, unsigned int attempt,
                   struct pod_log **ret, struct err *err)
{
    struct pod_lead *pl = member->of;
    cleanup(freep) char *path = pod_log_path(pl, member->spec->name, attempt);
    struct pod_log_file *file;
    int rc = pod_log_file_create(path, 0, &file, err);

    if (rc)
        return rc;
    if (attempt >= 2)
        remove_run(pl, member->spec->name, attempt - 2);
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->pl = pl;
    (*ret)->file = file;
    for (int i = 0; i < 2; i++)
        (*ret)->sources[i].fd = -1;
    return 0;
}

static void log_free(struct pod_log *log)
{
    if (!log->is_closing || log->open)
        return;
    pod_log_file_close(log->file, clock_epoch_usec());
    free(log);
}

static void on_closed(uv_handle_t *handle)
{
    struct source *source = handle->data;

    source->log->open--;
    log_free(source->log);
}

static void source_close(struct source *source)
{
    if (source->fd < 0)
        return;
    uv_close((uv_handle_t *)&source->poll, on_closed);
    closep(&source->fd);
}

/* ------------------------------------------------------------------ copies */

static void copy_free(struct copy *copy)
{
    closep(&copy->fd);
    free(copy);
}

/* All of it or nothing, as far as a pipe can. */
static void copy_write(struct copy *copy, const void *bytes, size_t len)
{
    cleanup(freep) char *words = NULL;
    ssize_t n = 0;

    if (copy->missed) {
        words = xasprintf("\n[%zu bytes were not read in time]\n", copy->missed);
        n = write(copy->fd, words, strlen(words));
    }
    if (n >= 0) {
        copy->missed = 0;
        n = write(copy->fd, bytes, len);
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        closep(&copy->fd);
    else
        copy->missed += n < 0 ? len : len - (size_t)n;
}

static void copy_out(struct pod_log *log, unsigned int stream, const void *bytes,
                     size_t len)
{
    for (struct copy **slot = &log->copies; *slot;) {
        struct copy *copy = *slot;

        if (copy->stream == stream)
            copy_write(copy, bytes, len);
        if (copy->fd < 0) {
            *slot = copy->next;
            copy_free(copy);
        } else {
            slot = &copy->next;
        }
    }
}

/* A pipe says that its reader has left. */
static bool is_unread(const struct copy *copy)
{
    struct pollfd pipe = {.fd = copy->fd};

    return poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR);
}

/* A container that writes nothing does not find out. */
static void drop_unread(struct pod_log *log)
{
    for (struct copy **slot = &log->copies; *slot;) {
        struct copy *copy = *slot;

        if (is_unread(copy)) {
            *slot = copy->next;
            copy_free(copy);
        } else {
            slot = &copy->next;
        }
    }
}

void pod_log_copy_to(struct pod_log *log, unsigned int stream, int fd)
{
    struct copy *copy = xcalloc(1, sizeof(*copy));

    drop_unread(log);
    *copy = (struct copy){.stream = stream, .fd = fd, .next = log->copies};
    log->copies = copy;
}

static void drop_copies(struct pod_log *log)
{
    while (log->copies) {
        struct copy *copy = log->copies;

        log->copies = copy->next;
        copy_free(copy);
    }
}

/* ------------------------------------------------------------------ reading */

/* False when nothing more is there now. A terminal whose other side is closed says so
 * by EIO. */
static bool take_chunk(struct source *source)
{
    static char bytes[CHUNK];
    struct pod_log *log = source->log;
    struct err err;
    ssize_t n = read(source->fd, bytes, sizeof(bytes));

    if (n < 0 && errno == EINTR)
        return true;
    if (n < 0 && errno == EAGAIN)
        return false;
    if (n <= 0) {
        source_close(source);
        return false;
    }
    if (pod_log_file_write(log->file, source->stream, bytes, (size_t)n,
                           clock_epoch_usec(), &err))
        log_warn("job %u: output of a container is lost: %s", log->pl->sh->job,
                 err.text);
    copy_out(log, source->stream, bytes, (size_t)n);
    return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct source *source = poll->data;

    (void)status;
    (void)events;
    for (int i = 0; i < CHUNKS_A_TURN && source->fd >= 0; i++)
        if (!take_chunk(source))
            return;
}

void pod_log_read(struct pod_log *log, unsigned int stream, int fd)
{
    struct source *source = &log->sources[stream - 1];

    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    if (uv_poll_init(log->pl->sh->loop, &source->poll, fd) < 0) {
        (void)close(fd);
        return;
    }
    source->log = log;
    source->stream = stream;
    source->fd = fd;
    source->poll.data = source;
    log->open++;
    (void)uv_poll_start(&source->poll, UV_READABLE, on_readable);
}

void pod_log_close(struct pod_log *log)
{
    if (!log)
        return;
    for (int i = 0; i < 2; i++) {
        struct source *source = &log->sources[i];

        /* Somebody may have been given the other end, and go on. */
        for (int n = 0; n < CHUNKS_AT_END && source->fd >= 0 && take_chunk(source); n++)
            ;
        source_close(source);
    }
    drop_copies(log);
    log->is_closing = true;
    log_free(log);
}
