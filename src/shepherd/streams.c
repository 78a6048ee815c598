/* SPDX-License-Identifier: Apache-2.0
 *
 * streams.c - what the tasks of a step on this node write, and where it goes
 *
 *     pipe      --> the client, in the order it came, held up when the way is full
 *     pipe      --> lines with their rank --> a file of this node's
 *     terminal  --> the client; task 0's alone
 *     the file itself, or nothing: no byte passes through us
 */
#include "shepherd/step.h"

#include "base/mem.h"
#include "container/terminal.h"
#include "wire/stream_choice.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 65536

/* ----------------------------------------------------------------- reading */

void tasks_say(struct task *task, uint32_t stream, const void *data, size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__TaskOutput out = BERTH__TASK_OUTPUT__INIT;

    out.rank = task->rank;
    out.stream = stream;
    out.data.data = (uint8_t *)(uintptr_t)data;
    out.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_OUTPUT;
    env.output = &out;
    branch_up(task->step, &env);
}

static void give_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    static char buffer[READ_SIZE];

    (void)handle;
    (void)suggested;
    *buf = uv_buf_init(buffer, sizeof(buffer));
}

/* No bytes are its end. */
static void hand_on(struct stream *stream, const char *bytes, size_t len)
{
    struct task *task = stream->task;
    uint32_t number = stream == &task->streams[0] ? 1 : 2;

    if (task->step->wiring)
        wiring_output(task->step->wiring, task->rank, (int)number, bytes, len);
    if (stream->file) {
        stream_file_take(stream, bytes, len);
        return;
    }
    tasks_say(task, number, bytes, len);
    branch_pause_when_congested(task->step);
}

static void close_stream(struct stream *stream)
{
    struct step *step = stream->task->step;

    if (!stream->is_open)
        return;
    stream->is_open = false;
    hand_on(stream, NULL, 0);
    uv_close((uv_handle_t *)&stream->pipe, NULL);
    step->n_streams--;
}

/* A terminal whose other side is closed says so by an error. */
static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *buf)
{
    struct stream *stream = pipe->data;
    struct step *step = stream->task->step;

    if (n > 0)
        hand_on(stream, buf->base, (size_t)n);
    if (n > 0 && stream->file && stream_file_is_full(stream->file))
        (void)uv_read_stop(pipe);
    if (n >= 0)
        return;
    close_stream(stream);
    step_maybe_end(step);
}

static void read_stream(struct stream *stream)
{
    if (stream->is_open && !stream->task->step->is_paused &&
        !(stream->file && stream_file_is_full(stream->file)))
        (void)uv_read_start((uv_stream_t *)&stream->pipe, give_buffer, on_read);
}

void streams_pause(struct step *step, bool paused)
{
    step->is_paused = paused;
    if (step->bag)
        bag_node_pause(step->bag, paused);
    for (uint32_t t = 0; t < step->n_tasks; t++) {
        for (int i = 0; i < 2; i++) {
            struct stream *stream = &step->tasks[t].streams[i];

            if (stream->is_open && paused)
                (void)uv_read_stop((uv_stream_t *)&stream->pipe);
            else
                read_stream(stream);
        }
    }
}

/* -------------------------------------------------------------- a terminal */

bool streams_has_terminal(const struct task *task)
{
    return task->step->launch->spec->terminal && task->rank == 0;
}

/* It counts as an open stream until it is there, or will never be. */
static int open_terminal_sock(struct task *task, int fds[3], struct err *err)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_sys(err, errno, "socket pair for a terminal");
    task->terminal_sock = pair[0];
    task->step->n_streams++;
    fds[0] = pair[1];
    for (int i = 1; i < 3; i++) {
        fds[i] = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
        if (fds[i] < 0)
            return err_sys(err, errno, "socket pair for a terminal");
    }
    return 0;
}

void streams_started(struct task *task)
{
    struct stream *stream = &task->streams[0];
    int master;

    if (task->terminal_sock < 0 || terminal_receive(task->terminal_sock, &master))
        return;
    closep(&task->terminal_sock);
    (void)uv_pipe_init(task->step->sh->loop, &stream->pipe, 0);
    (void)uv_pipe_open(&stream->pipe, master);
    stream->pipe.data = stream;
    stream->is_open = true;
    read_stream(stream);
    input_continue(task->step);
}

void streams_ended(struct task *task)
{
    input_close(task);
    if (task->terminal_sock < 0)
        return;
    closep(&task->terminal_sock);
    task->step->n_streams--;
}

void streams_resize(struct step *step, const Berth__WindowSize *size)
{
    struct task *task = tasks_by_rank(step, 0);
    uv_os_fd_t fd;

    if (task && streams_has_terminal(task) && task->streams[0].is_open &&
        size->rows <= UINT16_MAX && size->columns <= UINT16_MAX &&
        uv_fileno((uv_handle_t *)&task->streams[0].pipe, &fd) == 0)
        terminal_resize(fd, size->rows, size->columns);
}

/* ----------------------------------------------------------------- opening */

int streams_open_pipe(struct step *step, uv_pipe_t *pipe, int ours, int *ret_theirs,
                      struct err *err)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC))
        return err_sys(err, errno, "pipe");
    (void)uv_pipe_init(step->sh->loop, pipe, 0);
    (void)uv_pipe_open(pipe, fds[ours]);
    *ret_theirs = fds[!ours];
    return 0;
}

static int open_nothing(int *ret_fd, struct err *err)
{
    *ret_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    return *ret_fd < 0 ? err_sys(err, errno, "/dev/null") : 0;
}

static int open_pipe(struct stream *stream, int *ret_fd, struct err *err)
{
    struct step *step = stream->task->step;
    int rc = streams_open_pipe(step, &stream->pipe, 0, ret_fd, err);

    if (rc)
        return rc;
    stream->pipe.data = stream;
    stream->is_open = true;
    step->n_streams++;
    read_stream(stream);
    return 0;
}

static int open_file(struct stream *stream, const char *pattern, const char *option,
                     int *ret_fd, struct err *err)
{
    struct stream_file *file;
    int rc = stream_files_open(stream->task, pattern, &file, err);

    if (rc)
        return err_wrap(err, "%s", option);
    if (stream->task->step->launch->spec->label) {
        stream->file = file;
        return open_pipe(stream, ret_fd, err);
    }
    *ret_fd = fcntl(stream_file_fd(file), F_DUPFD_CLOEXEC, 0);
    return *ret_fd < 0 ? err_sys(err, errno, "%s", option) : 0;
}

static int open_output(struct stream *stream, int *ret_fd, struct err *err)
{
    const struct task *task = stream->task;
    const Berth__StepSpec *spec = task->step->launch->spec;
    bool is_error = stream == &task->streams[1] && spec->error[0];
    const char *text = is_error ? spec->error : spec->output;
    uint32_t one = task->rank;

    if (spec->terminal)
        return open_nothing(ret_fd, err);
    switch (stream_choose(text, &one)) {
    case STREAM_NONE:
        return open_nothing(ret_fd, err);
    case STREAM_FILES:
        return open_file(stream, text, is_error ? "--error" : "--output", ret_fd, err);
    case STREAM_ALL:
    case STREAM_ONE:
    case STREAM_FILE: /* the client's own */
        break;
    }
    return one == task->rank ? open_pipe(stream, ret_fd, err)
                             : open_nothing(ret_fd, err);
}

int streams_open(struct task *task, int fds[3], struct err *err)
{
    int rc = 0;

    if (streams_has_terminal(task))
        return open_terminal_sock(task, fds, err);
    rc = input_open(task, &fds[0], err);
    for (int i = 0; i < 2 && !rc; i++)
        rc = open_output(&task->streams[i], &fds[1 + i], err);
    return rc;
}
