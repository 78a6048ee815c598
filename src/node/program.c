/* SPDX-License-Identifier: Apache-2.0
 *
 * program.c - run a program, and learn how it ended and what it said
 */
#include "node/program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct program {
    program_end_fn *fn;
    void *ctx;
    uv_process_t process;
    uv_pipe_t out;
    uv_timer_t timer;
    unsigned int open; /* handles */
    bool has_process;  /* among them */
    bool has_session;
    unsigned int stuck_ms;
    char words[PROGRAM_WORDS_MAX + 1];
    size_t n_words;
    struct program_end end;
};

bool program_ended_well(const struct program_end *end)
{
    return !end->is_late && !end->signo && !end->status;
}

/* ---------------------------------------------------------------------- the end */

static void on_closed(uv_handle_t *handle)
{
    struct program *p = handle->data;

    if (--p->open)
        return;
    p->words[p->n_words] = '\0';
    p->end.words = p->words;
    p->fn(p->ctx, &p->end);
    free(p);
}

static void close_one(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void close_all(struct program *p)
{
    if (p->has_process)
        close_one((uv_handle_t *)&p->process);
    close_one((uv_handle_t *)&p->timer);
    close_one((uv_handle_t *)&p->out);
}

static void take_words(struct program *p)
{
    uv_os_fd_t fd;
    ssize_t n;

    while (p->n_words < PROGRAM_WORDS_MAX &&
           uv_fileno((uv_handle_t *)&p->out, &fd) == 0 &&
           (n = read(fd, p->words + p->n_words, PROGRAM_WORDS_MAX - p->n_words)) > 0)
        p->n_words += (size_t)n;
}

static void kill_session(const struct program *p)
{
    if (p->has_session && p->process.pid > 0)
        (void)kill(-p->process.pid, SIGKILL);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signo)
{
    struct program *p = process->data;

    p->end.status = status;
    p->end.signo = signo;
    kill_session(p);
    /* The pipe, too: a child that stays (rpc.statd, of mount) keeps it open. What the
     * program has said is in it by now. */
    take_words(p);
    close_all(p);
}

static void on_late(uv_timer_t *timer)
{
    struct program *p = timer->data;

    if (p->end.is_late) {
        close_all(p);
        return;
    }
    p->end.is_late = true;
    kill_session(p);
    (void)uv_process_kill(&p->process, SIGKILL);
    if (p->stuck_ms)
        (void)uv_timer_start(timer, on_late, p->stuck_ms, 0);
}

/* ------------------------------------------------------------------ what it says */

static void offer_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    static char rest[4096];
    struct program *p = handle->data;
    size_t room = PROGRAM_WORDS_MAX - p->n_words;

    (void)wanted;
    *buf = room ? uv_buf_init(p->words + p->n_words, (unsigned int)room)
                : uv_buf_init(rest, sizeof(rest));
}

static void on_words(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct program *p = stream->data;

    if (n < 0)
        close_one((uv_handle_t *)stream);
    else if (buf->base == p->words + p->n_words)
        p->n_words += (size_t)n;
}

/* ---------------------------------------------------------------------- the start */

static int spawn(struct program *p, const struct program_wish *wish)
{
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = wish->argv[0],
                                    .args = wish->argv,
                                    .env = wish->env,
                                    .cwd = "/",
                                    .stdio = stdio,
                                    .stdio_count = ARRAY_SIZE(stdio),
                                    .exit_cb = on_exit_of,
                                    .uid = wish->uid,
                                    .gid = wish->gid};

    if (wish->has_user)
        options.flags |= UV_PROCESS_SETUID | UV_PROCESS_SETGID;
    if (wish->has_session)
        options.flags |= UV_PROCESS_DETACHED;
    stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[2].data.stream = (uv_stream_t *)&p->out;
    if (wish->shares_stderr) {
        stdio[2] = (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = 2};
        stdio[1] = stdio[2];
    }
    p->has_process = true;
    p->open++;
    return uv_spawn(p->timer.loop, &p->process, &options);
}

static struct program *create(uv_loop_t *loop, const struct program_wish *wish,
                              program_end_fn *fn, void *ctx)
{
    struct program *p = xcalloc(1, sizeof(*p));

    p->fn = fn;
    p->ctx = ctx;
    p->has_session = wish->has_session;
    p->stuck_ms = wish->stuck_ms;
    (void)uv_pipe_init(loop, &p->out, 0);
    (void)uv_timer_init(loop, &p->timer);
    p->open = 2;
    p->process.data = p->out.data = p->timer.data = p;
    return p;
}

static void fail(struct program *p, const char *words)
{
    p->end.status = 127;
    (void)snprintf(p->words, sizeof(p->words), "%s", words);
    p->n_words = strlen(p->words);
    close_all(p);
}

void program_run(uv_loop_t *loop, const struct program_wish *wish, program_end_fn *fn,
                 void *ctx)
{
    struct program *p = create(loop, wish, fn, ctx);
    int rc = wish->fault ? 0 : spawn(p, wish);

    if (wish->fault || rc) {
        cleanup(freep) char *words =
            rc ? xasprintf("%.300s: %s", wish->argv[0], uv_strerror(rc)) : NULL;

        fail(p, words ? words : wish->fault);
        return;
    }
    if (!wish->shares_stderr)
        (void)uv_read_start((uv_stream_t *)&p->out, offer_room, on_words);
    if (wish->limit_ms)
        (void)uv_timer_start(&p->timer, on_late, wish->limit_ms, 0);
}
