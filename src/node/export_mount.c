/* SPDX-License-Identifier: Apache-2.0
 *
 * export_mount.c - mount a directory of an NFS server, and unmount it
 */
#include "node/export_mount.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strv.h"

#define LIMIT_MS 60000
#define STUCK_MS 5000
#define WORDS_MAX 300
#define MOUNTINFO_MAX (16u << 20)

struct mounting {
    export_done_fn *fn;
    void *ctx;
    char *source;
    uv_process_t process;
    uv_pipe_t out;
    uv_timer_t timer;
    unsigned int open; /* handles */
    bool has_process;  /* among them */
    char words[WORDS_MAX + 1];
    size_t n_words;
    bool is_late;
    int64_t status;
    int signo;
};

/* ---------------------------------------------------------------------- mounting */

static int judge(struct mounting *m, struct err *err)
{
    m->words[m->n_words] = '\0';
    m->words[strcspn(m->words, "\n")] = '\0';
    if (m->is_late)
        return err_set(err, ETIMEDOUT, "mount %s: no answer in a minute", m->source);
    if (m->status || m->signo)
        return err_set(err, EIO, "mount %s: %s", m->source,
                       m->words[0] ? m->words : "the program has failed");
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct mounting *m = handle->data;
    struct err err;

    if (--m->open)
        return;
    m->fn(m->ctx, judge(m, &err) ? &err : NULL);
    free(m->source);
    free(m);
}

static void close_one(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void close_all(struct mounting *m)
{
    if (m->has_process)
        close_one((uv_handle_t *)&m->process);
    close_one((uv_handle_t *)&m->timer);
    close_one((uv_handle_t *)&m->out);
}

static void take_words(struct mounting *m)
{
    uv_os_fd_t fd;
    ssize_t n;

    while (m->n_words < WORDS_MAX && uv_fileno((uv_handle_t *)&m->out, &fd) == 0 &&
           (n = read(fd, m->words + m->n_words, WORDS_MAX - m->n_words)) > 0)
        m->n_words += (size_t)n;
}

static void on_exit_of(uv_process_t *process, int64_t status, int signo)
{
    struct mounting *m = process->data;

    m->status = status;
    m->signo = signo;
    /* The pipe, too: a helper that stays (rpc.statd) keeps it open. What mount has said
     * is in it by now. */
    take_words(m);
    close_all(m);
}

/* Who is stuck in the kernel does not die of it: it is not waited for any longer. */
static void on_late(uv_timer_t *timer)
{
    struct mounting *m = timer->data;

    if (m->is_late) {
        close_all(m);
        return;
    }
    m->is_late = true;
    (void)uv_process_kill(&m->process, SIGKILL);
    (void)uv_timer_start(timer, on_late, STUCK_MS, 0);
}

static void offer_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    static char rest[4096];
    struct mounting *m = handle->data;
    size_t room = WORDS_MAX - m->n_words;

    (void)wanted;
    *buf = room ? uv_buf_init(m->words + m->n_words, (unsigned int)room)
                : uv_buf_init(rest, sizeof(rest));
}

static void on_words(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct mounting *m = stream->data;

    if (n < 0)
        close_one((uv_handle_t *)stream);
    else if (buf->base == m->words + m->n_words)
        m->n_words += (size_t)n;
}

static char **helper_argv(const struct export_wish *wish)
{
    const char *program = getenv("BERTH_MOUNT");
    bool has_own = wish->options && *wish->options;
    char **argv = NULL;

    strv_add(&argv, program ? program : "/bin/mount");
    strv_add(&argv, "-t");
    strv_add(&argv, "nfs");
    strv_add(&argv, "-o");
    strv_take(&argv, xasprintf("nosuid,nodev,%s%s%s", wish->is_writable ? "rw" : "ro",
                               has_own ? "," : "", has_own ? wish->options : ""));
    strv_add(&argv, wish->source);
    strv_add(&argv, wish->dir);
    return argv;
}

static int spawn(struct mounting *m, const struct export_wish *wish, struct err *err)
{
    cleanup(strv_freep) char **argv = helper_argv(wish);
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *env[] = {path, NULL};
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}, {.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = argv[0],
                                    .args = argv,
                                    .env = env,
                                    .cwd = "/",
                                    .stdio = stdio,
                                    .stdio_count = ARRAY_SIZE(stdio),
                                    .exit_cb = on_exit_of};
    int rc = io_mkdir_p(wish->dir, 0711, err);

    if (rc)
        return rc;
    stdio[2].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
    stdio[2].data.stream = (uv_stream_t *)&m->out;
    m->process.data = m;
    m->has_process = true;
    m->open++;
    rc = uv_spawn(m->timer.loop, &m->process, &options);
    return rc ? err_set(err, -rc, "%s: %s", argv[0], uv_strerror(rc)) : 0;
}

void export_mount(uv_loop_t *loop, const struct export_wish *wish, export_done_fn *fn,
                  void *ctx)
{
    struct mounting *m = xcalloc(1, sizeof(*m));
    struct err err;

    m->fn = fn;
    m->ctx = ctx;
    m->source = xstrdup(wish->source);
    m->open = 2;
    (void)uv_pipe_init(loop, &m->out, 0);
    (void)uv_timer_init(loop, &m->timer);
    m->out.data = m->timer.data = m;
    if (spawn(m, wish, &err)) {
        m->status = 1;
        m->n_words =
            (size_t)snprintf(m->words, sizeof(m->words), "%.*s", WORDS_MAX, err.text);
        close_all(m);
        return;
    }
    (void)uv_read_start((uv_stream_t *)&m->out, offer_room, on_words);
    (void)uv_timer_start(&m->timer, on_late, LIMIT_MS, 0);
}

/* -------------------------------------------------------------------- unmounting */

struct unmounting {
    uv_work_t work;
    export_done_fn *fn;
    void *ctx;
    char *dir;
    int code;
};

static void unmount_work(uv_work_t *work)
{
    struct unmounting *u = work->data;

    /* A helper of a berthd that was killed may have mounted a second time. */
    while (umount2(u->dir, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
        ;
    u->code = errno == EINVAL || errno == ENOENT ? 0 : errno;
    if (!u->code)
        (void)rmdir(u->dir);
}

static void unmount_done(uv_work_t *work, int status)
{
    struct unmounting *u = work->data;
    struct err err;

    (void)status;
    if (u->code)
        (void)err_sys(&err, u->code, "unmount");
    u->fn(u->ctx, u->code ? &err : NULL);
    free(u->dir);
    free(u);
}

void export_unmount(uv_loop_t *loop, const char *dir, export_done_fn *fn, void *ctx)
{
    struct unmounting *u = xcalloc(1, sizeof(*u));

    u->work.data = u;
    u->fn = fn;
    u->ctx = ctx;
    u->dir = xstrdup(dir);
    (void)uv_queue_work(loop, &u->work, unmount_work, unmount_done);
}

/* The fifth word of a line is where; blanks in it are octal. */
static bool is_line_of(const char *line, const char *dir)
{
    for (int word = 0; word < 4 && line; word++)
        line = (line = strchr(line, ' ')) ? line + 1 : NULL;
    while (line && *dir && *line) {
        unsigned int code = (unsigned char)*line;
        int n = 1;

        if (*line == '\\' && sscanf(line + 1, "%3o", &code) == 1)
            n = 4;
        if ((unsigned char)*dir != code)
            return false;
        dir++;
        line += n;
    }
    return line && !*dir && *line == ' ';
}

bool export_is_mounted(const char *dir)
{
    cleanup(freep) char *text = NULL;
    char *rest, *line;

    if (io_read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, NULL))
        return false;
    rest = text;
    while ((line = strsep(&rest, "\n")))
        if (is_line_of(line, dir))
            return true;
    return false;
}
