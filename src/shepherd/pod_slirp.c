/* SPDX-License-Identifier: Apache-2.0
 *
 * pod_slirp.c - user-mode networking: slirp4netns beside a pod's sandbox
 *
 * It holds the far end of a pipe, its leash, and ends when ours is closed: by
 * pod_slirp_stop, or because we are gone, by whatever end.
 */
#include "shepherd/pod_slirp.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Its descriptors, beyond the standard streams. */
enum { CHILD_NET = 3, CHILD_USER, CHILD_EXIT, CHILD_READY, CHILD_FDS };

struct pod_slirp {
    uv_process_t process;
    uv_pipe_t ready;
    void (*fn)(void *ctx, bool works);
    void *ctx;
    int leash;
    bool has_ready;
    unsigned int handles; /* that are not closed yet */
};

static const char *find_program(void)
{
    static const char *const places[] = {
        "/usr/bin/slirp4netns", "/usr/local/bin/slirp4netns", "/bin/slirp4netns"};

    for (size_t i = 0; i < ARRAY_SIZE(places); i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

/* Freed when it is stopped and nothing of it is left in the loop. */
static void on_closed(uv_handle_t *handle)
{
    struct pod_slirp *slirp = handle->data;

    if (--slirp->handles == 0 && slirp->leash < 0)
        free(slirp);
}

static void on_exit_of(uv_process_t *process, int64_t code, int signo)
{
    (void)code;
    (void)signo;
    uv_close((uv_handle_t *)process, on_closed);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
    static char byte;

    (void)handle;
    (void)wanted;
    *buf = uv_buf_init(&byte, 1);
}

static void close_ready(struct pod_slirp *slirp)
{
    if (slirp->has_ready)
        uv_close((uv_handle_t *)&slirp->ready, on_closed);
    slirp->has_ready = false;
}

/* A byte when it works; the end when it has gone instead. */
static void on_ready(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct pod_slirp *slirp = stream->data;

    (void)buf;
    if (n == 0)
        return;
    close_ready(slirp);
    slirp->fn(slirp->ctx, n > 0);
}

static uv_stdio_container_t inherit(int fd)
{
    return (uv_stdio_container_t){.flags = UV_INHERIT_FD, .data.fd = fd};
}

static int spawn(struct pod_slirp *slirp, uv_loop_t *loop, const char *program,
                 const int fds[CHILD_FDS])
{
    char *argv[] = {
        (char[]){"slirp4netns"},
        (char[]){"--configure"},
        (char[]){"--disable-host-loopback"},
        (char[]){"--netns-type=path"},
        (char[]){"--userns-path=/proc/self/fd/4"},
        (char[]){"--exit-fd=5"},
        (char[]){"--ready-fd=6"},
        (char[]){"/proc/self/fd/3"},
        (char[]){"tap0"},
        NULL,
    };
    uv_stdio_container_t stdio[CHILD_FDS] = {{.flags = UV_IGNORE}};
    uv_process_options_t options = {.exit_cb = on_exit_of,
                                    .file = program,
                                    .args = argv,
                                    .stdio = stdio,
                                    .stdio_count = CHILD_FDS};

    for (int i = CHILD_NET; i < CHILD_FDS; i++)
        stdio[i] = inherit(fds[i]);
    slirp->process.data = slirp;
    return uv_spawn(loop, &slirp->process, &options);
}

/* Our ends of both pipes, and the child's among 'fds'. */
static int make_pipes(struct pod_slirp *slirp, uv_loop_t *loop, int fds[CHILD_FDS])
{
    int leash[2], ready[2];

    if (pipe2(leash, O_CLOEXEC))
        return -errno;
    fds[CHILD_EXIT] = leash[0];
    slirp->leash = leash[1];
    if (pipe2(ready, O_CLOEXEC))
        return -errno;
    fds[CHILD_READY] = ready[1];
    (void)uv_pipe_init(loop, &slirp->ready, 0);
    slirp->ready.data = slirp;
    slirp->has_ready = true;
    slirp->handles++;
    return uv_pipe_open(&slirp->ready, ready[0]);
}

static int begin(struct pod_slirp *slirp, uv_loop_t *loop, const char *program,
                 int fds[CHILD_FDS])
{
    int rc = make_pipes(slirp, loop, fds);

    if (!rc) {
        slirp->handles++; /* one that was not started has to be closed, too */
        rc = spawn(slirp, loop, program, fds);
        if (rc)
            uv_close((uv_handle_t *)&slirp->process, on_closed);
    }
    closep(&fds[CHILD_EXIT]);
    closep(&fds[CHILD_READY]);
    return rc ? rc : uv_read_start((uv_stream_t *)&slirp->ready, give_room, on_ready);
}

struct pod_slirp *pod_slirp_start(uv_loop_t *loop, int user_ns, int net_ns,
                                  void (*fn)(void *ctx, bool works), void *ctx,
                                  struct err *err)
{
    int fds[CHILD_FDS] = {-1, -1, -1, net_ns, user_ns, -1, -1};
    const char *program = find_program();
    struct pod_slirp *slirp;
    int rc;

    if (!program) {
        (void)err_set(err, ENOENT, "slirp4netns is not installed");
        return NULL;
    }
    slirp = xcalloc(1, sizeof(*slirp));
    slirp->fn = fn;
    slirp->ctx = ctx;
    slirp->leash = -1;
    rc = begin(slirp, loop, program, fds);
    if (!rc)
        return slirp;
    (void)err_sys(err, -rc, "start %s", program);
    pod_slirp_stop(slirp);
    return NULL;
}

void pod_slirp_stop(struct pod_slirp *slirp)
{
    if (!slirp)
        return;
    if (slirp->leash >= 0)
        (void)close(slirp->leash);
    slirp->leash = -1;
    close_ready(slirp);
    if (slirp->handles == 0)
        free(slirp);
}
