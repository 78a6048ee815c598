/* SPDX-License-Identifier: Apache-2.0
 *
 * stream_files.c - files of tasks and nodes that a step here reads and writes
 *
 * They are opened by us, as the job's user, on the node: what is written to /tmp is
 * there when the container has gone, as with a batch script's. Labelled lines are
 * written in libuv's pool, as a file system may hang.
 */
#include "shepherd/step.h"

#include "base/linebuf.h"
#include "base/mem.h"
#include "base/pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUEUE_HIGH (1u << 20) /* bytes that wait for a file before tasks do */

struct stream_file {
    struct step *step;
    char *path;
    int fd;
    struct strbuf queue, going; /* what waits, and what is being written */
    size_t gone;                /* of 'going' */
    uv_fs_t write;
    bool is_writing, has_failed;
    struct stream_file *next;
};

/* ------------------------------------------------------------------- names */

char *stream_files_name(const struct task *task, const char *pattern)
{
    const struct step *step = task->step;
    const Berth__FileNames *names = step->launch->spec->names;
    struct pattern_values values = {
        .job = step->sh->job,
        .step = step->launch->step_id,
        .task = task->rank,
        .node = step->launch->index,
        .restarts = step->sh->epoch - 1,
        .node_name = step->own->node,
        .user = step->sh->owner.name,
    };
    cleanup(freep) char *name = NULL;

    if (names) {
        values.has_array = names->has_array;
        values.array_job = names->array_job;
        values.array_task = names->array_task;
        values.job_name = names->job_name;
    }
    name = pattern_expand(pattern, &values);
    return name[0] == '/' ? take(name)
                          : xasprintf("%s/%s", step->launch->spec->cwd, name);
}

/* A named pipe that nobody has open on its other side must not hold us up. */
static int open_file(const Berth__StepSpec *spec, const char *path, int *ret_fd,
                     struct err *err)
{
    int how = spec->append ? O_APPEND : O_TRUNC;
    mode_t before = umask((mode_t)spec->umask);
    int fd =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | how, 0666);
    int code = errno;

    (void)umask(before);
    if (fd < 0)
        return err_sys(err, code, "cannot write %s", path);
    (void)fcntl(fd, F_SETFL, how & O_APPEND);
    *ret_fd = fd;
    return 0;
}

int stream_files_open(struct task *task, const char *pattern,
                      struct stream_file **ret_file, struct err *err)
{
    struct step *step = task->step;
    cleanup(freep) char *path = stream_files_name(task, pattern);
    struct stream_file *file;
    int fd = -1, rc;

    for (file = step->files; file; file = file->next)
        if (strcmp(file->path, path) == 0)
            break;
    *ret_file = file;
    if (file)
        return 0;
    rc = open_file(step->launch->spec, path, &fd, err);
    if (rc)
        return rc;
    file = xcalloc(1, sizeof(*file));
    file->step = step;
    file->path = take(path);
    file->fd = fd;
    file->next = step->files;
    *ret_file = step->files = file;
    return 0;
}

int stream_file_fd(const struct stream_file *file)
{
    return file->fd;
}

void stream_files_close(struct step *step)
{
    for (struct stream_file *file; (file = step->files);) {
        step->files = file->next;
        closep(&file->fd);
        free(file->path);
        free(file);
    }
}

/* ------------------------------------------------------------------- lines */

bool stream_file_is_full(const struct stream_file *file)
{
    return file->queue.len > QUEUE_HIGH;
}

static void fail(struct stream_file *file, int code)
{
    struct err err;

    (void)err_sys(&err, code, "cannot write %s", file->path);
    file->has_failed = true;
    strbuf_cut(&file->queue, 0);
    step_fail(file->step, &err);
}

static void on_written(uv_fs_t *req);

static void write_going(struct stream_file *file)
{
    uv_buf_t buf = uv_buf_init(file->going.s + file->gone,
                               (unsigned int)(file->going.len - file->gone));

    file->write.data = file;
    (void)uv_fs_write(file->step->sh->loop, &file->write, file->fd, &buf, 1, -1,
                      on_written);
}

static void flush(struct stream_file *file)
{
    struct strbuf empty = file->going;

    if (file->is_writing || file->queue.len == 0)
        return;
    file->going = file->queue;
    file->queue = empty;
    file->gone = 0;
    file->is_writing = true;
    file->step->n_streams++;
    write_going(file);
}

static void on_written(uv_fs_t *req)
{
    struct stream_file *file = req->data;
    struct step *step = file->step;
    ssize_t n = req->result;

    uv_fs_req_cleanup(req);
    if (n < 0 && !file->has_failed)
        fail(file, (int)-n);
    file->gone = n < 0 ? file->going.len : file->gone + (size_t)n;
    if (file->gone < file->going.len) {
        write_going(file);
        return;
    }
    strbuf_cut(&file->going, 0);
    file->is_writing = false;
    step->n_streams--;
    flush(file);
    streams_pause(step, step->is_paused);
    step_maybe_end(step);
}

static int label_width(const struct step *step)
{
    uint32_t n = 0;
    int width = 1;

    for (size_t i = 0; i < step->launch->n_nodes; i++)
        n += (uint32_t)step->launch->nodes[i]->n_ranks;
    for (n = n ? n - 1 : 0; n >= 10; n /= 10)
        width++;
    return width;
}

static void put_line(const char *line, size_t len, void *ctx)
{
    struct stream *stream = ctx;
    struct strbuf *queue = &stream->file->queue;

    strbuf_printf(queue, "%0*u: ", label_width(stream->task->step), stream->task->rank);
    strbuf_add(queue, line, len);
    if (line[len - 1] != '\n')
        strbuf_putc(queue, '\n');
}

void stream_file_take(struct stream *stream, const char *bytes, size_t len)
{
    if (stream->file->has_failed)
        return;
    if (len)
        linebuf_take(&stream->line, bytes, len, put_line, stream);
    else
        linebuf_end(&stream->line, put_line, stream);
    flush(stream->file);
}
