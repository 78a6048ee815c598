/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_logs.c - what containers of pods wrote, kept on their node for a while
 */
#include "node/pod_logs.h"

#include "base/mem.h"
#include "base/strv.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utlist.h>

#define WINDOW (1u << 20) /* bytes on the way to a client */
#define READERS_MAX 64
#define READERS_OF_USER_MAX 8

/* A client, and the program that reads for it. */
struct reader {
    struct node *node;
    struct channel *ch; /* NULL: gone */
    uv_process_t process;
    uv_pipe_t out[2]; /* its stdout and stderr */
    uint32_t window;
    int status;
    unsigned int open; /* handles */
    uid_t uid;         /* who asked */
    struct reader *prev, *next;
};

static struct reader *readers;

char *pod_logs_dir(const struct node *node, uint32_t job, uint32_t epoch)
{
    return xasprintf("%s/%u.%u", node->pod_logs_dir, job, epoch);
}

/* -------------------------------------------------------------------- streams */

static void send_data(struct reader *reader, uint32_t stream, const void *bytes,
                      size_t len)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecData data = BERTH__EXEC_DATA__INIT;

    if (!reader->ch)
        return;
    data.stream = stream;
    data.data.data = (uint8_t *)(uintptr_t)bytes;
    data.data.len = len;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_DATA;
    env.exec_data = &data;
    channel_send(reader->ch, &env);
}

static void tell_ended(struct reader *reader)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecEnded ended = BERTH__EXEC_ENDED__INIT;

    if (!reader->ch)
        return;
    ended.status = reader->status;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_ENDED;
    env.exec_ended = &ended;
    channel_send(reader->ch, &env);
    channel_close(reader->ch);
}

static void reader_maybe_free(struct reader *reader)
{
    if (reader->open || reader->ch)
        return;
    DL_DELETE(readers, reader);
    free(reader);
}

static void on_closed(uv_handle_t *handle)
{
    struct reader *reader = handle->data;

    if (--reader->open == 0)
        tell_ended(reader);
    reader_maybe_free(reader);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signo)
{
    struct reader *reader = process->data;

    reader->status = W_EXITCODE((int)status & 0xff, signo);
    uv_close((uv_handle_t *)process, on_closed);
}

static void offer_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    static char bytes[65536];
    const struct reader *reader = handle->data;
    size_t room = reader->window < sizeof(bytes) ? reader->window : sizeof(bytes);

    (void)wanted;
    *buf = uv_buf_init(bytes, (unsigned int)room);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

static void read_on(struct reader *reader)
{
    for (int i = 0; i < 2; i++) {
        uv_stream_t *stream = (uv_stream_t *)&reader->out[i];

        if (uv_is_closing((uv_handle_t *)stream))
            continue;
        if (reader->window)
            (void)uv_read_start(stream, offer_room, on_output);
        else
            (void)uv_read_stop(stream);
    }
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct reader *reader = stream->data;
    uint32_t number = stream == (uv_stream_t *)&reader->out[0] ? 1 : 2;

    if (n == 0)
        return;
    if (n < 0) {
        send_data(reader, number, NULL, 0);
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    reader->window -= (uint32_t)n;
    send_data(reader, number, buf->base, (size_t)n);
    if (!reader->window)
        read_on(reader);
}

/* --------------------------------------------------------------------- clients */

static void on_message(struct channel *ch, const Berth__Envelope *env, int adopted,
                       void *ctx)
{
    struct reader *reader = ctx;
    uint32_t taken =
        env->body_case == BERTH__ENVELOPE__BODY_EXEC_DATA ? env->exec_data->taken : 0;

    (void)adopted;
    if (taken > WINDOW - reader->window) {
        channel_abort(ch, "more was taken than was sent");
        return;
    }
    reader->window += taken;
    if (taken && reader->open)
        read_on(reader);
}

static void on_close(struct channel *ch, const struct err *why, void *ctx)
{
    struct reader *reader = ctx;

    (void)ch;
    (void)why;
    reader->ch = NULL;
    if (!uv_is_closing((uv_handle_t *)&reader->process))
        (void)uv_process_kill(&reader->process, SIGKILL);
    /* What it wrote is not wanted any more. */
    reader->window = WINDOW;
    if (reader->open)
        read_on(reader);
    reader_maybe_free(reader);
}

static const struct channel_callbacks callbacks = {
    .on_message = on_message,
    .on_close = on_close,
};

/* -------------------------------------------------------------------- starting */

/* The last start of the job here whose output is kept. */
static char *find_kept(const struct node *node, uint32_t job, struct stat *ret)
{
    DIR *dir = opendir(node->pod_logs_dir);
    const struct dirent *entry;
    unsigned int best = 0;
    char *path;

    while (dir && (entry = readdir(dir))) {
        unsigned int number, epoch;

        if (sscanf(entry->d_name, "%u.%u", &number, &epoch) == 2 && number == job &&
            epoch > best)
            best = epoch;
    }
    if (dir)
        (void)closedir(dir);
    path = xasprintf("%s/%u.%u/user", node->pod_logs_dir, job, best);
    if (best && lstat(path, ret) == 0 && S_ISDIR(ret->st_mode))
        return path;
    free(path);
    return NULL;
}

static char **reader_argv(const Berth__LogRequest *request, const char *dir)
{
    const char *tools = getenv("BERTH_TOOLS_DIR");
    char **argv = NULL;

    strv_take(&argv, xasprintf("%s/berth", tools ? tools : BERTH_LIBEXECDIR "/bin"));
    strv_add(&argv, ".podlog");
    strv_add(&argv, dir);
    strv_add(&argv, request->container);
    strv_add(&argv, request->previous ? "1" : "0");
    strv_take(&argv, xasprintf("%" PRId64, request->tail));
    strv_take(&argv, xasprintf("%" PRId64, request->since));
    strv_take(&argv, xasprintf("%" PRIu64, request->limit_bytes));
    strv_add(&argv, request->timestamps ? "t" : "");
    return argv;
}

static void answer_started(const struct node *node, struct channel *ch, uint64_t id)
{
    Berth__Envelope env = BERTH__ENVELOPE__INIT;
    Berth__ExecStarted started = BERTH__EXEC_STARTED__INIT;

    started.node = node->self->name;
    env.id = id;
    env.reply = true;
    env.body_case = BERTH__ENVELOPE__BODY_EXEC_STARTED;
    env.exec_started = &started;
    channel_send(ch, &env);
}

static int spawn(struct reader *reader, char **argv, const struct stat *owner,
                 struct err *err)
{
    char *env[] = {NULL};
    uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}};
    uv_process_options_t options = {.file = argv[0],
                                    .args = argv,
                                    .env = env,
                                    .cwd = "/",
                                    .stdio = stdio,
                                    .stdio_count = ARRAY_SIZE(stdio),
                                    .exit_cb = on_exit_of,
                                    .uid = owner->st_uid,
                                    .gid = owner->st_gid};
    int rc;

    if (geteuid() == 0)
        options.flags = UV_PROCESS_SETUID | UV_PROCESS_SETGID;
    for (int i = 0; i < 2; i++) {
        (void)uv_pipe_init(reader->node->loop, &reader->out[i], 0);
        reader->out[i].data = reader;
        stdio[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[i + 1].data.stream = (uv_stream_t *)&reader->out[i];
    }
    reader->process.data = reader;
    reader->open = 3;
    rc = uv_spawn(reader->node->loop, &reader->process, &options);
    if (rc) {
        uv_close((uv_handle_t *)&reader->process, on_closed);
        for (int i = 0; i < 2; i++)
            uv_close((uv_handle_t *)&reader->out[i], on_closed);
        return err_set(err, -rc, "%s: %s", argv[0], uv_strerror(rc));
    }
    return 0;
}

static int may_read(const struct channel *ch, const struct stat *owner, uint32_t job,
                    struct err *err)
{
    uid_t uid = channel_peer(ch)->uid;
    unsigned int n = 0, own = 0;
    const struct reader *reader;

    DL_FOREACH(readers, reader)
    {
        n++;
        own += reader->uid == uid;
    }
    if (uid != 0 && uid != owner->st_uid)
        return err_set(err, EPERM, "job %u is another user's", job);
    if (uid != 0 && own >= READERS_OF_USER_MAX)
        return err_set(err, EAGAIN, "you read %u logs here already", own);
    if (n >= READERS_MAX)
        return err_set(err, EAGAIN, "too many others read logs here");
    return 0;
}

void pod_logs_request(struct node *node, struct channel *ch, const Berth__Envelope *env)
{
    uint32_t job = env->log->job_id;
    struct stat owner;
    cleanup(freep) char *dir = find_kept(node, job, &owner);
    cleanup(strv_freep) char **argv = NULL;
    struct reader *reader;
    struct err err;

    if (!dir) {
        channel_reply_status(ch, env, ENOENT,
                             "what this pod wrote is not kept here (any more)");
        return;
    }
    if (may_read(ch, &owner, job, &err)) {
        channel_reply_status(ch, env, err.code, err.text);
        return;
    }
    reader = xcalloc(1, sizeof(*reader));
    reader->node = node;
    reader->window = WINDOW;
    reader->uid = channel_peer(ch)->uid;
    DL_APPEND(readers, reader);
    argv = reader_argv(env->log, dir);
    if (spawn(reader, argv, &owner, &err)) {
        channel_reply_status(ch, env, err.code, err.text);
        return;
    }
    reader->ch = ch;
    channel_hand_over(ch, &callbacks, reader);
    answer_started(node, ch, env->id);
    read_on(reader);
}
